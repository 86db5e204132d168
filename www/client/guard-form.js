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
//    carried out. Only startOver() gives it up: it fences the key first, and does so where the guard
//    says that the key will never be carried out, or where a user who has looked says `anyway`.
//    Nothing is submitted in the meantime.
// 5. A tab that was duplicated while the first one was sending shares that key for the same
//    entries alone.
// 6. A redirect is an answer: it says where the user is sent.

import { fetchOnce } from "./fetch-once.js";
import { afterUnknown, outcomeOf, problemOf } from "./answer.js";
import { showBusy } from "./form-busy.js";
import { formStorage } from "./form-storage.js";
import { onSubmission } from "./form-submission.js";
import { formRequest } from "./form-request.js";
import { newKey } from "./key.js";
import { giveUp } from "./key-status.js";
import { tell } from "./listener.js";
import { fence, notAsked } from "./start-over.js";

/** @import { Outcome, Problem } from "./answer.js" */
/** @import { FormRequest } from "./form-request.js" */
/** @import { KeyStatus } from "./key-status.js" */
/** @import { StartOver } from "./start-over.js" */

/** @typedef {"ready" | "sending" | Outcome} State `unknown`: nobody can tell whether it was carried out */

/**
 * @typedef {object} Change
 * @property {State} state
 * @property {string} key
 * @property {Response} [response] unread
 * @property {Problem | null} [problem] the guard's refusal, where the response is one
 * @property {unknown} [error] in place of a response
 */

/** @typedef {{ url: string, key: string, signal: AbortSignal }} GiveUpRequest `url`: where the form went */

/**
 * @typedef {object} FormOptions
 * @property {(request: FormRequest & { key: string }) => Promise<Response>} [send] sends it in another
 *   way than the form would; it must send `key` as the Idempotency-Key, as fetchOnce does
 * @property {(request: GiveUpRequest) => Promise<KeyStatus>} [giveUp] what goes with a `send` of your
 *   own: says by the same address and credential that the key shall never be carried out, as giveUp does
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

/** @param {GiveUpRequest} request */
function giveUpAsForm({ url, key, signal }) {
  return giveUp(url, key, { signal });
}

// By another address or credential the key is another one, and its fence would prove nothing.
/** @returns {never} */
function cannotGiveUp() {
  throw new TypeError('guardForm has a "send" but no "giveUp", which gives the key up as "send" sends it: add it.');
}

class GuardedForm {
  #form;
  #send;
  #giveUp;
  #generateKey;
  #onState;
  #storage;
  #key;
  /** @type {State} */
  #state = "ready";
  #listeners = new AbortController();
  /** Of the last submission; empty where the key was not sent yet. */
  #digest = "";
  /** Where the one went that may have been carried out. */
  #url = "";
  /** When the key was first sent. */
  #since = 0;
  /** @type {Promise<StartOver> | null} */
  #startingOver = null;
  /** The last answer was a refusal of the origin's own. */
  #refused = false;
  /** The submission was begun by another page, which may still be at it. */
  #foreign = false;

