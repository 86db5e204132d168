// A form that the browser submits by itself, as one operation.
//
// 1. The key is an entry of what the browser sends, `idempotency-key`. A field of that name which
//    the server wrote gives the first one.
// 2. What the browser does with the answer is its own affair; the page is gone by then, and where
//    it stays (a download, another target) the button can be pressed again after a while.
// 3. Until a page with this script has seen the status of the answer, and where that is 5xx, nobody
//    knows: the key stays, edited or not, wherever the person comes from, until startOver(). Other
//    entries under the same key are refused by the guard, and not carried out.
// 4. After a status below 400, Back and a reload show the same submission: the same entries go out
//    under the same key, other entries under a new one. On a page that was loaded anew a new key
//    begins.
// 5. After a status of 4xx a new key begins.
// 6. To start over fences the key first (start-over.js). Where that is not enough, it is told and the
//    key stays; who has had the time to read it, asks again and is told the same, starts over all
//    the same. What is at the origin right now is waited for.

import { showBusy } from "./form-busy.js";
import { onSubmission } from "./form-submission.js";
import { formRequest } from "./form-request.js";
import { formStorage } from "./form-storage.js";
import { FIELD, newKey } from "./key.js";
import { giveUp } from "./key-status.js";
import { answeredKey, answerTo, expectAnswer, expectNoAnswer, isLoadedAnew } from "./native-answer.js";
import { fence, notAsked } from "./start-over.js";

/** @import { StartOver } from "./start-over.js" */

/** @typedef {"ready" | "sending" | "sent" | "unknown"} NativeState `sent`: the browser has shown what came of it */
/** @typedef {NativeState | "asking" | "still-unknown" | Exclude<StartOver["state"], "not-asked" | "settled">} Told what a person is to be told */

/** How long the button stays disabled on a page that stays, in milliseconds. */
const MAX_BUSY = 10_000;
/** How long an answer may be under way: the guard's default deadline and what a network adds. */
const MAX_WAIT = 130_000;
/** What a person needs at least to read an answer: a double click has not read it. */
const MIN_READ = 1_000;
/** What a person is told in the place of what the guard says. @type {{ [state in StartOver["state"]]?: Told }} */
const WORDS = { "not-asked": "ready", unknown: "still-unknown", settled: "done" };

export class NativeForm {
  #form;
  #onState;
  #storage;
  #key = "";
  /** Of the last submission; empty where the key is not used yet. */
  #digest = "";
  /** Where that went. */
  #url = "";
  /** When the key was first sent. */
  #since = 0;
  /** @type {NativeState} */
  #state = "ready";
  #isAsking = false;
  /** What the guard said when somebody wanted to start over, once it can have been read. */
  #read = "";
  /** The browser is asking what to send. */
  #asked = false;
  /** Ends with the wait for an answer. */
  #waiting = new AbortController();

