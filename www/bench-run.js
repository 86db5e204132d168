// One run of the bench: what was sent at one press of its button, drawn while it happens, and told
// when it has. It shares nothing with the runs before it.

import { answersTable, explanation, notKnown, problemsOf, summaryOf } from "./bench-answers.js";
import { announce, element } from "./dom.js";
import { pause } from "./lane.js";
import { pollLedger } from "./ledger.js";
import { Recording } from "./recording.js";
import { allDeparted, send } from "./send.js";
import { timeline } from "./timeline.js";

const CLOCKS_AGREE_WITHIN = 25;
/** The last of them may be executed while its answer is on its way. */
const LEDGER_DELAY = 150;
const DEPARTURES_TIMEOUT = 300;

export class BenchRun {
  #summary = element("p", { class: "caption" }, "Under way …");
  #picture = element("div", { class: "picture" });
  #details = element("div", { class: "run-details" });

  /** `run`: { number, requests, key, record, guarded, ledger }; the requests are equal */
  constructor(run) {
    Object.assign(this, run);
    const { number, requests, guarded } = run;
    const [{ method, url }] = requests;
    this.recording = new Recording({ guarded, attempts: requests.length });
    const title = `Run ${number}: ${requests.length} × ${method} ${new URL(url).pathname}`;
    this.node = element("article", { class: "run", "aria-label": `Run ${number}`, "aria-busy": "true" },
      element("h3", {}, title), this.#summary, this.#picture, this.#details);
    this.recording.onChange(() => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.#picture);
  }

  async start() {
    const { recording, ledger } = this;
    const poll = ledger && pollLedger({ ...ledger, recording: ofThisRun(recording) });
    this.#animate();
    const answers = await Promise.all(this.requests.map((request, at) => this.#sendOne(request, at)));
    if (ledger) await pause(LEDGER_DELAY);
    await allDeparted(answers, DEPARTURES_TIMEOUT);
    await poll?.last();
    recording.end();
    this.node.removeAttribute("aria-busy");
    // When each of them left was told after it had been answered.
    this.#show(answers.map((answer) => ({ ...answer, leftAt: recording.attempts.find(({ id }) => id === answer.id)?.leftAt })));
  }

  #sendOne(request, at) {
    const { key, recording } = this;
    return send(request, { name: `send ${at + 1}`, key, report: (attempt) => recording.report(attempt) });
  }

  #animate() {
    const frame = () => {
      if (this.recording.endedAt || !this.node.isConnected) return;
      this.#draw();
      setTimeout(frame, matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 50);
    };
    frame();
  }

  #show(answers) {
    const { record, requests: [request], recording } = this;
    const text = summaryOf(answers, record);
    const unknown = notKnown(answers, recording.executions !== null);
    this.#summary.textContent = text;
    this.#details.replaceChildren(
      ...problemsOf(answers, request), ...explanation(answers, request),
      ...(unknown.length > 0 ? [element("p", { class: "hint" }, `What this page does not know: ${unknown.join(" ")}`)] : []),
      element("div", { class: "scroll", role: "region", "aria-label": `Answers of run ${this.number}`, tabindex: "0" }, answersTable(answers)));
    announce(text);
  }

  #draw() {
    if (this.#picture.clientWidth === 0) return;
    const title = `${this.recording.attempts.length} sends to your API`;
    this.#picture.replaceChildren(timeline({ recording: this.recording, title, shop: this.ledger ? "Shop" : "Your API" }, this.#picture.clientWidth));
  }
}

// The ledger holds the orders of earlier runs, too.
function ofThisRun(recording) {
  const begin = Date.now() - CLOCKS_AGREE_WITHIN;
  return { setExecutions: (executions) => recording.setExecutions(executions && executions.filter(({ at }) => at >= begin)) };
}
