// Makes a form's submission one operation, however often it is submitted.
//
// 1. One key for one submission. From the first click to the answer the button is disabled, and
//    another click, Enter, requestSubmit() or submit() does nothing.
// 2. The key survives reload, back and forward until there is a final answer.
// 3. After a final answer, an edit starts a new key; the same entries again are the same
//    submission, and their answer is replayed.
// 4. After any other answer, or none, the key stays, whatever is edited: the first may have been
//    carried out. Only startOver() gives it up, and only a user who has looked may ask for that.

import { fetchOnce } from "./fetch-once.js";
import { outcomeOf, problemOf } from "./answer.js";
import { showBusy } from "./form-busy.js";
import { formStorage, formName } from "./form-storage.js";
import { formRequest, methodOf } from "./form-request.js";
import { newKey } from "./key.js";

/** @import { Outcome, Problem } from "./answer.js" */
/** @import { FormRequest } from "./form-request.js" */

/** @typedef {"ready" | "sending" | Outcome} State `unknown`: nobody can tell whether it was carried out */

/**
 * @typedef {object} Change
 * @property {State} state
 * @property {string} key
 * @property {Response} [response] unread
 * @property {Problem | null} [problem] the guard's refusal, where the response is one
 * @property {unknown} [error] in place of a response
 */

/**
 * @typedef {object} FormOptions
 * @property {(request: FormRequest & { key: string }) => Promise<Response>} [send] sends it in another
 *   way than the form would; it must send `key` as the Idempotency-Key, as fetchOnce does
 * @property {() => string} [generateKey]
 * @property {(change: Change) => void} [onState]
 */

/** @type {WeakSet<HTMLFormElement>} */
export const guardedForms = new WeakSet();

/**
 * @param {HTMLFormElement} form with method="post"
 * @param {FormOptions} [options]
 */
export function guardForm(form, options) {
  return new GuardedForm(form, options);
}

/** @param {FormRequest & { key: string }} request */
function sendAsForm({ url, init, key }) {
  return fetchOnce(url, init, { key });
}

class GuardedForm {
  #form;
  #send;
  #generateKey;
  #onState;
  #storage;
  #key;
  /** @type {State} */
  #state = "ready";
  #listeners = new AbortController();
  /** The digest of the last submission. */
  #lastDigest = "";

  /**
   * @param {HTMLFormElement} form
   * @param {FormOptions} [options]
   */
  constructor(form, { send = sendAsForm, generateKey = newKey, onState = () => {} } = {}) {
    checkForm(form);
    guardedForms.add(form);
    this.#form = form;
    this.#send = send;
    this.#generateKey = generateKey;
    this.#onState = onState;
    this.#storage = formStorage(form);
    const open = this.#storage.read();
    this.#key = open?.key ?? generateKey();
    if (open?.unknown) this.#state = "unknown";
    this.#listen();
  }

  /** The key of the present submission. */
  get key() {
    return this.#key;
  }

  get state() {
    return this.#state;
  }

  /** Gives the key up: what is submitted next is another operation. */
  startOver() {
    if (this.#state === "sending") throw new Error(`"${this.#key}" is being sent: start over after its answer.`);
    this.#storage.clear();
    this.#key = this.#generateKey();
    this.#setState({ state: "ready" });
  }

  /** Leaves the form as it was. An answer under way is still told. */
  stop() {
    this.#listeners.abort();
    guardedForms.delete(this.#form);
    Reflect.deleteProperty(this.#form, "submit");
  }

  #listen() {
    const form = this.#form;
    const { signal } = this.#listeners;
    form.addEventListener("submit", (event) => this.#onSubmitWhileSending(event), { signal, capture: true });
    form.addEventListener("submit", (event) => this.#onSubmit(event), { signal });
    // Fields outside the form that name it do not bubble through it.
    document.addEventListener("input", (event) => this.#onInput(event), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#startOverIfFinal(), { signal });
    // submit() raises no event: without this it would leave the page, unguarded.
    if (typeof form.submit === "function") form.submit = () => void this.#submit(null);
  }

  // Before the page's own listeners: they must not see a second submission either.
  /** @param {SubmitEvent} event */
  #onSubmitWhileSending(event) {
    if (this.#state !== "sending") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    if (event.defaultPrevented || methodOf(this.#form, event.submitter) !== "post") return;
    event.preventDefault();
    this.#submit(event.submitter);
  }

  /** @param {Event} event */
  #onInput({ target }) {
    if (target instanceof Element && "form" in target && target.form === this.#form) this.#startOverIfFinal();
  }

  #startOverIfFinal() {
    if (this.#state === "final") this.startOver();
  }

  /** @param {HTMLElement | null} submitter */
  async #submit(submitter) {
    if (this.#state === "sending") return;
    const request = formRequest(this.#form, submitter);
    // Edits that raised no event, or came while the last one was under way.
    if (request.digest !== this.#lastDigest) this.#startOverIfFinal();
    const endBusy = showBusy(this.#form, submitter);
    const unknown = this.#state === "unknown";
    // Before it is sent: where the page is gone before the answer comes, nobody can tell.
    this.#storage.save({ key: this.#key, unknown: true });
    this.#lastDigest = request.digest;
    this.#setState({ state: "sending" });
    const answer = await this.#sendRequest(request);
    endBusy();
    this.#finish(answer, unknown);
  }

  /**
   * @param {FormRequest} request
   * @returns {Promise<Omit<Change, "key">>}
   */
  async #sendRequest(request) {
    try {
      const response = await this.#send({ ...request, key: this.#key });
      const problem = await problemOf(response);
      return { state: outcomeOf(response, problem), response, problem };
    } catch (error) {
      return { state: "unknown", error };
    }
  }

  /**
   * @param {Omit<Change, "key">} answer
   * @param {boolean} wasUnknown
   */
  #finish(answer, wasUnknown) {
    // An attempt that was turned away says nothing about the one before it.
    const state = wasUnknown && answer.state === "not-processed" ? "unknown" : answer.state;
    if (state === "final") this.#storage.clear();
    else this.#storage.save({ key: this.#key, unknown: state === "unknown" });
    this.#setState({ ...answer, state });
  }

  /** @param {Omit<Change, "key">} change */
  #setState(change) {
    this.#state = change.state;
    this.#onState({ ...change, key: this.#key });
  }
}

/** @param {HTMLFormElement} form */
function checkForm(form) {
  const name = `The form "${formName(form)}"`;
  if (guardedForms.has(form)) throw new Error(`${name} is guarded already: call stop() first.`);
  const method = methodOf(form, null);
  if (method !== "post") throw new Error(`${name} has method="${method}": write method="post".`);
}
