// openai-node: `chat.completions.create`, JSON over the platform's fetch. It obeys X-Should-Retry.
// Its option `idempotencyKey` names no header by itself, so the key goes into `headers`.
import OpenAI, { APIError } from "openai";

const NAMES = { 400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 409: "ConflictError", 422: "UnprocessableEntityError", 429: "RateLimitError" };

export const openai = {
  name: "openai-node",
  // fetch sends a 421 again by itself, on a new connection (Fetch, HTTP-network-or-cache fetch).
  retries: (status) => [408, 409, 421, 429].includes(status) || status >= 500,
  obeysShouldRetry: true,
  obeysRetryAfter: true,
  retriesTimeouts: true,
  followsRedirects: true,
  timeoutError: "APIConnectionTimeoutError",
  errorName: (status) => NAMES[status] ?? (status >= 500 ? "InternalServerError" : "APIError"),

  connect({ url, secret, timeout, retries }) {
    const api = openaiApi(url, secret, { timeout, maxRetries: retries });
    return async ({ key, amount }) => {
      const { data, response } = await api.chat.completions.create(prompt(amount), { headers: { "Idempotency-Key": key } }).withResponse();
      return { id: data.id, header: (name) => response.headers.get(name) ?? undefined };
    };
  },

  read(error) {
    const { status, code, message, headers } = error;
    // APIError's message begins with the status.
    const said = error instanceof APIError && status ? message.slice(`${status} `.length) : message;
    return { name: error.constructor.name, status, code, message: said, header: (name) => headers?.get(name) ?? undefined };
  },
};

export function openaiApi(url, secret, options = {}) {
  return new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, logLevel: "off", ...options });
}

export function prompt(amount) {
  return { model: "gpt-5", messages: [{ role: "user", content: `Order tea for ${amount}.` }] };
}
