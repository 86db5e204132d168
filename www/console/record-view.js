// One record: what it is, what happened to it as a time line, its answer, and what can be done about it.

import { announce, button, count, element, table } from "./dom.js";
import { ask } from "./guard-api.js";
import { actionsOf } from "./record-actions.js";
import { eventsOf } from "./record-events.js";
import { age, time } from "./times.js";
import { stateInWords } from "./words.js";

/** A larger body is not for a page: the guard can hand out 24 MiB. */
const MAX_BODY_ASKED = 1024 * 1024;
const MAX_TEXT_SHOWN = 64 * 1024;

export function recordView(page, id) {
  const place = element("div", { tabindex: "-1" });
  const load = () => page.load(place, async (signal) => content(page, place, await ask(`records/${id}`, { signal })), "Asking the record’s shard…");
  page.show(
    page.title(`Record ${id.slice(0, 12)}…`),
    element("p", { class: "id" }, element("code", {}, id)),
    element("div", { class: "buttons" }, button("Look again", load), element("a", { href: "#unknown", class: "button" }, "To the list")),
    place,
  );
  load();
}

/** What is known of the record; after an act the same, as the guard then tells it. */
function content(page, place, record) {
  const [name] = stateInWords(record.state);
  announce(`The record is: ${name}.`);
  const shown = (changed, said) => {
    place.replaceChildren(element("p", { class: "done", role: "status", tabindex: "-1" }, said), ...content(page, place, changed));
    place.querySelector(".done").focus();
  };
  return [
    facts(record, name),
    element("section", { "aria-labelledby": "happened" }, element("h2", { id: "happened" }, "What happened"), timeLine(record)),
    record.answer && answerSection(page, record),
    actionsOf(record, { page, shown }),
    element("details", { class: "raw" }, element("summary", {}, "All that the guard says"), element("pre", { tabindex: "0" }, JSON.stringify(record, null, 2))),
  ].filter(Boolean);
}

function facts(record, name) {
  const { method, route, claim, attempt, fingerprint, claimed_at, call_open } = record;
  const rows = [
    ["State", element("strong", { class: `state ${record.state}` }, name)],
    route && ["Operation", element("span", { class: "mono" }, `${method} ${route}`)],
    claimed_at && ["Claimed", age(claimed_at)],
    attempt && ["Attempt", String(attempt)],
    claim && ["Call to the origin", call_open ? "open" : "none open"],
    claim && ["Claim", element("code", {}, claim)],
    fingerprint && ["Fingerprint", element("code", {}, fingerprint)],
  ];
  return element("dl", { class: "facts" }, rows.filter(Boolean).map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))));
}

function timeLine(record) {
  return element("ol", { class: "timeline" }, eventsOf(record).map(({ at, when, title, text, kind }) =>
    element("li", { class: kind, "aria-current": kind === "now" && "time" },
      element("p", { class: "when" }, at ? [time(at), kind !== "now" && [" · ", age(at)]].flat() : when ?? "at a time that is not recorded"),
      element("p", { class: "what" }, title),
      text && element("p", { class: "hint" }, text))));
}

function answerSection(page, { record, answer, state }) {
  const heading = state === "unknown" ? "What the origin answered" : "The answer that retries get";
  const omitted = answer.omitted && element("p", { class: "hint" }, "A retry does not get all of it, as the policy has it: ", element("code", {}, answer.omitted), ".");
  const headers = answer.headers.length > 0
    ? table("The answer’s headers", ["Header", "Value"], answer.headers.map(([name, value]) => [element("code", {}, name), element("code", {}, value)]))
    : element("p", { class: "hint" }, answer.body === "sealed" ? "The headers are sealed." : "No headers.");
  return element("section", { class: "answer", "aria-labelledby": "answer" },
    element("h2", { id: "answer" }, heading), element("p", {}, "Status ", element("strong", {}, String(answer.status))), headers, omitted, bodyPart(page, record, answer));
}

function bodyPart(page, id, answer) {
  if (answer.body === "sealed") return element("p", { class: "hint" }, "The answer is sealed: only who has its key can read it. The doctor shows it (--answer).");
  if (answer.body !== "kept") return element("p", { class: "hint" }, "The body was too large, or is not kept on its route.");
  if (answer.body_bytes === 0) return element("p", { class: "hint" }, "The body is empty.");
  const size = count(answer.body_bytes, "byte");
  if (answer.body_bytes > MAX_BODY_ASKED) return element("p", { class: "hint" }, `The body has ${size}, too many for this page: GET /.onlyonce/records/${id}?body=1 gives it.`);
  const place = element("div", { tabindex: "-1", class: "body-part" });
  const load = () => page.load(place, async (signal) => body((await ask(`records/${id}?body=1`, { signal })).answer), "Reading the body…");
  place.append(button(`Show the body (${size})`, load), element("p", { class: "hint" }, "It may hold a customer’s data."));
  return place;
}

/** As text, whatever it is; the answer may have changed since the record was shown. */
function body(answer) {
  const bytes = Uint8Array.from(atob(answer?.body_base64 ?? ""), (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_TEXT_SHOWN));
  announce("The body is shown.");
  return [
    element("h3", {}, "Its body"),
    element("pre", { tabindex: "0", class: "body" }, text),
    bytes.length > MAX_TEXT_SHOWN && element("p", { class: "hint" }, `These are the first ${count(MAX_TEXT_SHOWN, "byte")} of ${bytes.length.toLocaleString("en")}.`),
  ];
}
