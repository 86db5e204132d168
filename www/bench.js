// "Try it on your API": any request, sent as often as wanted at once under one key.
//
// 1. The key is checked at each keystroke, in the edge's own words; a bad one may still be sent, to
//    see it refused.
// 2. Fingerprint and record id are computed here, by the edge's own code, for its default policy.
// 3. The time line and the table show what came back, by the guard's own headers.

import { answersTable, explanation, summaryOf } from "./bench-answers.js";
import { requestFrom } from "./bench-request.js";
import { announce } from "./dom.js";
import { Recording } from "./recording.js";
import { checkKey, generateKey, identify } from "./rules.js";
import { send } from "./send.js";
import { timeline } from "./timeline.js";

export class Bench {
  #form;
  #field;
  #recording;

  constructor(form) {
    this.#form = form;
    this.#field = (name) => form.elements.namedItem(name);
    const ledger = `bench-${generateKey()}`;
    this.#field("url").value = new URL(`/orders?ledger=${ledger}&delay=600`, location.href).href;
    this.#newKey();
    form.addEventListener("input", () => this.#validate());
    form.addEventListener("submit", (event) => this.#send(event));
    this.#part("new-key").addEventListener("click", () => this.#newKey());
    new ResizeObserver(() => this.#draw()).observe(this.#part("picture"));
  }

  #part(name) {
    return this.#form.querySelector(`[data-part=${name}]`);
  }

  #newKey() {
    this.#field("key").value = generateKey();
    this.#validate();
  }

  /** Shows what is wrong with the key, and what the edge will compute. */
  async #validate() {
    const key = this.#field("key").value;
    const keyError = checkKey(key);
    this.#field("key").setAttribute("aria-invalid", String(Boolean(keyError)));
    this.#part("key-message").textContent = keyError ?? "A key. Quotes around it change nothing.";
    this.#part("key-message").classList.toggle("wrong", Boolean(keyError));
    const { request, error } = this.#request();
    this.#part("request-error").textContent = error ?? "";
    const identity = request ? await identify(request, key) : null;
    // A later keystroke may have overtaken this one.
    if (key !== this.#field("key").value) return;
    this.#part("fingerprint").textContent = identity?.fingerprint ?? "–";
    this.#part("record").textContent = identity?.record ?? "–";
  }

  #request() {
    const fields = Object.fromEntries(["url", "method", "headers", "body", "key"].map((name) => [name, this.#field(name).value]));
    return requestFrom(fields);
  }

  async #send(event) {
    event.preventDefault();
    const { request, error } = this.#request();
    if (!request) return announce(error);
    const record = this.#part("record").textContent;
    this.#recording = new Recording();
    this.#recording.onChange(() => this.#draw());
    const times = Math.min(50, Math.max(1, Number(this.#field("times").value) || 1));
    const answers = await Promise.all(Array.from({ length: times }, (_, at) => this.#sendOne(request, at)));
    this.#recording.end();
    this.#showAnswers(answers, record, request);
  }

  #sendOne(request, at) {
    const key = this.#field("key").value;
    return send(request.clone(), { name: `send ${at + 1}`, key, report: (attempt) => this.#recording.report(attempt) });
  }

  #showAnswers(answers, record, request) {
    this.#part("summary").textContent = summaryOf(answers, record);
    this.#part("explanation").replaceChildren(...explanation(answers, request));
    this.#part("answers").replaceChildren(answersTable(answers));
    announce(summaryOf(answers, record));
  }

  #draw() {
    const picture = this.#part("picture");
    if (!this.#recording || picture.clientWidth === 0) return;
    const guarded = this.#recording.attempts.some(({ guard }) => guard);
    const title = `${this.#recording.attempts.length} sends to your API`;
    picture.replaceChildren(timeline({ recording: this.#recording, guarded, title, shop: "Your API" }, picture.clientWidth));
  }
}
