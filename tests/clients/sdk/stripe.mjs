// stripe-node: `charges.create`, form-encoded. It looks for the member `error` of an answer before it
// looks at the status, and obeys Stripe-Should-Retry.
import Stripe from "stripe";

export const stripe = {
  name: "stripe-node",
  retries: (status) => status === 409 || status >= 500,
  obeysShouldRetry: true,
  obeysRetryAfter: false,
  retriesTimeouts: true,
  followsRedirects: false,
  timeoutError: "StripeConnectionError",
  errorName: (status) => (status === 429 ? "StripeRateLimitError" : status === 401 ? "StripeAuthenticationError"
    : status === 403 ? "StripePermissionError" : status === 400 ? "StripeIdempotencyError" : "StripeAPIError"),

  connect({ url, secret, timeout, retries }) {
    const api = stripeApi(url, secret, { timeout, maxNetworkRetries: retries });
    return async ({ key, amount }) => {
      const charge = await api.charges.create({ amount, currency: "eur", source: "tok_visa" }, { idempotencyKey: key });
      return { id: charge.id, header: (name) => charge.lastResponse.headers[name] };
    };
  },

  read: ({ type, statusCode, code, message, headers }) => ({ name: type, status: statusCode, code, message, header: (name) => headers?.[name] }),
};

export function stripeApi(url, secret, options = {}) {
  const { hostname: host, port } = new URL(url);
  return new Stripe(secret, { host, port, protocol: "http", ...options });
}
