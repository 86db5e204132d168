// "Try it on your API": any request, sent as often as wanted at once under one key.
//
// 1. The key is checked at each keystroke, in the edge's own words; a bad one may still be sent, to
//    see it refused.
// 2. Fingerprint and record id are computed here, by the edge's own code, for its default policy.
// 3. The time line and the table show what came back, by the guard's own headers.

import { announce } from "./dom.js";

import { checkKey, generateKey, identify } from "./rules.js";
import { answersTable, explanation, verdictOn } from "./bench-answers.js";
import { requestFrom } from "./bench-request.js";
import { Recording } from "./recording.js";
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
    form.addEventListener("input", () => this.#look());
    form.addEventListener("submit", (event) => this.#send(event));
    this.#part("new-key").addEventListener("click", () => this.#newKey());
    new ResizeObserver(() => this.#draw()).observe(this.#part("picture"));
  }

  #part(name) {
    return this.#form.querySelector(`[data-part=${name}]`);
  }

  #newKey() {
    this.#field("key").value = generateKey();
    this.#look();
  }

  /** Says what is wrong with the key, and what the edge will compute. */
  async #look() {
    const key = this.#field("key").value;
    const wrong = checkKey(key);
    this.#field("key").setAttribute("aria-invalid", String(Boolean(wrong)));
    this.#part("key-said").textContent = wrong ?? "A key. Quotes around it change nothing.";
    this.#part("key-said").classList.toggle("wrong", Boolean(wrong));
    const { request, mistake } = this.#request();
    this.#part("mistake").textContent = mistake ?? "";
    const identity = request ? await identify(request, key) : null;
    // A later keystroke may have overtaken this one.
    if (key !== this.#field("key").value) return;
    this.#part("fingerprint").textContent = identity?.fingerprint ?? "–";
    this.#part("record").textContent = identity?.record ?? "–";
  }

  #request() {
    const entries = Object.fromEntries(["url", "method", "headers", "body", "key"].map((name) => [name, this.#field(name).value]));
    return requestFrom(entries);
  }

  async #send(event) {
    event.preventDefault();
    const { request, mistake } = this.#request();
    if (!request) return announce(mistake);
    const record = this.#part("record").textContent;
    this.#recording = new Recording();
    this.#recording.onChange(() => this.#draw());
    const times = Math.min(50, Math.max(1, Number(this.#field("times").value) || 1));
    const answers = await Promise.all(Array.from({ length: times }, (_, at) => this.#one(request, at)));
    this.#recording.end();
    this.#show(answers, record, request);
  }

  #one(request, at) {
    const key = this.#field("key").value;
    return send(request.clone(), { name: `send ${at + 1}`, key, report: (attempt) => this.#recording.report(attempt) });
  }

  #show(answers, record, request) {
    this.#part("verdict").textContent = verdictOn(answers, record);
    this.#part("explanation").replaceChildren(...explanation(answers, request));
    this.#part("answers").replaceChildren(answersTable(answers));
    announce(verdictOn(answers, record));
  }

  #draw() {
    const place = this.#part("picture");
    if (!this.#recording || place.clientWidth === 0) return;
    const guarded = this.#recording.attempts.some(({ guard }) => guard);
    const title = `${this.#recording.attempts.length} sends to your API`;
    place.replaceChildren(timeline({ recording: this.#recording, guarded, title, shop: "Your API" }, place.clientWidth));
  }
}

