// The page: detects its environment, then shows the six scenes and the bench.

import { Bench } from "./bench.js";
import { element, find } from "./dom.js";
import { detectEnvironment } from "./environment.js";
import { rulesAvailable } from "./rules.js";
import { Scene } from "./scene.js";
import { changedCart } from "./scenes/changed-cart.js";
import { doubleClick } from "./scenes/double-click.js";
import { fiftyClicks } from "./scenes/fifty-clicks.js";
import { lostAnswer } from "./scenes/lost-answer.js";
import { offlineQueue } from "./scenes/offline-queue.js";
import { unknown } from "./scenes/unknown.js";

const SCENES = [doubleClick, lostAnswer, fiftyClicks, offlineQueue, changedCart, unknown];

const environment = await detectEnvironment();
find("environment").replaceChildren(...warningsFor(environment));
find("contents").replaceChildren(...SCENES.map(({ id, title }) => element("li", {}, element("a", { href: `#${id}` }, title))));
const scenes = SCENES.map((scene, at) => new Scene(scene, at + 1, environment, addressNotes(environment)));
find("scenes").replaceChildren(...scenes.map(({ node }) => node));
find("all").addEventListener("click", playAll);
new Bench(find("bench"));
document.documentElement.dataset.ready = "true";

async function playAll() {
  for (const scene of scenes) {
    scene.node.scrollIntoView();
    await scene.play();
  }
}

function addressNotes({ guard, direct }) {
  return {
    without: direct ? `Straight to the shop, ${new URL(direct).host}` : "Without a key: the guard passes it on as it is",
    with: guard ? `Through the guard, ${location.host}` : "No guard is in front of this address",
  };
}

function* warningsFor({ guard, direct }) {
  if (!guard) yield warning("This is the shop’s own address: no guard is in front of it, so both sides of a scene go the same way. Open the guard’s address, which npm start prints.");
  if (guard && !direct) yield warning("The shop’s own address cannot be reached from this browser, as it should be. The sides “without the guard” therefore send their requests without a key, which the guard passes on as they are.");
  if (!rulesAvailable) yield warning("The page’s copy of the guard’s rules (pkg/) did not load: keys come from the browser, and no fingerprints are shown. Run npm run build, then reload.");
}

function warning(text) {
  return element("p", { class: "warning" }, text);
}
