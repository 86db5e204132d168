// Makes a form's submission one operation, however often it is submitted.
//
// 1. One key for one submission: its address, encoding and entries. From the first click to the
//    answer the button is disabled, and another click, Enter, requestSubmit() or submit() does
//    nothing.
// 2. The key survives reload, back and forward until there is a final answer.
// 3. After a final answer, an edit or another button starts a new key; the same entries again are
//    the same submission, and their answer is replayed. A refusal of the origin's own (4xx) is
//    final for its key, so that the next press is a new attempt.
// 4. After any other answer, or none, the key stays, whatever is edited: the first may have been
//    carried out. Only startOver() gives it up, and only a user who has looked may ask for that.
// 5. A tab that was duplicated while the first one was sending shares that key for the same
//    entries alone.
// 6. A redirect is an answer: it says where the user is sent.

import { fetchOnce } from "./fetch-once.js";
import { outcomeOf, problemOf } from "./answer.js";
import { showBusy } from "./form-busy.js";
import { formStorage } from "./form-storage.js";
import { onSubmission } from "./form-submission.js";
import { formRequest } from "./form-request.js";
import { newKey } from "./key.js";
import { tell } from "./listener.js";

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
 * @property {(change: Change) => void} [onState] hears the state at once, and of each change
 */

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
  /** Of the last submission. */
  #digest = "";
  /** The last answer was a refusal of the origin's own. */
  #refused = false;
  /** The submission was begun by another page, which may still be at it. */
  #foreign = false;

  /**
   * @param {HTMLFormElement} form
   * @param {FormOptions} [options]
   */
  constructor(form, { send = sendAsForm, generateKey = newKey, onState } = {}) {
    this.#form = form;
    this.#send = send;
    this.#generateKey = generateKey;
    this.#onState = onState;
    this.#storage = formStorage(form);
    this.#listen();
    const open = this.#storage.read();
    this.#key = open?.key ?? generateKey();
    this.#digest = open?.digest ?? "";
    this.#foreign = open?.state === "sending";
    this.#setState({ state: !open || open.state === "not-processed" ? "ready" : "unknown" });
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
    this.#foreign = this.#refused = false;
    this.#setState({ state: "ready" });
  }

  /** Leaves the form as it was. An answer under way is still told. */
  stop() {
    this.#listeners.abort();
  }

  #listen() {
    const { signal } = this.#listeners;
    const isBusy = () => this.#state === "sending";
    onSubmission(this.#form, { isBusy, submit: (event) => this.#onSubmit(event) }, signal);
    // Fields outside the form that name it do not bubble through it.
    document.addEventListener("input", (event) => this.#onInput(event), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#startOverIfFinal(), { signal });
    // Where the page is gone before the answer comes, nobody can tell.
    addEventListener("pagehide", () => isBusy() && this.#save("unknown"), { signal });
  }

  /** @param {SubmitEvent} [event] */
  #onSubmit(event) {
    event?.preventDefault();
    void this.#submit(event?.submitter ?? null);
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
    const request = formRequest(this.#form, submitter);
    // Edits that raised no event, or came while the last one was under way.
    const edited = request.digest !== this.#digest;
    if (this.#state === "final" ? edited || this.#refused : edited && this.#foreign) this.startOver();
    const unknown = this.#state === "unknown";
    const endBusy = showBusy(this.#form, submitter);
    this.#digest = request.digest;
    this.#foreign = false;
    this.#save(unknown ? "unknown" : "sending");
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
      return { state: response.redirected ? "final" : outcomeOf(response, problem), response, problem };
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
    this.#refused = Number(answer.response?.status) >= 400 && !answer.problem;
    if (state === "unknown" || state === "not-processed") this.#save(state);
    else this.#storage.clear();
    this.#setState({ ...answer, state });
  }

  /** @param {"sending" | "unknown" | "not-processed"} state */
  #save(state) {
    this.#storage.save({ key: this.#key, digest: this.#digest, state });
  }

  /** @param {Omit<Change, "key">} change */
  #setState(change) {
    this.#state = change.state;
    tell(this.#onState, { ...change, key: this.#key });
  }
}
