// A scene on the page: its story, a button, and its two lanes, which run at the same time.
//
// 1. Each run starts afresh: new keys, new ledgers.
// 2. When a scene has run, its last request can be sent once more, on both lanes.
// 3. What came of it is said to screen readers in one sentence for each lane.

import { announce, element } from "./dom.js";
import { Panel } from "./panel.js";
import { Lane, pause } from "./lane.js";

const READ_EVERY = 300;
/** An order that nobody waited for is in the ledger by then. */
const SETTLES = 350;

export class Scene {
  #buttons;
  #panels;
  #environment;

  constructor(scene, number, environment, notes) {
    Object.assign(this, { scene });
    this.#environment = environment;
    this.#panels = [new Panel("Without the guard", notes.without, false), new Panel("With the guard", notes.with, environment.guard)];
    const run = element("button", { type: "button", class: "primary" }, `Run scene ${number}`);
    const again = element("button", { type: "button", hidden: true }, "Send once more");
    run.addEventListener("click", () => this.play());
    again.addEventListener("click", () => this.#act(() => this.#again()));
    this.#buttons = { run, again };
    this.node = this.#page(number);
  }

  #page(number) {
    const { id, title, story, link } = this.scene;
    return element("section", { class: "scene", id, "aria-labelledby": `${id}-title` },
      element("div", { class: "telling" },
        element("p", { class: "number", "aria-hidden": "true" }, String(number)),
        element("h3", { id: `${id}-title` }, title),
        element("p", { class: "story" }, story, link && " ", link && element("a", { href: link.href, target: "_blank" }, link.text)),
        element("div", { class: "buttons" }, this.#buttons.run, this.#buttons.again)),
      element("div", { class: "lanes" }, ...this.#panels.map(({ node }) => node)));
  }

  /** Runs it afresh; settles when both lanes have. */
  play() {
    return this.#act(() => this.#run());
  }

  // Not disabled: a button that is would lose a keyboard user's place.
  async #act(work) {
    if (this.node.getAttribute("aria-busy") === "true") return;
    this.node.setAttribute("aria-busy", "true");
    announce(`${this.scene.title}: running.`);
    const said = await work();
    this.node.removeAttribute("aria-busy");
    announce(said.join(" "));
  }

  #run() {
    this.lanes = [false, true].map((guarded) => new Lane(this.#environment, guarded));
    this.#panels.forEach((panel, at) => panel.follow(this.lanes[at], this.scene.wanted));
    return this.#both((lane) => this.scene.run(lane));
  }

  #again() {
    return this.#both((lane) => lane.again());
  }

  async #both(work) {
    const said = await Promise.all(this.lanes.map((lane, at) => this.#lane(lane, this.#panels[at], work)));
    this.#buttons.again.hidden = !this.lanes.every(({ again }) => again);
    return said;
  }

  async #lane(lane, panel, work) {
    const reading = readWhile(lane);
    try {
      await work(lane);
      await pause(SETTLES);
      await reading.last();
      lane.recording.end();
      return panel.settle(this.scene.moral?.(lane));
    } catch (error) {
      reading.stop();
      lane.recording.end();
      return panel.fail(error);
    }
  }
}

// The shop executes before it answers: its ledger is read meanwhile, to show it.
function readWhile(lane) {
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    await lane.readLedger().catch(() => {});
    busy = false;
  };
  const timer = setInterval(look, READ_EVERY);
  const stop = () => clearInterval(timer);
  return { stop, last: () => (stop(), lane.readLedger()) };
}
