// Scene 6: the shop executes the order and dies in the middle of its answer.
//
// Not before its first byte: Chrome then repeats the POST by itself on every idle connection that it
// has, which makes another story of it.

import { pause } from "../lane.js";
import { hideOperatorsSide, showOperatorsSide } from "../operators-side.js";

export const unknown = {
  id: "unknown",
  expectedOrders: 1,
  attempts: 3,
  conclusion: "The guard says “unknown” instead of guessing, to the retry too. The ledger shows what happened: somebody who may look there can end the doubt.",
  async run(lane) {
    await lane.send({ name: "1st try", delay: 350, drop: "body" });
    await pause(450);
    await lane.send({ name: "2nd try", delay: 350, drop: "body" });
  },
  beforehand: hideOperatorsSide,
  afterwards: showOperatorsSide,
};
