// axios with axios-retry, which retries no POST unless it is told to: `isRetryableError` is the
// condition that its documentation gives for calls that carry a key. It reads the status alone.
import axiosLibrary from "axios";
import axiosRetry, { exponentialDelay, isRetryableError } from "axios-retry";

export const axios = {
  name: "axios with axios-retry",
  retries: (status) => status === 429 || (status >= 500 && status <= 599),
  obeysShouldRetry: false,
  obeysRetryAfter: true,
  retriesTimeouts: true,
  followsRedirects: true,
  timeoutError: "AxiosError",
  errorName: () => "AxiosError",

  connect({ url, secret, timeout, retries }) {
    const api = axiosLibrary.create({ baseURL: url, timeout, headers: { authorization: `Bearer ${secret}` }, transitional: { clarifyTimeoutError: true } });
    axiosRetry(api, { retries, retryCondition: isRetryableError, retryDelay: exponentialDelay, shouldResetTimeout: true });
    return async ({ key, amount }) => {
      const { data, headers } = await api.post("/orders", { amount }, { headers: { "Idempotency-Key": key } });
      return { id: data.id, header: (name) => headers[name] };
    };
  },

  read({ name, response, message }) {
    const problem = response?.data;
    return {
      name,
      status: response?.status,
      code: problem?.error?.code,
      message: problem?.error?.message ?? message,
      header: (header) => response?.headers[header],
    };
  },
};
