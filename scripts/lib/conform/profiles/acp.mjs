// The Agentic Commerce Protocol of 2026-04-17: its RFC of the checkout, section 6.
import { randomUUID } from "node:crypto";
import * as judge from "../judges.mjs";
import { quotes } from "./quote.mjs";

const says = quotes(
  "Agentic Commerce Protocol 2026-04-17, RFC: Agentic Checkout",
  "https://github.com/agentic-commerce-protocol/agentic-commerce-protocol/blob/c2afc86/rfcs/rfc.agentic_checkout.md",
);

const CLIENTS = says("6.1", "Clients MUST include an Idempotency-Key header on every POST request (create, update, complete, cancel).");
const OPAQUE = says("6.1", "The key is an opaque string, max 255 characters; UUID v4 is RECOMMENDED.");
const SCOPE = says("6.1", "Servers MUST scope keys to the authenticated identity + endpoint path; the same key on different endpoints is treated independently.");
const MISSING = says("6.1", "A POST request without an Idempotency-Key header MUST be rejected with: … HTTP status: 400 Bad Request.");
const EQUAL = says("6.2", "Equivalence is determined by semantic JSON equality of the request body only; headers are excluded.");
const REPLAY = says("6.3", "Same key + identical body → server MUST return the original response with the same HTTP status code.");
const MARKED = says("6.3", "The replayed response SHOULD include the header Idempotent-Replayed: true.");
const ONCE = says("6.3", "Servers MUST NOT re-execute side effects (e.g., payment capture, inventory reservation) on replay.");
const ERRORS = says("6.4", 'All idempotency errors use type: "invalid_request" and the following codes:');
const CONFLICT = says("6.4", "Same key, different body | 422 | idempotency_conflict | No (permanent)");
const IN_FLIGHT = says("6.4", "Same key, original request still in flight | 409 | idempotency_in_flight | Yes (honor Retry-After)");
const LATER = says("6.4", "Servers SHOULD include a Retry-After header (in seconds).");
const FRESH = says("6.5", "A retry with the same key after a 5xx MUST be processed as a fresh request.");
const ECHO = says("3.1", "Idempotency-Key — echo on all POST responses");

const NOT_A_MUST = "a should here, though the text says MUST: by the letter it carries out again what failed after it was done, and 6.3 says that a server MUST NOT";

const REFUSALS = ["no key", "bad keys", "reuse", "in flight"];
const API_VERSION = "2026-04-17";

const error = (code) => ({ type: "invalid_request", code });

export const acp = {
  name: "acp",
  title: "Agentic Commerce Protocol (2026-04-17)",
  spelling: "bare",
  malformed: ["256 characters"],
  body: '{"items":[{"id":"item_123","quantity":1}]}',
  headers: () => [["API-Version", API_VERSION], ["Request-Id", randomUUID()], ["Timestamp", new Date().toISOString()]],
  checks: [
    { id: "first-executes", level: "must", exchange: "control", judge: judge.firstIsExecuted, quote: CLIENTS },
    { id: "other-key-executes", level: "must", exchange: "control", judge: judge.otherKeyIsAnother, quote: CLIENTS },
    { id: "retry-executes-once", level: "must", exchange: "retry", judge: judge.retryIsAnswered, quote: ONCE },
    { id: "retry-same-bytes", level: "must", exchange: "retry", judge: judge.retryIsTheSame, quote: REPLAY },
    { id: "retry-replayed-header", level: "should", exchange: "retry", judge: judge.replayIsMarked("idempotent-replayed"), quote: MARKED },
    { id: "key-echoed", level: "should", exchange: "retry", judge: judge.keyIsEchoed("idempotency-key"), quote: ECHO },
    { id: "concurrent-executes-once", level: "must", exchange: "concurrent", judge: judge.concurrentIsOnce, quote: ONCE },
    { id: "in-flight-executes-once", level: "must", exchange: "in flight", judge: judge.inFlightIsOnce, quote: ONCE },
    { id: "in-flight-409", level: "should", exchange: "in flight", judge: judge.inFlightIsRefused({ status: 409, members: error("idempotency_in_flight") }), quote: IN_FLIGHT },
    { id: "in-flight-retry-after", level: "should", exchange: ["in flight"], judge: judge.refusalsCarry(409, "Retry-After", /^\d+$/), quote: LATER },
    { id: "hang-up-executes-once", level: "must", exchange: "hang-up", judge: judge.hangUpIsKept, quote: ONCE },
    { id: "reuse-not-executed", level: "must", exchange: "reuse", judge: judge.reuseIsNotExecuted, quote: CONFLICT },
    { id: "reuse-422", level: "must", exchange: "reuse", judge: judge.reuseIsRefused({ status: 422, members: error("idempotency_conflict") }), quote: CONFLICT },
    { id: "same-json-replayed", level: "must", exchange: "same body", judge: judge.rewrittenIsTheSame, quote: EQUAL },
    { id: "no-key-400", level: "must", exchange: "no key", judge: judge.missingIsRefused({ status: 400, members: error("idempotency_key_required") }, { always: true }), quote: MISSING },
    { id: "long-key", level: "must", exchange: "long key", judge: judge.longIsAKey, quote: OPAQUE },
    { id: "too-long-key-400", level: "should", exchange: "bad keys", judge: judge.malformedIsRefused({ status: 400 }), quote: OPAQUE },
    { id: "refusal-shape", level: "must", exchange: REFUSALS, judge: judge.refusalsHave({ type: "invalid_request", code: String, message: String }), quote: ERRORS },
    { id: "other-caller-no-leak", level: "must", exchange: "other caller", judge: judge.otherIsNotShown, quote: SCOPE },
    { id: "other-caller-executes", level: "must", exchange: "other caller", judge: judge.otherIsAnOperation, quote: SCOPE },
    { id: "other-caller-keeps-first", level: "must", exchange: "other caller", judge: judge.firstKeepsItsAnswer, quote: SCOPE },
    { id: "other-endpoint-executes", level: "must", exchange: "other endpoint", judge: judge.endpointIsAnOperation, quote: SCOPE },
    { id: "server-error-fresh", level: "should", exchange: "server error", judge: judge.errorIsFresh, quote: FRESH, note: NOT_A_MUST },
    { id: "client-error-executes-once", level: "must", exchange: "client error", judge: judge.errorIsOnce, quote: REPLAY },
    { id: "client-error-same-answer", level: "must", exchange: "client error", judge: judge.errorIsTheSame, quote: REPLAY },
  ],
};
