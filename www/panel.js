// One lane of a scene on the page: caption, time line, the shop's ledger, and the steps in words.

import { element } from "./dom.js";
import { ledgerUrl } from "./ledger.js";
import { Recording } from "./recording.js";
import { timeline } from "./timeline.js";
import { captionOf, stepsOf } from "./captions.js";

const MOST_LINES = 8;
const MOST_STEPS = 40;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Panel {
  #caption = element("p", { class: "caption" }, "Not run yet.");
  #picture = element("div", { class: "picture" });
  #ledger = element("div", { class: "ledger" });
  #more = element("div", { class: "more" });
  #drawn = [];

  constructor(name, note, guarded) {
    this.name = name;
    this.lane = { recording: Recording.empty(), guarded };
    this.node = element("div", { class: "panel", role: "group", "aria-label": name },
      element("h4", {}, name), note ? element("p", { class: "hint" }, note) : null,
      this.#caption, element("div", { class: "evidence" }, this.#picture, this.#ledger), this.#more);
    this.#empty();
    new ResizeObserver(() => this.#draw()).observe(this.#picture);
  }

  #empty() {
    this.#ledger.replaceChildren(element("h5", {}, "Shop’s ledger"), element("p", { class: "hint" }, "Empty."));
  }

  /** Follows a lane from its start; while it runs the picture moves, unless motion is not wanted. */
  follow(lane, wanted) {
    Object.assign(this, { lane, wanted });
    this.node.classList.remove("good", "bad");
    this.node.dataset.ledger = lane.ledger;
    this.#more.replaceChildren();
    this.#caption.textContent = "Running …";
    this.#empty();
    lane.recording.onChange(() => this.#draw());
    if (!still.matches) this.#animate();
  }

  #animate() {
    const { lane } = this;
    const frame = () => {
      if (lane !== this.lane || lane.recording.ended) return;
      this.#draw();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #draw() {
    const width = Math.floor(this.#picture.clientWidth);
    if (width === 0) return;
    const { recording, guarded } = this.lane;
    const title = `${this.name}: ${this.#caption.textContent}`;
    this.#picture.replaceChildren(timeline({ recording, guarded, title }, width));
    if (this.#drawn !== recording.executions) this.#drawLedger(recording.executions);
  }

  #drawLedger(executions) {
    this.#drawn = executions;
    const lines = executions.slice(0, MOST_LINES).map(({ number, quantity, item, at }) =>
      element("li", { value: number }, `${quantity} × ${item} `, element("span", { class: "at" }, this.#moment(at))));
    const rest = executions.length - lines.length;
    const link = element("a", { href: ledgerUrl(this.lane.base, this.lane.ledger), target: "_blank", rel: "noopener" }, "as the shop tells it");
    const more = rest > 0 ? `and ${rest} more; ` : "";
    this.#ledger.replaceChildren(element("h5", {}, "Shop’s ledger"), element("ol", {}, ...lines), element("p", { class: "hint" }, more, link));
    if (executions.length === 0) this.#empty();
  }

  #moment(at) {
    const begin = Math.min(...this.lane.recording.attempts.map(({ sent }) => sent));
    return `${(Math.max(0, at - begin) / 1000).toFixed(2)} s`;
  }

  /** Says what came of it; gives the sentence. */
  settle(moral) {
    const { recording } = this.lane;
    const { text, good } = captionOf(recording, this.wanted);
    this.node.classList.add(good ? "good" : "bad");
    this.#caption.textContent = text;
    this.#more.replaceChildren(...[moral && element("p", { class: "moral" }, moral), fingerprints(recording), steps(recording)].filter(Boolean));
    this.#draw();
    return `${this.name}: ${text}.`;
  }

  fail(error) {
    this.node.classList.add("bad");
    this.#caption.textContent = `This did not run: ${error.message}`;
    return `${this.name}: ${this.#caption.textContent}`;
  }
}

function fingerprints({ attempts }) {
  const known = attempts.filter(({ fingerprint }) => fingerprint);
  if (known.length === 0) return null;
  const rows = known.flatMap(({ name, fingerprint }) => [
    element("dt", {}, name), element("dd", {}, element("code", {}, `${fingerprint.slice(0, 16)}…`)),
  ]);
  return element("div", { class: "prints" }, element("h5", {}, "Fingerprints"), element("dl", {}, ...rows));
}

function steps(recording) {
  const all = stepsOf(recording);
  const shown = all.slice(0, MOST_STEPS).map(({ at, text }) =>
    element("li", {}, element("span", { class: "when" }, `${at} ms`), ` ${text}`));
  const rest = all.length > MOST_STEPS ? element("li", {}, `and ${all.length - MOST_STEPS} more steps`) : null;
  return element("details", {}, element("summary", {}, "Step by step"), element("ol", { class: "steps" }, ...shown, rest));
}
