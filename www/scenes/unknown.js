// Scene 6: the shop executes the order and dies in the middle of its answer.
//
// Not before its first byte: Chrome then repeats the POST by itself on every idle connection that it
// has, which makes another story of it.

import { pause } from "../lane.js";

export const unknown = {
  id: "unknown",
  title: "The shop dies in the middle",
  story: "It charges the card, and breaks off in the middle of its answer. From outside nobody can know whether it did. The client tries again.",
  expectedOrders: 1,
  conclusion: (lane) => lane.guarded && "The guard says “unknown” instead of guessing, to the retry too. The ledger shows what happened.",
  async run(lane) {
    await lane.send({ name: "1st try", delay: 350, drop: "body" });
    await pause(450);
    await lane.send({ name: "2nd try", delay: 350, drop: "body" });
  },
};
