// Scene 6: the shop executes the order and dies in the middle of its answer. It has two ends: an operator
// tells the guard what the ledger holds, or the guard asks the shop itself.
//
// Not before its first byte: Chrome then repeats the POST by itself on every idle connection that it
// has, which makes another story of it.

import { askGuard, hideGuardsSide, PATH, showGuardsSide } from "../guards-side.js";
import { pause } from "../lane.js";
import { hideOperatorsSide, showOperatorsSide } from "../operators-side.js";

/** The guard asks two seconds after the outcome became unknown (demo/settle.json); a loaded machine is late. */
const LEFT_ALONE = 4000;

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
  other: {
    button: "Run it left alone",
    path: PATH,
    conclusion: "The guard says “unknown” instead of guessing, and then asks the shop what became of the key. The shop’s own word ends the doubt, and the retry gets the order.",
    async run(lane) {
      await lane.send({ name: "1st try", delay: 350, drop: "body" });
      await pause(LEFT_ALONE);
      await askGuard(lane);
      await lane.send({ name: "2nd try", delay: 350, drop: "body" });
    },
    beforehand: hideGuardsSide,
    afterwards: showGuardsSide,
  },
};
