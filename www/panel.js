// One lane of a scene on the page: caption, time line, the shop's ledger, and the steps in words.

import { captionOf, stepsOf } from "./captions.js";
import { element } from "./dom.js";
import { ledgerUrl } from "./ledger.js";
import { Recording } from "./recording.js";
import { timeline } from "./timeline.js";

const MAX_LINES = 8;
const MAX_STEPS = 40;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Panel {
  #caption = element("p", { class: "caption" }, "Not run yet.");
  #picture = element("div", { class: "picture" });
  #ledger = element("div", { class: "ledger" });
  #details = element("div", { class: "more" });
  #drawnExecutions = [];

  constructor(name, note, guarded) {
    this.name = name;
    this.lane = { recording: Recording.empty(), guarded };
    this.node = element("div", { class: "panel", role: "group", "aria-label": name },
      element("h4", {}, name), note ? element("p", { class: "hint" }, note) : null,
      this.#caption, element("div", { class: "evidence" }, this.#picture, this.#ledger), this.#details);
    this.#clearLedger();
    new ResizeObserver(() => this.#draw()).observe(this.#picture);
  }

  #clearLedger() {
    this.#ledger.replaceChildren(element("h5", {}, "Shop’s ledger"), element("p", { class: "hint" }, "Empty."));
  }

  /** Follows a lane from its start; while it runs the picture moves, unless motion is not wanted. */
  follow(lane, expected) {
    Object.assign(this, { lane, expected });
    this.node.classList.remove("good", "bad");
    this.node.dataset.ledger = lane.ledger;
    this.#details.replaceChildren();
    this.#caption.textContent = "Running …";
    this.#clearLedger();
    lane.recording.onChange(() => this.#draw());
    if (!reducedMotion.matches) this.#animate();
  }

  #animate() {
    const { lane } = this;
    const frame = () => {
      if (lane !== this.lane || lane.recording.endedAt) return;
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
    if (this.#drawnExecutions !== recording.executions) this.#drawLedger(recording.executions);
  }

  #drawLedger(executions) {
    this.#drawnExecutions = executions;
    const lines = executions.slice(0, MAX_LINES).map(({ number, quantity, item, at }) =>
      element("li", { value: number }, `${quantity} × ${item} `, element("span", { class: "at" }, this.#secondsAt(at))));
    const rest = executions.length - lines.length;
    const link = element("a", { href: ledgerUrl(this.lane.base, this.lane.ledger), target: "_blank", rel: "noopener" }, "as the shop tells it");
    const more = rest > 0 ? `and ${rest} more; ` : "";
    this.#ledger.replaceChildren(element("h5", {}, "Shop’s ledger"), element("ol", {}, ...lines), element("p", { class: "hint" }, more, link));
    if (executions.length === 0) this.#clearLedger();
  }

  #secondsAt(at) {
    const begin = Math.min(...this.lane.recording.attempts.map(({ sentAt }) => sentAt));
    return `${(Math.max(0, at - begin) / 1000).toFixed(2)} s`;
  }

  /** Shows what came of it; returns the sentence. */
  showResult(conclusion) {
    const { recording } = this.lane;
    const { text, good } = captionOf(recording, this.expected);
    this.node.classList.add(good ? "good" : "bad");
    this.#caption.textContent = text;
    this.#details.replaceChildren(...[conclusion && element("p", { class: "conclusion" }, conclusion), fingerprints(recording), steps(recording)].filter(Boolean));
    this.#draw();
    return `${this.name}: ${text}.`;
  }

  showError(error) {
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
  return element("div", { class: "fingerprints" }, element("h5", {}, "Fingerprints"), element("dl", {}, ...rows));
}

function steps(recording) {
  const all = stepsOf(recording);
  const shown = all.slice(0, MAX_STEPS).map(({ at, text }) =>
    element("li", {}, element("span", { class: "when" }, `${at} ms`), ` ${text}`));
  const rest = all.length > MAX_STEPS ? element("li", {}, `and ${all.length - MAX_STEPS} more steps`) : null;
  return element("details", {}, element("summary", {}, "Step by step"), element("ol", { class: "steps" }, ...shown, rest));
}
