// A scene on the page: its story stands in the page, its button and its two lanes, which run at the
// same time, are made here.
//
// 1. Each run starts afresh: new keys, new ledgers.
// 2. When a scene has run, its last request can be sent once more, on both lanes.
// 3. What came of it is announced to screen readers in one sentence for each lane.
// 4. A scene may be run to another end (`other`), with a button of its own.
// 5. What stops a lane half-way does not hide what it had sent by then.

import { announce, element, find } from "./dom.js";
import { Lane, pause } from "./lane.js";
import { pollLedger } from "./ledger.js";
import { Panel } from "./panel.js";

/** An order that nobody waited for is in the ledger by then. */
const LEDGER_DELAY = 350;

export class Scene {
  #buttons;
  #panels;
  #page;
  /** The scene, or its other end, that is run or was run last. */
  #running;

  /** `page`: { environment, notes, scoreboard } */
  constructor(scene, number, page) {
    const { environment, notes } = page;
    Object.assign(this, { scene, node: find(scene.id) });
    this.#page = page;
    // What is to be seen on the guard's side only.
    const mute = { ...scene, conclusion: undefined, fingerprints: undefined };
    this.title = this.node.querySelector("h3").textContent;
    this.#panels = [
      new Panel("Without the guard", notes.without, mute, environment.direct ? false : environment.guard),
      new Panel("With the guard", notes.with, environment.guard ? scene : mute, environment.guard),
    ];
    const run = element("button", { type: "button", class: "primary" }, `Run scene ${number}`);
    const again = element("button", { type: "button", class: "again" }, "Send once more");
    again.style.visibility = "hidden";
    run.addEventListener("click", () => this.play());
    again.addEventListener("click", () => this.whileBusy(() => this.#runBoth((lane) => lane.resend())));
    const other = scene.other && element("button", { type: "button" }, scene.other.button);
    other?.addEventListener("click", () => this.play({ ...scene, ...scene.other }));
    this.#buttons = { again };
    this.node.querySelector(".buttons").replaceChildren(...[run, other, again].filter(Boolean));
    this.node.querySelector(".lanes").replaceChildren(...this.#panels.map(({ node }) => node));
  }

  get isBusy() {
    return this.node.getAttribute("aria-busy") === "true";
  }

  /** Runs it afresh; settles when both lanes have. */
  play(running = this.scene) {
    return this.whileBusy(() => this.#run(running));
  }

  // Not disabled: a button that is would lose a keyboard user's place.
  async whileBusy(work) {
    if (this.isBusy) return;
    this.node.setAttribute("aria-busy", "true");
    announce(`${this.title}: running.`);
    const sentences = await work();
    this.node.removeAttribute("aria-busy");
    announce(sentences.join(" "));
  }

  #run(running) {
    const { environment, scoreboard } = this.#page;
    this.#running = running;
    running.beforehand?.(this.node);
    this.lanes = [false, true].map((guarded) => new Lane(environment, guarded, running));
    this.lanes.forEach((lane) => scoreboard.follow(lane, this.scene.expectedOrders));
    this.#panels.forEach((panel, at) => panel.follow(this.lanes[at], running));
    return this.#runBoth((lane) => running.run(lane));
  }

  async #runBoth(work) {
    this.lanes.forEach(({ recording }) => recording.resume());
    const sentences = await Promise.all(this.lanes.map((lane, at) => this.#runLane(lane, this.#panels[at], work)));
    this.#buttons.again.style.visibility = this.lanes.every(({ resend }) => resend) ? "visible" : "hidden";
    this.#running.afterwards?.(this.node, this.lanes[1], (more) => this.whileBusy(() => this.#more(more)));
    return sentences;
  }

  // Of the guarded lane alone: the other has no operator.
  async #more(work) {
    this.lanes[1].recording.resume();
    return [await this.#runLane(this.lanes[1], this.#panels[1], work)];
  }

  async #runLane(lane, panel, work) {
    const poll = pollLedger(lane);
    const error = await work(lane).then(() => undefined, (error) => error);
    await pause(LEDGER_DELAY);
    await poll.last();
    lane.recording.end();
    return panel.showResult(lane, error);
  }
}
