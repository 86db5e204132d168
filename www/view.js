// Draws answers and the ledger. Text only ever goes in as text, never as HTML.

import { isGuarded } from "./shop.js";

const SHOWN_HEADERS = ["Idempotency-Replayed", "Cache-Status", "Age", "Retry-After"];

export function waitingEntry(number) {
  const entry = element("li", "answer waiting");
  entry.append(heading("Waiting", `request ${number}`, "…"));
  return entry;
}

export function showAnswer(entry, number, answer) {
  entry.className = `answer ${tone(answer)}`;
  entry.replaceChildren(
    heading(statusText(answer), `request ${number} · ${how(answer)}`, `${answer.ms} ms`),
    outcome(answer),
    headerList(answer),
  );
}

function tone({ lost, status }) {
  if (lost) return "bad";
  if (status < 300) return "good";
  return status < 500 ? "odd" : "bad";
}

function statusText({ lost, status, statusText }) {
  return lost ? "Lost" : `${status} ${statusText}`.trim();
}

function how(answer) {
  if (answer.lost) return "nobody answered";
  if (!isGuarded(answer)) return "no guard in front";
  if (answer.problem) return "said by the guard";
  const cache = answer.headers.get("cache-status");
  if (/collapsed/.test(cache)) return "waited for the first";
  return answer.headers.get("idempotency-replayed") === "true" ? "replayed" : "said by the shop";
}

function heading(status, from, time) {
  const line = element("div", "answer-head");
  line.append(element("strong", "status", status), element("span", "from", from), element("span", "time", time));
  return line;
}

function outcome({ lost, problem, body }) {
  if (lost) return element("p", "", lost);
  if (problem) return titled(problem.title, problem.detail);
  if (body.error) return titled(body.error.code, body.error.detail);
  if (body.id) return orderLine(body);
  return element("p", "", body.text || "(no body)");
}

function titled(title, detail) {
  const part = element("p", "");
  part.append(element("strong", "", title ?? "Problem"), ` ${detail ?? ""}`);
  return part;
}

function orderLine({ number, id }) {
  const line = element("p", "");
  line.append(`Order no. ${number}, id `, shortId(id));
  return line;
}

function headerList({ headers }) {
  const list = element("dl", "headers mono");
  for (const name of SHOWN_HEADERS) {
    const value = headers?.get(name);
    if (value) list.append(element("dt", "", name), headerValue(value));
  }
  return list;
}

// A record id has 64 digits; eight tell it apart, the tooltip has all.
function headerValue(value) {
  const part = element("dd", "", value.replace(/([0-9a-f]{8})[0-9a-f]{56}/, "$1…"));
  part.title = value;
  return part;
}

export function showVerdict(place, { sent, answers }) {
  const orders = new Set(answers.map(({ body }) => body?.id).filter(Boolean));
  const parts = [`${count(sent, "request")} sent with this key`];
  if (answers.length > 0) parts.push(`${count(answers.length, "answer")}, ${count(orders.size, "order")}`);
  if (sent > answers.length) parts.push(`${sent - answers.length}\u00a0waiting`);
  place.textContent = sent === 0 ? "Nothing sent with this key yet." : parts.join(" · ");
}

export function showLedger(total, rows, answer) {
  if (!answer.body?.executions) {
    total.textContent = `Cannot be read: ${answer.lost ?? answer.problem?.detail ?? answer.body.error?.detail ?? answer.status}`;
    return;
  }
  total.textContent = `${count(answer.body.total, "order")} executed`;
  rows.replaceChildren(...answer.body.executions.toReversed().map(ledgerRow));
}

function ledgerRow({ number, item, quantity, price_cents, id, executed_at }) {
  const row = element("tr", "");
  const order = element("td", "", `${quantity} × ${item}`);
  order.append(element("span", "sum", ((quantity * price_cents) / 100).toFixed(2)));
  const idCell = element("td", "");
  idCell.append(shortId(id));
  row.append(element("td", "number", number), order, idCell, element("td", "number", clock(executed_at)));
  return row;
}

function shortId(id) {
  const part = element("code", "", id.slice(0, 8));
  part.title = id;
  return part;
}

function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function count(number, noun) {
  return `${number}\u00a0${noun}${number === 1 ? "" : "s"}`;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
