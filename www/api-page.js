// The page beside a guard in front of an API of your own (demo/page-at-guard.js): the bench alone.
// Nothing is sent to that API but what its visitor sends.

import { Bench } from "./bench.js";
import { serveCopyButtons } from "./copy.js";
import { find } from "./dom.js";

const guard = await fetch("/.onlyonce/health").then(({ ok }) => ok, () => false);
new Bench(find("bench-place"), { guard, clockOffset: 0 }, { url: `${location.origin}/`, body: "{}", times: 2 });
serveCopyButtons();
document.documentElement.dataset.ready = "true";
