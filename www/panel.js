// One lane of a scene on the page: caption, time line, the shop's ledger, and the steps in words.
//
// 1. Room is kept from the start for what a run will show, so that nothing on the page moves.

import { captionOf } from "./captions.js";
import { element } from "./dom.js";
import { ledgerUrl } from "./ledger.js";
import { Recording } from "./recording.js";
import { stepsOf } from "./steps.js";
import { timeline } from "./timeline.js";

const MAX_LINES = 8;
const MAX_STEPS = 40;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Panel {
  #caption = element("p", { class: "caption" }, "Not run yet.");
  #picture = element("div", { class: "picture" });
  #ledger = element("div", { class: "ledger" });
  #conclusion = element("p", { class: "conclusion" });
  #fingerprints = element("dl", {});
  #steps = element("ol", { class: "steps" });
  #drawnExecutions = [];

  /** `scene`: { expectedOrders, attempts, conclusion, fingerprints } */
  constructor(name, note, scene, guarded) {
    Object.assign(this, { name, scene });
    this.lane = { recording: Recording.empty({ guarded, attempts: scene.attempts }) };
    this.node = element("div", { class: "panel", role: "group", "aria-label": name },
      element("h4", {}, name), element("p", { class: "hint" }, note),
      this.#caption, element("div", { class: "evidence" }, this.#picture, this.#ledger),
      scene.conclusion && this.#conclusion, scene.fingerprints && element("div", { class: "fingerprints" }, element("h5", {}, "Fingerprints"), this.#fingerprints),
      element("details", {}, element("summary", {}, "Step by step"), this.#steps));
    this.#ledger.style.setProperty("--lines", Math.min(guarded ? scene.expectedOrders : scene.attempts, MAX_LINES));
    this.#clear();
    new ResizeObserver(() => this.#draw()).observe(this.#picture);
  }

  #clear() {
    this.node.classList.remove("good", "bad", "unknown");
    this.#conclusion.textContent = this.scene.conclusion ?? "";
    this.#conclusion.style.visibility = "hidden";
    this.#fingerprints.replaceChildren(...(this.scene.fingerprints ?? []).flatMap((name) => fingerprintRow(name, "–")));
    this.#steps.replaceChildren(element("li", {}, "Nothing has happened yet."));
    this.#drawLedger(null);
  }

  /** Follows a lane from its start; while it runs the picture moves, unless motion is not wanted. */
  follow(lane, { conclusion }) {
    this.lane = lane;
    this.node.dataset.ledger = lane.ledger;
    this.#clear();
    if (this.scene.conclusion) this.#conclusion.textContent = conclusion;
    this.#caption.textContent = "Running …";
    lane.recording.onChange(() => lane === this.lane && this.#draw());
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
    const { recording } = this.lane;
    const title = `${this.name}: ${this.#caption.textContent}`;
    this.#picture.replaceChildren(timeline({ recording, title }, width));
    if (this.#drawnExecutions !== recording.executions) this.#drawLedger(recording.executions);
  }

  #drawLedger(executions) {
    this.#drawnExecutions = executions;
    this.#ledger.replaceChildren(element("h5", {}, "Shop’s ledger"), ...(executions?.length ? this.#ledgerLines(executions) : [element("p", { class: "hint" }, executions || !this.lane.ledger ? "Empty." : "Not read.")]));
  }

  #ledgerLines(executions) {
    const lines = executions.slice(0, MAX_LINES).map(({ number, quantity, item, at }) =>
      element("li", { value: number }, `${quantity} × ${item} `, element("span", { class: "at" }, this.#secondsAt(at))));
    const rest = executions.length - lines.length;
    const link = element("a", { href: ledgerUrl(this.lane.base, this.lane.ledger), target: "_blank", rel: "noopener" }, "as the shop tells it");
    return [element("ol", {}, ...lines), element("p", { class: "hint" }, rest > 0 ? `and ${rest} more; ` : "", link)];
  }

  #secondsAt(at) {
    const begin = Math.min(...this.lane.recording.attempts.map(({ sentAt }) => sentAt));
    return `${(Math.max(0, at - begin) / 1000).toFixed(2)} s`;
  }

  /** Shows what came of it; returns the sentence. `error` is what stopped it half-way. */
  showResult({ recording }, error) {
    const { text, verdict } = captionOf(recording, this.scene.expectedOrders);
    const stopped = error ? ` It stopped half-way: ${error.message} What it sent until then is below.` : "";
    this.node.classList.remove("good", "bad", "unknown");
    this.node.classList.add(error ? "unknown" : verdict);
    this.#caption.textContent = `${text}${error ? "." : ""}${stopped}`;
    this.#conclusion.style.visibility = error ? "hidden" : "visible";
    this.#showFingerprints(recording);
    this.#steps.replaceChildren(...stepItems(recording));
    this.#draw();
    return `${this.name}: ${this.#caption.textContent}.`.replace(/\.\.$/, ".");
  }

  #showFingerprints({ attempts }) {
    const known = attempts.filter(({ fingerprint }) => fingerprint);
    if (known.length > 0) this.#fingerprints.replaceChildren(...known.flatMap(({ name, fingerprint }) => fingerprintRow(name, `${fingerprint.slice(0, 16)}…`)));
  }
}

function fingerprintRow(name, text) {
  return [element("dt", {}, name), element("dd", {}, element("code", {}, text))];
}

function stepItems(recording) {
  const all = stepsOf(recording);
  const shown = all.slice(0, MAX_STEPS).map(({ at, until, text }) =>
    element("li", {}, element("span", { class: "when" }, at === until ? `${at} ms` : `${at}–${until} ms`), ` ${text}`));
  return all.length > MAX_STEPS ? [...shown, element("li", {}, `and ${all.length - MAX_STEPS} more steps`)] : shown;
}
