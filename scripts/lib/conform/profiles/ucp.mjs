// The Universal Commerce Protocol over REST, as its main branch has it in August 2026.
import { randomUUID } from "node:crypto";
import * as judge from "../judges.mjs";
import { quotes } from "./quote.mjs";

const PLACE = "https://github.com/Universal-Commerce-Protocol/ucp/blob/fdcf8934/docs/specification";
const says = quotes("Universal Commerce Protocol, Message Signatures", `${PLACE}/signatures.md`);
const demands = quotes("Universal Commerce Protocol, Checkout REST binding", `${PLACE}/shopping/checkout/rest.md`);
const REPLAY = "Replay Protection";
const HEADERS = "Specific Header Requirements";

const SUPPORT = demands(HEADERS, "Idempotency-Key: Operations that modify state SHOULD support idempotency. When provided, the server MUST: 1. Store the key with the operation result for at least 24 hours.");
const CACHED = demands(HEADERS, "2. Return the cached result for duplicate keys whose request body matches the original.");
const MISMATCH = demands(HEADERS, "3. Return 409 Conflict if the key is reused with a mismatched body.");
const NOT_AGAIN = says(REPLAY, "On duplicate (matching payload) | Return cached response, do not re-execute");
const REJECTED = says(REPLAY, "On duplicate (mismatched payload) | Reject with 409 Conflict (REST) / -32000 (MCP); do not execute");
const NO_EFFECTS = says(REPLAY, "Duplicate requests return cached responses (no new side effects)");
const BYTES = says(REPLAY, "Businesses MUST detect whether the payload of a duplicate-key request matches the payload of the original by comparing the SHA-256 hash of the raw body bytes");
const PER_CLIENT = says(REPLAY, "Uniqueness | Per-client, per-operation type");
const SHAPE = demands("Error Responses", "Protocol errors: Return appropriate HTTP status code (401, 403, 409, 429, 503) with JSON body containing code and content.");

export const ucp = {
  name: "ucp",
  title: "Universal Commerce Protocol (REST, August 2026)",
  spelling: "bare",
  malformed: [],
  body: '{"line_items":[{"item":{"id":"item_123"},"quantity":1}]}',
  headers: () => [["UCP-Agent", 'profile="https://platform.example/profile"'], ["Request-Id", randomUUID()]],
  checks: [
    { id: "first-executes", level: "must", exchange: "control", judge: judge.firstIsExecuted, quote: SUPPORT },
    { id: "other-key-executes", level: "must", exchange: "control", judge: judge.otherKeyIsAnother, quote: SUPPORT },
    { id: "retry-executes-once", level: "must", exchange: "retry", judge: judge.retryIsAnswered, quote: NOT_AGAIN },
    { id: "retry-same-bytes", level: "must", exchange: "retry", judge: judge.retryIsTheSame, quote: CACHED },
    { id: "concurrent-executes-once", level: "must", exchange: "concurrent", judge: judge.concurrentIsOnce, quote: NO_EFFECTS },
    { id: "in-flight-executes-once", level: "must", exchange: "in flight", judge: judge.inFlightIsOnce, quote: NO_EFFECTS },
    { id: "hang-up-executes-once", level: "must", exchange: "hang-up", judge: judge.hangUpIsKept, quote: NOT_AGAIN },
    { id: "reuse-not-executed", level: "must", exchange: "reuse", judge: judge.reuseIsNotExecuted, quote: REJECTED },
    { id: "reuse-409", level: "must", exchange: "reuse", judge: judge.reuseIsRefused({ status: 409 }), quote: MISMATCH },
    { id: "rewritten-json-409", level: "must", exchange: "same body", judge: judge.rewrittenIsRefused({ status: 409 }), quote: BYTES },
    { id: "refusal-shape", level: "should", exchange: ["reuse", "no key"], judge: judge.refusalsHave({ code: String, content: String }), quote: SHAPE },
    { id: "other-caller-no-leak", level: "must", exchange: "other caller", judge: judge.otherIsNotShown, quote: PER_CLIENT },
    { id: "other-caller-executes", level: "must", exchange: "other caller", judge: judge.otherIsAnOperation, quote: PER_CLIENT },
    { id: "other-caller-keeps-first", level: "must", exchange: "other caller", judge: judge.firstKeepsItsAnswer, quote: PER_CLIENT },
    { id: "other-endpoint-no-mixup", level: "must", exchange: "other endpoint", judge: judge.endpointIsNotShown, quote: PER_CLIENT },
    { id: "server-error-executes-once", level: "must", exchange: "server error", judge: judge.errorIsOnce, quote: NOT_AGAIN },
    { id: "server-error-same-answer", level: "should", exchange: "server error", judge: judge.errorIsTheSame, quote: SUPPORT },
    { id: "client-error-executes-once", level: "must", exchange: "client error", judge: judge.errorIsOnce, quote: NOT_AGAIN },
    { id: "client-error-same-answer", level: "should", exchange: "client error", judge: judge.errorIsTheSame, quote: CACHED },
  ],
};
