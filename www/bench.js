// "Try it on your API": any request, sent as often as wanted at once under one key.
//
// 1. The key is checked at each keystroke, in the edge's own words; a bad one may still be sent, to
//    see it refused.
// 2. Fingerprint and record id are computed here, by the edge's own code, for its default policy.
// 3. Each press is a run of its own; the last few stay.

import { benchForm } from "./bench-form.js";
import { curlOf, requestFrom } from "./bench-request.js";
import { BenchRun } from "./bench-run.js";
import { copyButton } from "./copy.js";
import { announce } from "./dom.js";
import { checkKey, generateKey, identify, rulesReady } from "./rules.js";

const MAX_RUNS = 5;
const MAX_TIMES = 50;

export class Bench {
  #form;
  #environment;
  #field;
  #runs = 0;

  /** `request`: what the fields hold at first. */
  constructor(place, environment, request) {
    this.#form = benchForm(request);
    this.#environment = environment;
    this.#field = (name) => this.#form.elements.namedItem(name);
    place.replaceChildren(this.#form);
    this.#newKey();
    this.#form.addEventListener("input", () => this.#validate());
    this.#form.addEventListener("submit", (event) => this.#send(event));
    this.#part("new-key").addEventListener("click", () => this.#newKey());
    copyButton(this.#part("curl"), () => curlOf(this.#fields()));
    rulesReady.then(() => this.#validate());
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
    const keyError = key === "" ? undefined : checkKey(key);
    this.#field("key").setAttribute("aria-invalid", String(Boolean(keyError)));
    this.#part("key-message").textContent = keyError ?? (key === "" ? "No key: each send is an operation of its own." : "A key. Quotes around it change nothing.");
    this.#part("key-message").classList.toggle("wrong", Boolean(keyError));
    const { request, error } = requestFrom(this.#fields());
    this.#part("request-error").textContent = error ?? "";
    const identity = request ? await identify(request, key) : null;
    // A later keystroke may have overtaken this one.
    if (key !== this.#field("key").value) return;
    this.#part("fingerprint").textContent = identity?.fingerprint ?? "–";
    this.#part("record").textContent = identity?.record ?? "–";
  }

  #fields() {
    return Object.fromEntries(["url", "method", "headers", "body", "key"].map((name) => [name, this.#field(name).value]));
  }

  async #send(event) {
    event.preventDefault();
    const fields = this.#fields();
    const { request, error } = requestFrom(fields);
    if (!request) return announce(error);
    const { key } = fields;
    const identity = await identify(request, key);
    this.#runs += 1;
    const times = Math.min(MAX_TIMES, Math.max(1, Number(this.#field("times").value) || 1));
    const requests = Array.from({ length: times }, () => requestFrom(fields).request);
    const run = new BenchRun({ number: this.#runs, requests, key: key || undefined, record: identity?.record, ...this.#placeOf(request.url) });
    this.#part("runs").prepend(run.node);
    [...this.#part("runs").children].slice(MAX_RUNS).forEach((node) => node.remove());
    run.start();
  }

  // A guard is known where this page came through one; a ledger where the demo's shop keeps one.
  #placeOf(url) {
    const { origin, pathname, searchParams } = new URL(url);
    const { guard, direct, clockOffset } = this.#environment;
    const isHere = origin === location.origin;
    const name = searchParams.get("ledger");
    const hasLedger = name && pathname === "/orders" && direct !== undefined && (isHere || origin === direct);
    return { guarded: isHere && guard ? true : undefined, ledger: hasLedger ? { base: origin, ledger: name, clockOffset } : undefined };
  }
}