  /**
   * @param {HTMLFormElement} form
   * @param {FormOptions} [options]
   */
  constructor(form, { send = sendAsForm, giveUp = send === sendAsForm ? giveUpAsForm : cannotGiveUp, generateKey = newKey, onState } = {}) {
    this.#form = form;
    this.#send = send;
    this.#giveUp = giveUp;
    this.#generateKey = generateKey;
    this.#onState = onState;
    this.#storage = formStorage(form);
    this.#listen();
    const open = this.#storage.read();
    this.#key = open?.key ?? generateKey();
    this.#digest = open?.digest ?? "";
    this.#url = open?.url ?? "";
    this.#since = open?.since ?? 0;
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

  /**
   * Gives the key up, so that what is submitted next is another operation. Where the key may have been
   * carried out the guard is asked first, and the key stays unless it says `fenced`. Who calls it again
   * in the meantime gets the same.
   * @param {object} [options]
   * @param {boolean} [options.anyway] for a user who has been told and has looked: asks nobody
   * @returns {Promise<StartOver>} rejects during a submission
   */
  async startOver({ anyway = false } = {}) {
    if (this.#state === "sending") throw new Error(`"${this.#key}" is being sent: start over after its answer.`);
    if (this.#startingOver) return this.#startingOver;
    const key = this.#key;
    const isOpen = this.#digest && this.#state !== "final";
    if (isOpen && !anyway) return (this.#startingOver = this.#fence());
    this.#renew();
    return notAsked(key);
  }

  async #fence() {
    const endBusy = showBusy(this.#form, null);
    const key = this.#key;
    const result = await fence(key, this.#since, async (signal) => this.#giveUp({ url: this.#url, key, signal }));
    this.#startingOver = null;
    endBusy();
    if (result.startedOver) this.#renew();
    return result;
  }

  #renew() {
    this.#storage.clear();
    this.#key = this.#generateKey();
    this.#digest = "";
    this.#foreign = this.#refused = false;
    this.#setState({ state: "ready" });
  }

  /** Leaves the form as it was. An answer under way is still told. */
  stop() {
    this.#listeners.abort();
  }

  #listen() {
    const { signal } = this.#listeners;
    const isSending = () => this.#state === "sending";
    const isBusy = () => isSending() || !!this.#startingOver;
    onSubmission(this.#form, { isBusy, submit: (event) => this.#onSubmit(event) }, signal);
    // Fields outside the form that name it do not bubble through it.
    document.addEventListener("input", (event) => this.#onInput(event), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#renewIfFinal(), { signal });
    // Where the page is gone before the answer comes, nobody can tell.
    addEventListener("pagehide", () => isSending() && this.#save("unknown"), { signal });
  }

  /** @param {SubmitEvent} [event] */
  #onSubmit(event) {
    event?.preventDefault();
    void this.#submit(event?.submitter ?? null);
  }

  /** @param {Event} event */
  #onInput({ target }) {
    if (target instanceof Element && "form" in target && target.form === this.#form) this.#renewIfFinal();
  }

  #renewIfFinal() {
    if (this.#state === "final") this.#renew();
  }

  /** @param {HTMLElement | null} submitter */
  async #submit(submitter) {
    const request = formRequest(this.#form, submitter);
    // Edits that raised no event, or came while the last one was under way.
    const edited = request.digest !== this.#digest;
    if (this.#state === "final" ? edited || this.#refused : edited && this.#foreign) this.#renew();
    const unknown = this.#state === "unknown";
    const endBusy = showBusy(this.#form, submitter);
    if (!this.#digest) this.#since = Date.now();
    this.#digest = request.digest;
    if (!unknown) this.#url = request.url;
    this.#foreign = false;
    this.#save(unknown ? "unknown" : "sending");
    this.#setState({ state: "sending" });
    const answer = await this.#sendRequest(request, unknown);
    endBusy();
    this.#finish(answer);
  }

  /**
   * @param {FormRequest} request
   * @param {boolean} unknown whether an earlier one was of unknown outcome
   * @returns {Promise<Omit<Change, "key">>}
   */
  async #sendRequest(request, unknown) {
    try {
      const response = await this.#send({ ...request, key: this.#key });
      if (unknown) afterUnknown.add(response);
      const problem = await problemOf(response);
      return { state: response.redirected ? "final" : outcomeOf(response, problem), response, problem };
    } catch (error) {
      return { state: "unknown", error };
    }
  }

  /** @param {Omit<Change, "key">} answer */
  #finish(answer) {
    const { state, response, problem } = answer;
    this.#refused = Number(response?.status) >= 400 && !problem;
    if (state === "unknown" || state === "not-processed") this.#save(state);
    else this.#storage.clear();
    this.#setState(answer);
  }

  /** @param {"sending" | "unknown" | "not-processed"} state */
  #save(state) {
    this.#storage.save({ key: this.#key, digest: this.#digest, url: this.#url, since: this.#since, state });
  }

  /** @param {Omit<Change, "key">} change */
  #setState(change) {
    this.#state = change.state;
    tell(this.#onState, { ...change, key: this.#key });
  }
}