  /**
   * @param {HTMLFormElement} form
   * @param {(change: { state: Told, key: string }) => void} onState hears the state at once, and of each change
   */
  constructor(form, onState) {
    this.#form = form;
    this.#onState = onState;
    this.#storage = formStorage(form);
    const { signal } = new AbortController();
    onSubmission(form, { isBusy: () => this.#isBusy(), submit: (event) => this.#submit(event) }, signal);
    form.addEventListener("formdata", ({ formData }) => this.#asked && formData.set(FIELD, this.#key));
    addEventListener("pageshow", ({ persisted }) => persisted && this.#begin(false));
    this.#begin(isLoadedAnew);
  }

  /** Gives the key up, where that is safe or was insisted on: what is submitted next is another operation. */
  async startOver() {
    if (this.#isBusy()) return;
    const key = this.#key;
    const isOpen = this.#digest && !(Number(answerTo(key)) < 500);
    const { startedOver, state } = isOpen ? await this.#fence() : notAsked(key);
    // Come back to in the meantime, the page may have another.
    if (key !== this.#key) return;
    const told = WORDS[state] ?? /** @type {Told} */ (state);
    if (startedOver || (told === this.#read && told !== "in-progress")) return this.#beginAnother(startedOver ? told : "ready");
    this.#onState({ state: told, key });
    setTimeout(() => key === this.#key && (this.#read = told), MIN_READ);
  }

  async #fence() {
    this.#isAsking = true;
    const endBusy = showBusy(this.#form, null);
    const [key, url] = [this.#key, this.#url];
    this.#onState({ state: "asking", key });
    // With what the browser sends by itself, also to another site.
    const result = await fence(key, this.#since, (signal) => giveUp(url, key, { credentials: "include", signal }));
    endBusy();
    this.#isAsking = false;
    return result;
  }

  /** @param {Told} told */
  #beginAnother(told) {
    this.#waiting.abort();
    this.#renew();
    this.#setState("ready", told);
  }

  #isBusy() {
    return this.#state === "sending" || this.#isAsking;
  }

  /** @param {boolean} anew whether the page was loaded anew */
  #begin(anew) {
    this.#waiting.abort();
    const open = this.#storage.read();
    const status = open && answerTo(open.key);
    this.#key = open?.key ?? answeredKey ?? "";
    this.#digest = open?.digest ?? "";
    this.#url = open?.url ?? "";
    this.#since = open?.since ?? 0;
    const isUnknown = status ? status >= 500 : anew || open?.state === "unknown";
    if (open && isUnknown) return this.#setState("unknown");
    if (open && !anew && !(Number(status) >= 400)) return this.#setState("sent");
    this.#renew();
    this.#setState("ready");
  }

  #renew() {
    const written = new FormData(this.#form).get(FIELD);
    this.#key = typeof written === "string" && written !== "" && written !== this.#key ? written : newKey();
    this.#digest = this.#read = "";
    this.#storage.clear();
  }

  /** @param {SubmitEvent} [event] */
  #submit(event) {
    const submitter = event?.submitter ?? null;
    const { digest, url } = formRequest(this.#form, submitter);
    const unknown = this.#state === "unknown";
    const isSettled = !unknown && answerTo(this.#key) !== undefined;
    if (this.#digest !== digest && isSettled) this.#renew();
    if (!this.#digest) [this.#url, this.#since] = [url, Date.now()];
    this.#digest = digest;
    this.#read = "";
    this.#save(unknown ? "unknown" : "sending");
    expectAnswer(this.#key);
    this.#wait(submitter);
    this.#setState("sending");
    this.#asked = true;
    if (!event) HTMLFormElement.prototype.submit.call(this.#form);
  }

  /** @param {HTMLElement | null} submitter */
  #wait(submitter) {
    this.#waiting.abort();
    const waiting = (this.#waiting = new AbortController());
    const { signal } = waiting;
    let leaving = 0;
    // The first is the submission's own. Who leaves after that does not wait for its answer.
    addEventListener("beforeunload", () => ++leaving > 1 && this.#giveUpAnswer(), { signal });
    setTimeout(() => waiting.abort(), MAX_WAIT);
    // Later: a button that is disabled now would not be sent.
    setTimeout(() => this.#showBusy(submitter, signal));
  }

  /**
   * @param {HTMLElement | null} submitter
   * @param {AbortSignal} signal
   */
  #showBusy(submitter, signal) {
    this.#asked = false;
    const endBusy = showBusy(this.#form, submitter);
    signal.addEventListener("abort", endBusy);
    setTimeout(() => {
      if (signal.aborted) return;
      endBusy();
      this.#setState("sent");
    }, MAX_BUSY);
  }

  #giveUpAnswer() {
    this.#save("unknown");
    expectNoAnswer();
  }

  /** @param {"sending" | "unknown"} state */
  #save(state) {
    this.#storage.save({ key: this.#key, digest: this.#digest, url: this.#url, since: this.#since, state });
  }

  /**
   * @param {NativeState} state
   * @param {Told} [told]
   */
  #setState(state, told = state) {
    this.#state = state;
    this.#onState({ state: told, key: this.#key });
  }
}
