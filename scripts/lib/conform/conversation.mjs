// The kit's side of the conversation: sends requests of an operation, and counts what they made. Rules:
// 1. Each exchange has a number of requests that it may send; one more is a mistake of the kit.
// 2. A "slow down" (429) ends the check: it says nothing of idempotency.
// 3. A count is what the user's command says: whole numbers, before and after.
import { exec } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../log.mjs";
import { isBusy } from "./answer.mjs";
import { begin, NoAnswer, sendAndHangUp } from "./http.mjs";
import { filled, newOperation, replaced, spelled, varied } from "./operation.mjs";

const COUNT_MS = 30_000;
/** How often a request is sent again while the first is said to be in progress. */
export const POLLS = 8;
const FIRST_POLL_MS = 50;

/** Nothing can be said here; `message` is why. */
export class Skip extends Error {}

export class Conversation {
  constructor(question) {
    this.question = question;
    this.total = 0;
    this.left = 0;
  }

  /** What follows may send so many requests. */
  allow(requests) {
    this.left = requests;
  }

  operation() {
    return newOperation(this.question);
  }

  /** A key that nobody has heard of, as it stands in its header. */
  key(key = randomUUID()) {
    return spelled(key, this.question.spelling);
  }

  /**
   * Sends an operation's request. `key` is the operation's unless it is given: a text, or a list of header
   * values of which each has a line of its own; `[]` for none.
   */
  async send(operation, options = {}) {
    return this.answered(await begin(this.request(operation, options)).answer);
  }

  /** The same, without waiting: `{ sent, answer }`. */
  begin(operation, options = {}) {
    const { sent, answer } = begin(this.request(operation, options));
    const checked = answer.then((value) => this.answered(value));
    checked.catch(() => {});
    return { sent, answer: checked };
  }

  hangUp(operation, options, after) {
    return sendAndHangUp(this.request(operation, options), after);
  }

  answered(answer) {
    if (answer.status === 429) throw new Skip("the endpoint answered 429 (Too Many Requests)");
    return answer;
  }

  /** Sends it again until it is not said to be in progress any more, or time is up; the last answer. */
  async settled(operation, options) {
    const until = Date.now() + this.question.timeout;
    for (let polls = 1; ; polls += 1) {
      const answer = await this.send(operation, options);
      const wait = FIRST_POLL_MS * 2 ** polls;
      if (!isBusy(answer) || polls === POLLS || Date.now() + wait > until) return answer;
      await pause(wait);
    }
  }

  request(operation, { key, body = operation.body, other = false, url = this.question.url, vary } = {}) {
    if (this.left <= 0) throw new Error("an exchange sent more than it had said");
    this.left -= 1;
    this.total += 1;
    const { profile, method, headers, form, keyHeader, timeout } = this.question;
    const defaults = [...contentType(body, form), ...(profile.headers?.() ?? [])];
    const own = replaced(defaults, headers);
    const keys = key === undefined ? [this.key(operation.key)] : [key].flat();
    const all = [...(other ? replaced(own, this.question.other) : own), ...keys.map((value) => [keyHeader, value])];
    const varying = varied({ url, headers: all, body }, vary);
    return { ...varying, body: filled(varying.body), method, timeout };
  }

  /** What `work` gives, with `counted`: how many things it made, by the user's count; undefined without one. */
  async watch(work) {
    const before = await this.count();
    const result = await work();
    const after = await this.count();
    return { ...result, counted: before === undefined ? undefined : after - before };
  }

  async count() {
    const { count } = this.question;
    if (count === undefined) return undefined;
    const { error, stdout } = await new Promise((resolve) => {
      exec(count, { timeout: COUNT_MS, encoding: "utf8" }, (error, stdout) => resolve({ error, stdout }));
    });
    if (!error && /^\d+$/.test(stdout.trim())) return Number(stdout.trim());
    const why = error ? (error.killed ? `took over ${COUNT_MS / 1000} s` : `ended with ${error.code ?? error.signal}`) : "printed no whole number";
    throw new Failure(`--count: the command ${why}`, { cure: "give one that prints how many things there are, and nothing else" });
  }
}

function contentType(body, form) {
  if (body === undefined) return [];
  return [["Content-Type", form ? "application/x-www-form-urlencoded" : "application/json"]];
}

export { NoAnswer };
