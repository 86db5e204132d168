// A scene on the page: its story, a button, and its two lanes, which run at the same time.
//
// 1. Each run starts afresh: new keys, new ledgers.
// 2. When a scene has run, its last request can be sent once more, on both lanes.
// 3. What came of it is announced to screen readers in one sentence for each lane.

import { announce, element } from "./dom.js";
import { Lane, pause } from "./lane.js";
import { Panel } from "./panel.js";

const POLL_INTERVAL = 300;
/** An order that nobody waited for is in the ledger by then. */
const LEDGER_DELAY = 350;

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
    again.addEventListener("click", () => this.#whileBusy(() => this.#resend()));
    this.#buttons = { run, again };
    this.node = this.#render(number);
  }

  #render(number) {
    const { id, title, story, link } = this.scene;
    return element("section", { class: "scene", id, "aria-labelledby": `${id}-title` },
      element("div", { class: "scene-head" },
        element("p", { class: "number", "aria-hidden": "true" }, String(number)),
        element("h3", { id: `${id}-title` }, title),
        element("p", { class: "story" }, story, link && " ", link && element("a", { href: link.href, target: "_blank" }, link.text)),
        element("div", { class: "buttons" }, this.#buttons.run, this.#buttons.again)),
      element("div", { class: "lanes" }, ...this.#panels.map(({ node }) => node)));
  }

  /** Runs it afresh; settles when both lanes have. */
  play() {
    return this.#whileBusy(() => this.#run());
  }

  // Not disabled: a button that is would lose a keyboard user's place.
  async #whileBusy(work) {
    if (this.node.getAttribute("aria-busy") === "true") return;
    this.node.setAttribute("aria-busy", "true");
    announce(`${this.scene.title}: running.`);
    const sentences = await work();
    this.node.removeAttribute("aria-busy");
    announce(sentences.join(" "));
  }

  #run() {
    this.lanes = [false, true].map((guarded) => new Lane(this.#environment, guarded));
    this.#panels.forEach((panel, at) => panel.follow(this.lanes[at], this.scene.expectedOrders));
    return this.#runBoth((lane) => this.scene.run(lane));
  }

  #resend() {
    return this.#runBoth((lane) => lane.resend());
  }

  async #runBoth(work) {
    const sentences = await Promise.all(this.lanes.map((lane, at) => this.#runLane(lane, this.#panels[at], work)));
    this.#buttons.again.hidden = !this.lanes.every(({ resend }) => resend);
    return sentences;
  }

  async #runLane(lane, panel, work) {
    const poll = pollLedger(lane);
    try {
      await work(lane);
      await pause(LEDGER_DELAY);
      await poll.last();
      lane.recording.end();
      return panel.showResult(this.scene.conclusion?.(lane));
    } catch (error) {
      poll.stop();
      lane.recording.end();
      return panel.showError(error);
    }
  }
}

// The shop executes before it answers: its ledger is read meanwhile, to show it.
function pollLedger(lane) {
  let busy = false;
  const read = async () => {
    if (busy) return;
    busy = true;
    await lane.readLedger().catch(() => {});
    busy = false;
  };
  const timer = setInterval(read, POLL_INTERVAL);
  const stop = () => clearInterval(timer);
  return { stop, last: () => (stop(), lane.readLedger()) };
}
