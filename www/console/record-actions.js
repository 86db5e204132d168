// What an operator can do to a record: resolve an unknown outcome, or forget the key. Each act says first
// what it will do, and names the claim that was looked at: should another one stand by then, the guard
// refuses. Who may only read is told so in the place of the buttons.

import { confirm } from "./confirm-dialog.js";
import { button, count, element, field } from "./dom.js";
import { ask, mayAct, nameOfOperator } from "./guard-api.js";
import { ageInWords } from "./times.js";

/** The section with the buttons; null where nothing can be done. `shown(record, said)` shows what became of it. */
export function actionsOf(record, { page, shown }) {
  if (!record.claim && record.state !== "fenced") return null;
  const act = new Act(record, page, shown);
  return element("section", { class: "acts", "aria-labelledby": "acts" },
    element("h2", { id: "acts" }, "What you can do"),
    mayAct() ? [record.state === "unknown" && act.resolving(), act.forgetting()] : element("p", { class: "hint" }, readingOnly()));
}

function readingOnly() {
  return `You are ${nameOfOperator()}, who may read and not act. Hand this page’s address to somebody whom ACCESS_OPERATORS names.`;
}

class Act {
  constructor(record, page, shown) {
    Object.assign(this, { record, page, shown });
    this.operation = record.route ? `${record.method} on ${record.route}, claimed ${ageInWords(Date.parse(record.claimed_at))}` : "this key";
  }

  resolving() {
    const warning = this.record.call_open && element("p", { class: "warning" }, "A call to the origin is still open: its late answer ends this by itself. Wait for it before you decide.");
    return element("div", { class: "act" },
      element("h3", {}, "You know what became of it"),
      element("p", { class: "hint" }, "Look in the origin’s data first: it saw the key in Idempotency-Key."),
      warning,
      button("It was not processed…", () => this.#confirmNotProcessed()),
      this.#answerForm());
  }

  forgetting() {
    return element("div", { class: "act" },
      element("h3", {}, "The key was taken by mistake"),
      element("p", { class: "hint" }, "Not for trying again what may have worked: the next request with this key is carried out."),
      button("Forget this key…", () => this.#confirmForget()));
  }

  #confirmNotProcessed() {
    this.#ask({
      title: "Say that it was not processed?",
      paragraphs: [
        `Operation: ${this.operation}.`,
        "The key is free at once. The next request with it, a client’s retry for instance, is sent to the origin and carried out.",
        "If the origin did act the first time, it then acts twice, and a customer may pay twice.",
      ],
      keep: "Leave it unknown",
      go: "Free the key",
      path: "/resolve",
      document: { claim: this.record.claim, outcome: "not-processed" },
      said: "Resolved as not processed: the key is free, and the next request with it is carried out.",
    });
  }

  #answerForm() {
    const status = element("input", { type: "number", min: "200", max: "599", value: "200", required: true, inputmode: "numeric" });
    const headers = element("textarea", { rows: "2", class: "mono", spellcheck: "false", autocomplete: "off" }, "content-type: application/json");
    const body = element("textarea", { rows: "4", class: "mono", spellcheck: "false", autocomplete: "off" });
    const said = element("p", { class: "wrong", role: "alert" });
    const form = element("form", { class: "answer-form" },
      field("Status", status), field("Headers", headers, "One a line, as in content-type: application/json."),
      field("Body", body, "At most 64 KiB. What the origin would have said: every retry gets just this."), said,
      element("div", { class: "buttons" }, element("button", {}, "Give this answer…")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const lines = headers.value.split("\n").filter((line) => line.trim());
      const wrong = lines.find((line) => !/^[^:\s]+:/.test(line));
      said.textContent = wrong ? `“${wrong.trim()}” is no header: write name: value.` : "";
      if (!wrong) this.#confirmAnswer(Number(status.value), lines.map(header), body.value);
    });
    return element("details", {}, element("summary", {}, "It was processed: give the answer…"), form);
  }

  #confirmAnswer(status, headers, text) {
    const bytes = new TextEncoder().encode(text);
    this.#ask({
      title: "Give every retry this answer?",
      paragraphs: [
        `Operation: ${this.operation}.`,
        `Each client that retries gets status ${status}, ${count(headers.length, "header")} and ${count(bytes.length, "byte")} of body. It is marked as an operator’s word, never as the origin’s.`,
        `The origin is not called under this key again until the window ends, ${ageInWords(Date.parse(this.record.expires_at))}. If the origin did not act, the operation is never carried out under this key.`,
      ],
      keep: "Leave it unknown",
      go: "Give this answer",
      path: "/resolve",
      document: { claim: this.record.claim, outcome: "answer", status, headers, body_base64: base64(bytes) },
      said: "Resolved: every retry gets the answer that you gave.",
    });
  }

  #confirmForget() {
    const { state } = this.record;
    const known = state === "done" ? "The stored answer is deleted with it. If this operation was carried out, it is carried out again." : "If the origin has acted, it acts again, and a customer may pay twice.";
    this.#ask({
      title: "Forget this key?",
      paragraphs: [
        `Operation: ${this.operation}.`,
        "For about two minutes requests with this key are told that it is in progress, until no old copy of its answer can be shown. Then the next request with it is sent to the origin.",
        known,
      ],
      keep: "Keep the record",
      go: "Forget the key",
      method: "DELETE",
      path: "",
      said: "Forgotten: the key is free again in about two minutes.",
    });
  }

  #ask({ method = "POST", path, document, said, ...words }) {
    const act = async () => {
      const changed = await ask(`records/${this.record.record}${path}`, { method, document });
      return () => this.page.signal.aborted || this.shown(changed, said);
    };
    confirm({ ...words, act, failed: (error) => (this.page.refused(error) ? null : REFUSALS[error.code] ?? error.message) });
  }
}

const REFUSALS = {
  "call-open": "Nothing was changed: a call to the origin is still open. Wait until it ends, at the latest with its deadline or its stream, and look again.",
  "read-only": "Nothing was changed: you may read and not act any more.",
  "not-unknown": "Nothing was changed: the outcome is not unknown under this claim any more. Something has ended the doubt meanwhile; look again.",
};

function header(line) {
  const at = line.indexOf(":");
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
