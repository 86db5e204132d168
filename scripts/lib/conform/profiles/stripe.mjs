// Stripe's API v1, as its documentation has it in November 2026.
import * as judge from "../judges.mjs";
import { quotes } from "./quote.mjs";

const says = quotes("Stripe API reference", "https://docs.stripe.com/api/idempotent_requests");
const advises = quotes("Stripe, Advanced error handling", "https://docs.stripe.com/error-low-level");
const lists = quotes("Stripe API reference", "https://docs.stripe.com/api/errors");
const codes = quotes("Stripe, Error codes", "https://docs.stripe.com/error-codes");
const IDEMPOTENT = "Idempotent requests";

const RECOGNIZE = says(IDEMPOTENT, "A client generates an idempotency key, which is a unique key that the server uses to recognize subsequent retries of the same request.");
const SAFELY = says(IDEMPOTENT, "The API supports idempotency for safely retrying requests without accidentally performing the same operation twice.");
const SAVED = says(IDEMPOTENT, "Stripe’s idempotency works by saving the resulting status code and body of the first request made for any given idempotency key, regardless of whether it succeeds or fails. Subsequent requests with the same key return the same result, including 500 errors.");
const LOST = says(IDEMPOTENT, "Then, if a connection error occurs, you can safely repeat the request without risk of creating a second object or performing the update twice.");
const LONG = says(IDEMPOTENT, "Idempotency keys are up to 255 characters long.");
const COMPARED = says(IDEMPOTENT, "The idempotency layer compares incoming parameters to those of the original request and errors if they’re not the same to prevent accidental misuse.");
const REPLAYED = advises("Idempotency", "To identify a previously executed response that's being replayed from the server, look for the header Idempotent-Replayed: true.");
const BEGAN = advises("Idempotency", "For a POST operation using an idempotency key, as long as an API method began execution, Stripe's API servers will cache the results of the request regardless of what they were.");
const OWN = advises("Idempotency", "the idempotency layer caches the result of POST mutations that result in server errors (specifically 500s, which are internal server errors), so retrying them with the same idempotency key usually produces the same result.");
const CONFLICT = advises("Status codes", "409 Conflict: The request conflicts with another request (perhaps due to using the same idempotent key).");
const TYPE = lists("Errors", "Idempotency errors occur when an Idempotency-Key is re-used on a request that does not match the first request's API endpoint and parameters.");
const ENVELOPE = lists("Errors", "The type of error returned. One of api_error, card_error, idempotency_error, or invalid_request_error");
const IN_USE = codes("idempotency_key_in_use", "The idempotency key provided is currently being used in another request. This occurs if your integration is making duplicate requests simultaneously.");

const TYPES = ["api_error", "card_error", "idempotency_error", "invalid_request_error"];

export const stripe = {
  name: "stripe",
  title: "Stripe's idempotent requests (API v1)",
  spelling: "bare",
  form: true,
  malformed: ["256 characters"],
  checks: [
    { id: "first-executes", level: "must", exchange: "control", judge: judge.firstIsExecuted, quote: RECOGNIZE },
    { id: "other-key-executes", level: "must", exchange: "control", judge: judge.otherKeyIsAnother, quote: RECOGNIZE },
    { id: "retry-executes-once", level: "must", exchange: "retry", judge: judge.retryIsAnswered, quote: SAVED },
    { id: "retry-same-bytes", level: "must", exchange: "retry", judge: judge.retryIsTheSame, quote: SAVED },
    { id: "retry-replayed-header", level: "must", exchange: "retry", judge: judge.replayIsMarked("idempotent-replayed"), quote: REPLAYED },
    { id: "concurrent-executes-once", level: "must", exchange: "concurrent", judge: judge.concurrentIsOnce, quote: SAFELY },
    { id: "in-flight-executes-once", level: "must", exchange: "in flight", judge: judge.inFlightIsOnce, quote: SAFELY },
    { id: "in-flight-409", level: "should", exchange: "in flight", judge: judge.inFlightIsRefused({ status: 409 }), quote: CONFLICT },
    { id: "in-flight-code", level: "should", exchange: "in flight", judge: judge.inFlightIsRefused({ status: 409, members: { "error.code": "idempotency_key_in_use" } }), quote: IN_USE },
    { id: "hang-up-executes-once", level: "must", exchange: "hang-up", judge: judge.hangUpIsKept, quote: LOST },
    { id: "reuse-not-executed", level: "must", exchange: "reuse", judge: judge.reuseIsNotExecuted, quote: COMPARED },
    { id: "reuse-400-idempotency-error", level: "must", exchange: "reuse", judge: judge.reuseIsRefused({ status: 400, members: { "error.type": "idempotency_error" } }), quote: TYPE },
    { id: "long-key", level: "must", exchange: "long key", judge: judge.longIsAKey, quote: LONG },
    { id: "too-long-key-400", level: "should", exchange: "bad keys", judge: judge.malformedIsRefused({ status: 400 }), quote: LONG },
    { id: "refusal-envelope", level: "must", exchange: ["reuse", "in flight", "bad keys"], judge: judge.refusalsHave({ "error.type": TYPES, "error.message": String }), quote: ENVELOPE },
    { id: "other-caller-no-leak", level: "must", exchange: "other caller", judge: judge.otherIsNotShown, quote: RECOGNIZE },
    { id: "other-caller-executes", level: "should", exchange: "other caller", judge: judge.otherIsAnOperation, quote: RECOGNIZE },
    { id: "other-caller-keeps-first", level: "must", exchange: "other caller", judge: judge.firstKeepsItsAnswer, quote: SAVED },
    { id: "other-endpoint-no-mixup", level: "must", exchange: "other endpoint", judge: judge.endpointIsNotShown, quote: TYPE },
    { id: "other-endpoint-400", level: "should", exchange: "other endpoint", judge: judge.endpointIsRefused({ status: 400, members: { "error.type": "idempotency_error" } }), quote: TYPE },
    { id: "server-error-executes-once", level: "must", exchange: "server error", judge: judge.errorIsOnce, quote: SAVED },
    { id: "server-error-same-answer", level: "must", exchange: "server error", judge: judge.errorIsTheSame, quote: OWN },
    { id: "client-error-executes-once", level: "must", exchange: "client error", judge: judge.errorIsOnce, quote: BEGAN },
    { id: "client-error-same-answer", level: "should", exchange: "client error", judge: judge.errorIsTheSame, quote: BEGAN },
  ],
};
