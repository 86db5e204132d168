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
const CARTS = [["cart", orderJson({})], ["respelled", RESPELLED], ["3 bags", orderJson({ quantity: 3 })]];

export const changedCart = {
  id: "changed-cart",
  expectedOrders: 1,
  attempts: CARTS.length,
  fingerprints: CARTS.map(([name]) => name),
  conclusion: "The same cart is recognised however it is written; the changed one is refused (422), never answered with the wrong receipt.",
  async run(lane) {
    for (const [name, body] of CARTS) {
      const order = { body, delay: 250 };
      const identity = await identify(lane.request(order), lane.key);
      const { id } = await lane.send({ name, ...order });
      if (lane.guarded) lane.recording.report({ id, fingerprint: identity?.fingerprint });
      await pause(150);
    }
  },
};
