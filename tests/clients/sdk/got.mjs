// got, with POST among the methods that it retries. It reads the status alone, and spells the key as
// the draft standard does.
import gotLibrary from "got";

const RETRIED = [408, 413, 429, 500, 502, 503, 504, 521, 522, 524];

export const got = {
  name: "got",
  // A 413 only with Retry-After.
  retries: (status) => status !== 413 && RETRIED.includes(status),
  obeysShouldRetry: false,
  obeysRetryAfter: true,
  retriesTimeouts: true,
  followsRedirects: true,
  timeoutError: "TimeoutError",
  errorName: () => "HTTPError",

  connect({ url, secret, timeout, retries }) {
    const api = gotLibrary.extend({
      headers: { authorization: `Bearer ${secret}` },
      timeout: { request: timeout },
      retry: { limit: retries, methods: ["POST"], backoffLimit: 300 },
      responseType: "json",
    });
    return async ({ key, amount }) => {
      const { body, headers } = await api.post(`${url}/orders`, { json: { amount }, headers: { "idempotency-key": `"${key}"` } });
      return { id: body.id, header: (name) => headers[name] };
    };
  },

  read({ name, response, message }) {
    const error = response?.body?.error;
    return { name, status: response?.statusCode, code: error?.code, message: error?.message ?? message, header: (header) => response?.headers[header] };
  },
};
