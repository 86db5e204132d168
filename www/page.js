// The page: its words stand in index.html; what moves is made here.
//
// 1. It waits for nothing but the environment, and for that not to be drawn.
// 2. Scene 1 runs by itself when it comes into view, once, unless less motion is wanted; where the
//    address asks for another part of the page, not before the page is there.

import { watchArrival } from "./arrival.js";
import { Bench } from "./bench.js";
import { serveCopyButtons } from "./copy.js";
import { element, find } from "./dom.js";
import { detectEnvironment } from "./environment.js";
import { removeLeftovers } from "./leftovers.js";
import { OrderButton } from "./order-button.js";
import { generateKey, rulesReady } from "./rules.js";
import { runAllWith } from "./run-all.js";
import { Scene } from "./scene.js";
import { changedCart } from "./scenes/changed-cart.js";
import { doubleClick } from "./scenes/double-click.js";
import { fiftyClicks } from "./scenes/fifty-clicks.js";
import { lostAnswer } from "./scenes/lost-answer.js";
import { offlineQueue } from "./scenes/offline-queue.js";
import { unknown } from "./scenes/unknown.js";
import { Scoreboard } from "./scoreboard.js";

const SCENES = [doubleClick, lostAnswer, fiftyClicks, offlineQueue, changedCart, unknown];
const ORDER = '{"item": "Coffee beans", "quantity": 2, "price_cents": 1250}';

const arrive = watchArrival();
serveCopyButtons();
removeLeftovers();
const environment = await detectEnvironment();
const scoreboard = new Scoreboard();
showAddresses(environment);
new OrderButton(environment, scoreboard);
const scenes = SCENES.map((scene, at) => new Scene(scene, at + 1, { environment, notes: addressNotes(environment), scoreboard }));
runAllWith(find("all"), scenes);
new Bench(find("bench-place"), environment, { url: new URL(`/orders?ledger=bench-${generateKey()}&delay=600`, location.href).href, body: ORDER, times: 3 });
const rulesLoaded = await rulesReady;
find("environment").replaceChildren(...warningsFor(environment, rulesLoaded));
await arrive();
playWhenSeen(scenes[0]);
document.documentElement.dataset.ready = "true";

function addressNotes({ guard, direct }) {
  return {
    without: direct ? `Straight to the shop, ${new URL(direct).host}` : "Without a key: the guard passes it on as it is",
    with: guard ? `Through the guard, ${location.host}` : "No guard is in front of this address",
  };
}

function showAddresses({ guard, direct }) {
  find("address-without").textContent = direct ? new URL(direct).host : "without a key";
  find("address-with").textContent = guard ? location.host : "no guard here";
}

function* warningsFor({ guard, direct }, rulesLoaded) {
  if (!guard) yield warning("This is the shop’s own address: no guard is in front of it, so both sides of a scene go the same way. Open the guard’s address, which was printed when it started.");
  if (guard && !direct) yield warning("The shop’s own address cannot be reached from this browser, as it should be. The sides “without the guard” therefore send their requests without a key, which the guard passes on as they are.");
  if (!rulesLoaded) yield warning("The page’s copy of the guard’s rules (pkg/) did not load: keys come from the browser, and no fingerprints are shown. Run npm run build, then reload.");
}

function warning(text) {
  return element("p", { class: "warning" }, text);
}

function playWhenSeen(scene) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const observer = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    observer.disconnect();
    if (!scene.lanes) scene.play();
  }, { threshold: 0.6 });
  observer.observe(scene.node.querySelector(".lanes"));
}
