// The request that the bench's fields describe.
//
// 1. One header a line, "Name: value"; an empty line is no header.
// 2. The key travels as it was typed, so that a bad one can be seen refused.
// 3. What cannot be sent is named: `{ error }` in place of `{ request }`.

export function requestFrom({ url, method, headers, body, key }) {
  if (!URL.canParse(url, location.href)) return { error: `URL "${url}" cannot be read: write it with https://.` };
  const lines = headers.split("\n").filter((line) => line.trim() !== "");
  const malformed = lines.find((line) => !/^[^:\s]+\s*:/.test(line));
  if (malformed !== undefined) return { error: `Header "${malformed}" has no colon: write Name: value.` };
  return buildRequest(new URL(url, location.href), method, lines, body, key);
}

function buildRequest(url, method, lines, body, key) {
  try {
    const all = new Headers(lines.map((line) => [line.split(":")[0].trim(), line.slice(line.indexOf(":") + 1).trim()]));
    if (key !== "") all.set("idempotency-key", key);
    const bodiless = method === "GET" || method === "HEAD";
    return { request: new Request(url, { method, headers: all, body: bodiless || body === "" ? undefined : body }) };
  } catch (error) {
    return { error: `The browser does not send this: ${error.message}` };
  }
}
