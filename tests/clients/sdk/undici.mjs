// undici's `request` through its RetryAgent, with POST among the methods that it retries. It reads the
// status alone, and what it gives up on has lost its body: the caller is left with the headers.
import { Agent, RetryAgent, request } from "undici";

const RETRIED = [429, 500, 502, 503, 504];

/** What `request` gives for a status that it does not retry is an answer like any other. */
class Refused extends Error {
  name = "Refused";
  constructor(statusCode, headers, body) {
    super(body.error.message);
    Object.assign(this, { statusCode, headers, code: body.error.code });
  }
}

export const undici = {
  name: "undici's RetryAgent",
  retries: (status) => RETRIED.includes(status),
  obeysShouldRetry: false,
  obeysRetryAfter: true,
  retriesTimeouts: false,
  followsRedirects: false,
  timeoutError: "HeadersTimeoutError",
  errorName: (status) => (RETRIED.includes(status) ? "RequestRetryError" : "Refused"),

  connect({ url, secret, timeout, retries }) {
    const dispatcher = new RetryAgent(new Agent({ headersTimeout: timeout }), { methods: ["POST"], maxRetries: retries, minTimeout: 100 });
    return async ({ key, amount }) => {
      const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json", "idempotency-key": key };
      const answer = await request(`${url}/orders`, { method: "POST", dispatcher, headers, body: JSON.stringify({ amount }) });
      const body = await answer.body.json();
      if (answer.statusCode >= 300) throw new Refused(answer.statusCode, answer.headers, body);
      return { id: body.id, header: (name) => answer.headers[name] };
    };
  },

  read({ name, statusCode, code, message, headers }) {
    const refused = name === "Refused";
    return { name, status: statusCode, code: refused ? code : detailOf(headers), message: refused ? message : undefined, header: (header) => headers?.[header] };
  },
};

function detailOf(headers) {
  return /^onlyonce; detail=([a-z-]+)/.exec(headers?.["cache-status"])?.[1];
}
