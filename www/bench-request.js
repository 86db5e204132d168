// The request that the bench's fields describe.
//
// 1. One header a line, "Name: value"; an empty line is no header.
// 2. The key travels as it was typed, so that a bad one can be seen refused.
// 3. What cannot be sent is named, with the reason: `{ error }` in place of `{ request }`. Nothing is
//    left out in silence.

import { ownAddress } from "./departures.js";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const BODILESS = new Set(["GET", "HEAD"]);

/** `{ request }`, or `{ error }`; `lines` are the headers, as pairs. */
export function requestFrom({ url, method, headers, body, key }) {
  try {
    const target = targetOf(url);
    const lines = headerLines(headers);
    refuseTwoKeys(lines, key);
    if (key !== "") lines.push(["Idempotency-Key", key]);
    if (BODILESS.has(method) && body !== "") throw new Refusal(`${method} carries no body in a browser: empty the field, or choose another method.`);
    return { request: requestOf(target, method, lines, body), lines };
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message };
    return { error: `The browser does not send this: ${error.message}` };
  }
}

class Refusal extends Error {}

function targetOf(text) {
  if (!URL.canParse(text, location.href)) throw new Refusal(`URL "${text}" cannot be read: write it with https://.`);
  const url = new URL(text, location.href);
  if (!/^https?:$/.test(url.protocol)) throw new Refusal(`URL "${text}" is not for http: a page can only send to https:// and http://.`);
  if (url.username || url.password) throw new Refusal("The URL holds a user name or a password, which a page may not send there: use a header, Authorization: Basic …");
  if (location.protocol === "https:" && url.protocol === "http:" && !isLocal(url)) {
    throw new Refusal(`This page came over https, so the browser lets it send nothing to ${url.origin} over plain http.`);
  }
  return url;
}

function isLocal({ hostname }) {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function headerLines(text) {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "").map(headerLine);
}

function headerLine(line) {
  if (/^\s/.test(line)) throw new Refusal(`Header line "${line.trim()}" begins with a space, as a folded line does; HTTP has given those up: write the value on one line.`);
  const at = line.indexOf(":");
  if (at < 0) throw new Refusal(`Header "${line}" has no colon: write Name: value.`);
  const [name, value] = [line.slice(0, at), line.slice(at + 1).trim()];
  if (!TOKEN.test(name)) throw new Refusal(`Header name "${name}" holds ${strangeIn(name)}, which no name may: write Name: value.`);
  const strange = [...value].find((character) => character.codePointAt(0) > 0xff);
  if (strange) throw new Refusal(`Header ${name} holds "${strange}" (${codeOf(strange)}), which no header can carry as it is: percent-encode it.`);
  return [name, value];
}

function strangeIn(name) {
  const strange = [...name].find((character) => !TOKEN.test(character));
  if (strange === undefined) return "nothing";
  return /\s/.test(strange) ? "a space" : `"${strange}" (${codeOf(strange)})`;
}

function codeOf(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function refuseTwoKeys(lines, key) {
  const typed = lines.find(([name]) => name.toLowerCase() === "idempotency-key");
  if (typed && key !== "") throw new Refusal("There is an Idempotency-Key among the headers and another in its own field: empty one of them.");
}

function requestOf(url, method, lines, body) {
  const request = new Request(ownAddress(url), { method, headers: lines, body: BODILESS.has(method) || body === "" ? undefined : body });
  // A browser keeps some headers to itself, and says nothing.
  const kept = lines.find(([name]) => !request.headers.has(name));
  if (kept) throw new Refusal(`Header ${kept[0]} is the browser’s own: it lets no page set it. Copy the request as curl to send it all the same.`);
  return request;
}

/** The same request as a command. */
export function curlOf({ url, method, headers, body, key }) {
  const { error, lines } = requestFrom({ url, method, headers, body, key });
  const named = error ? roughLines(headers, key) : lines;
  const withType = body === "" || named.some(([name]) => name.toLowerCase() === "content-type") ? named : [...named, ["Content-Type", "text/plain;charset=UTF-8"]];
  const parts = ["curl -i", ...(method === "POST" && body !== "" ? [] : [`-X ${method}`]), quoted(URL.canParse(url, location.href) ? new URL(url, location.href).href : url)];
  const headersOf = withType.map(([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  return [...parts, ...headersOf, ...(body === "" ? [] : [`--data-raw ${quoted(body)}`])].join(" ");
}

// What a browser would not send, curl may.
function roughLines(headers, key) {
  const lines = headers.split(/\r?\n/).filter((line) => line.includes(":")).map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()]);
  return key === "" ? lines : [...lines, ["Idempotency-Key", key]];
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
