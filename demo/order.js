// What an order is, and how one is read from a request.
//
// 1. A JSON object of at most 64 KiB, said to be `application/json`.
// 2. `item`: 1 to 200 characters of text. `quantity`: a whole number from 1 to
//    1,000. `price_cents`: a whole number from 0 to 100,000,000.
// 3. Other members are allowed and not looked at.
// 4. The first thing wrong is refused; nothing is executed.

import { Refusal } from "./answer.js";

const MAX_BODY = 64 * 1024;
const MAX_ITEM = 200;

export async function orderFrom(request) {
  requireJson(request.headers.get("content-type"));
  const value = parse(await readBody(request));
  return {
    item: itemOf(value),
    quantity: wholeNumber(value, "quantity", 1, 1000, 2),
    price_cents: wholeNumber(value, "price_cents", 0, 100_000_000, 1250),
  };
}

function requireJson(contentType) {
  const type = (contentType ?? "").split(";")[0].trim().toLowerCase();
  if (type === "application/json") return;
  throw new Refusal(415, "content-type-unsupported",
    `Content-Type "${type}" is not read here: send the order as application/json.`);
}

// Counted while reading: a chunked body states no length in advance. It is read to its end even where it
// is too large: a connection that is closed with bytes unread may lose the refusal on its way.
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  if (size > MAX_BODY) throw tooLarge(size);
  return new Blob(chunks).arrayBuffer();
}

function tooLarge(size) {
  return new Refusal(413, "body-too-large",
    `The body has ${size} bytes, more than the ${MAX_BODY} allowed: send one order a request.`);
}

function parse(bytes) {
  const value = parseJson(bytes);
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  throw new Refusal(400, "order-invalid",
    `The body ${excerpt(value)} is not a JSON object: send {"item": "…", "quantity": 1, "price_cents": 900}.`);
}

function parseJson(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal(400, "json-invalid",
      `The body is not JSON in UTF-8 (${error.message}): send {"item": "…", "quantity": 1, "price_cents": 900}.`);
  }
}

function itemOf({ item }) {
  if (typeof item === "string" && item.trim() !== "" && [...item].length <= MAX_ITEM) return item;
  throw new Refusal(400, "order-invalid",
    `item ${excerpt(item)} is not text of 1 to ${MAX_ITEM} characters: name what is ordered.`);
}

function wholeNumber(order, field, min, max, example) {
  const value = order[field];
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Refusal(400, "order-invalid",
    `${field} ${excerpt(value)} is not a whole number from ${min} to ${max}: write for example "${field}": ${example}.`);
}

function excerpt(value) {
  return value === undefined ? "(missing)" : JSON.stringify(value).slice(0, 80);
}
