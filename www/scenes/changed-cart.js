// Scene 5: the same key, and then another cart.
//
// The second send is the same cart, spelled in another order with other white space: that is the
// same request. The third has one more item: that is another one.

import { orderJson, pause } from "../lane.js";
import { identify } from "../rules.js";

const RESPELLED = `{
  "price_cents": 1250,
  "quantity": 2,
  "item": "Coffee beans"
}`;

export const changedCart = {
  id: "changed-cart",
  title: "Same key, changed cart",
  story: "A client reuses its key: for the same cart written differently, then for a cart with a third bag in it.",
  expectedOrders: 1,
  conclusion: (lane) => lane.guarded && "The same cart is recognised however it is written; the changed one is refused (422), never answered with the wrong receipt.",
  async run(lane) {
    for (const [name, body] of [["cart", orderJson({})], ["respelled", RESPELLED], ["3 bags", orderJson({ quantity: 3 })]]) {
      const order = { body, delay: 250 };
      const identity = await identify(lane.request(order), lane.key);
      const { id } = await lane.send({ name, ...order });
      if (lane.guarded) lane.recording.report({ id, fingerprint: identity?.fingerprint });
      await pause(150);
    }
  },
};
