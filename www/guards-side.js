// Scene 6, its other end: nobody does anything, and the guard asks the shop what became of the order.
//
// 1. What the guard tells of the key is asked before anything is sent again: so no retry can have brought
//    it about. Asking changes nothing.
// 2. It says what the guard told, also where that is nothing, and what the policy has to say for it.

import { announce, element } from "./dom.js";
import { statusOf } from "./client/index.js";

export const PATH = "/orders-by-key";
const POLICY = `[[vars.POLICY.routes]]
path = "${PATH}"
# Asked with the secret SETTLE_AUTHORIZATION.
settle = { path = "${PATH}?idempotency_key={key}", found = "/data/0", absent_after = "5m", at = ["2s", "10s", "1m"] }`;

/** Notes on the lane what the guard tells of its key; of a lane without a guard, nothing. */
export async function askGuard(lane) {
  if (!lane.guarded) return;
  lane.told = await statusOf(lane.url(), lane.key).then(({ state }) => state, ({ message }) => message);
}

export function hideGuardsSide(scene) {
  place(scene).replaceChildren(element("p", { class: "hint" }, "Nobody does anything now. The guard is left alone with it for a while."));
}

export function showGuardsSide(scene, lane) {
  if (!lane.guarded) return;
  const text = sentence(lane);
  const rule = element("details", {}, element("summary", {}, "What its policy says"), element("pre", { class: "mono", tabindex: "0" }, POLICY));
  place(scene).replaceChildren(element("p", { class: lane.told === "settled" ? "hint" : "hint wrong", role: "status" }, text), rule);
  announce(text);
}

function sentence({ told, key }) {
  if (told === "settled") return `Nobody did anything. The guard asked the shop, with GET ${PATH}?idempotency_key=${key.slice(0, 8)}…, and was shown the order. Every retry gets it from now on.`;
  return `The guard was left alone and says “${told}”: its policy has no settle for ${PATH}, or it has no SETTLE_AUTHORIZATION.`;
}

function place(scene) {
  return scene.querySelector("[data-part=operator]");
}
