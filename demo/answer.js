// How the shop answers.
//
// 1. Every body is JSON with one final newline.
// 2. A refusal is `{"error": {"code", "detail"}}`; its detail names the value,
//    the reason and the cure in one sentence.

export class Refusal extends Error {
  constructor(status, code, detail, headers = {}) {
    super(detail);
    Object.assign(this, { status, code, headers });
  }
}

export function json(status, body, headers = {}) {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function refusalResponse({ status, code, message, headers }) {
  return json(status, { error: { code, detail: message } }, headers);
}

export function refuseMethod(method, path, allowed) {
  throw new Refusal(405, "method-not-allowed",
    `${method} does nothing at ${path}: use ${allowed}.`, { allow: allowed });
}
