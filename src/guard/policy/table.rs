//! The table of fields, in the order of the reference.

use super::fields::Default::{Absent, Is};
use super::fields::{Default, Field, FieldSpec, Kind, Level};
use super::lists;
use super::releases;
use super::settings::{InFlight, KeyMode, KvWrite, Mode, OnGuardFailure, Unknown};
use crate::guard::fingerprint::Algorithm;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MIB: u64 = 1024 * 1024;

const fn field(name: &'static str, kind: Kind, default: Default) -> Field {
    let known = FieldSpec { name, level: Level::Anywhere, kind };
    Field { known, default, allowed: "", meaning: "", why: "", note: "" }
}

impl Field {
    const fn only(mut self, level: Level) -> Self {
        self.known.level = level;
        self
    }

    const fn allows(self, allowed: &'static str) -> Self {
        Self { allowed, ..self }
    }

    const fn means(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }

    const fn because(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    const fn beware(self, note: &'static str) -> Self {
        Self { note, ..self }
    }
}

pub const FIELDS: [Field; 24] = [
    field("realm", Kind::Structural, Absent("the request's host, in lower case and without its port"))
        .only(Level::Top)
        .allows("1 to 255 visible ASCII characters")
        .means("Whose keys these are; one realm may join several hosts and a queue.")
        .because("Two hosts are two APIs unless somebody says that they are one.")
        .beware("Changing it makes every key a new one: a retry of a request from before the change is carried out again."),
    field("routes", Kind::Structural, Is("[]"))
        .only(Level::Top)
        .allows("a list of at most 100 tables, each with a `path`")
        .means("Where something else holds than by the defaults: the first route whose `path` matches decides, and what it does not say is as in the defaults.")
        .because("Most APIs need one rule."),
    field("path", Kind::Structural, Absent("none, every route needs one"))
        .only(Level::Route)
        .allows("a path in which `*` is one segment and a last `**` is the rest")
        .means("Which paths the route is for.")
        .because("A route for everything would be the defaults."),
    field("methods", Kind::List(lists::methods), Is(r#"["POST", "PATCH"]"#))
        .allows("a list of methods in upper case, without GET, HEAD and OPTIONS")
        .means("The methods that are guarded; requests of another method stream through untouched.")
        .because("HTTP calls PUT and DELETE idempotent (RFC 9110 section 9.2.2), so origins that keep to it need no guard there; list them where yours does not."),
    field("key", Kind::Choice(&KEY), Is(r#""optional""#))
        .means("What happens to a request without an Idempotency-Key: `required` refuses it with 400; `optional` lets it straight through; `derive` makes a key of its credential and fingerprint, which the origin never sees, and does so only where a credential is present; `generate` draws 128 random bits, which the origin and the caller are told; `off` guards nothing, with or without a key.")
        .because("A guard that is put in front of a running API must not break the callers that it has."),
    field("derive_window", Kind::Duration { least: SECOND, most: DAY, of: |settings| &mut settings.derive_window }, Is(r#""10s""#))
        .means("How long a derived key is remembered after the answer.")
        .because("It spans a double click and a client's blind retry, and is over before a person orders the same thing again on purpose."),
    field("retry_window", Kind::Duration { least: MINUTE + SECOND, most: 30 * DAY, of: |settings| &mut settings.retry_window }, Is(r#""24h""#))
        .allows("and at least `deadline` and 60s")
        .means("How long a key is remembered, from the claim on; a retry within it gets the first answer.")
        .because("It is what Stripe's clients are used to, and outlasts the retries of common queues."),
    field("in_flight", Kind::Choice(&IN_FLIGHT), Is(r#""wait""#))
        .means("What a duplicate does while the first request is at the origin: `wait` waits for its answer; `reject` gets `in-progress` at once.")
        .because("Whoever clicks twice wants the answer, not an error."),
    field("wait", Kind::Duration { least: SECOND, most: 2 * MINUTE, of: |settings| &mut settings.wait }, Is(r#""25s""#))
        .means("How long a duplicate waits before it gets `in-progress`; more than two minutes is no use, for callers and proxies on the way hang up.")
        .because("It ends just before the 30 s after which common HTTP clients give up, so that they still read the answer."),
    field("deadline", Kind::Duration { least: SECOND, most: HOUR, of: |settings| &mut settings.deadline }, Is(r#""125s""#))
        .means("How long callers wait for the origin before they are told that the outcome is unknown; the call itself goes on, and a late answer is kept. More than an hour is no use, for no caller is left.")
        .because("The platform gives up on a silent origin after 120 s and says so itself, which tells more than the guard's own deadline."),
    field("unknown", Kind::Choice(&UNKNOWN), Is(r#""hold""#))
        .allows("`resend` needs `fingerprint = \"bytes\"`, and a `key` other than `derive`")
        .means("What a retry gets when nobody knows whether the origin acted: `hold` answers with the origin's 5xx again, or with `outcome-unknown`; `resend` sends it to the origin once more under the first attempt's exact key, for origins that honour idempotency keys themselves.")
        .because("To send it again is to risk doing it twice, which only an origin that knows the key can rule out."),
    field("release", Kind::List(releases::release), Is(r#"[401, 403, 407, 425, 429, { "status": 503, "header": "retry-after" }, 521, 523, 525, 526, 530]"#))
        .allows("a list of `429`, `{ status = 503, header = \"retry-after\" }` and `{ status = 302, header = \"location\", matches = \"*/login*\" }`; a status from 200 to 299 only with a header; `[]` for none")
        .means("The answers that say \"I did not process this\": they are passed on, nothing is stored, and the key is free again.")
        .because("These are given by authentication, rate limits and an edge that could not connect, all before the work; a plain 503 is not among them, because common routers answer it while the application works on."),
    field("scope", Kind::List(lists::scope), Is(r#""auto""#))
        .allows("`\"auto\"`, or a list of `header:<name>`, `cookie:<name>`, `query:<name>` and `jwt:<claim>`")
        .means("Who a key belongs to: the same key of another scope is another operation. `auto` takes a bearer token's `iss` and `sub`, else the Authorization header, else `x-api-key`. Tokens are read unverified: they partition, they authorise nothing. A claim that is missing falls back to the whole Authorization header.")
        .because("Two customers who happen to choose the same key must not meet, and a token that is renewed between two attempts is still the same customer.")
        .beware("Changing it makes every key a new one: a retry of a request from before the change is carried out again."),
    field("credential", Kind::List(lists::credential), Is(r#"["header:authorization", "header:cookie", "header:x-api-key"]"#))
        .allows("a list of `header:<name>`, `cookie:<name>` and `query:<name>`")
        .means("What must be identical for a stored answer to be shown. Only a salted hash of it is kept.")
        .because("These are the three places in which a caller's secret usually stands."),
    field("fingerprint", Kind::Choice(&FINGERPRINT), Is(r#""auto""#))
        .means("How a retry is compared with the first request; method, path, query and content type count as well. `auto` reads JSON regardless of member order and white space, and multipart regardless of its boundary; `bytes` compares byte for byte; `none` compares nothing.")
        .because("Clients build the body anew for a retry, and few do it byte for byte."),
    field("ignore", Kind::List(lists::ignore), Is("[]"))
        .allows("a list of JSON pointers such as `\"/sent_at\"`; only with `fingerprint = \"auto\"`")
        .means("What a retry may change in a JSON body, such as the time at which it was sent.")
        .because("Only you know which of a request's values mean nothing."),
    field("max_request_body", Kind::Size { least: 1, most: 32 * MIB, of: |settings| &mut settings.max_request_body }, Is(r#""10MiB""#))
        .means("The largest request body that is guarded; a larger one gets `body-too-large`. A guarded body lies in memory up to three times while it is hashed, and an isolate has 128 MB, hence the bound.")
        .because("It holds any order, and leaves an isolate room for several at once."),
    field("max_stored_response", Kind::Size { least: 1, most: 24 * MIB, of: |settings| &mut settings.max_stored_response }, Is(r#""8MiB""#))
        .means("The largest answer that is kept; a larger one streams to the first caller, and retries get `response-not-kept`. KV takes no value over 25 MiB, hence the bound.")
        .because("It holds any answer to a write, and leaves an isolate room for several at once."),
    field("replay_set_cookie", Kind::Flag(|settings| &mut settings.replay_set_cookie), Is("false"))
        .means("Whether a replay carries the Set-Cookie lines of the first answer.")
        .because("A cookie that is set again hours later may undo a sign-out."),
    field("on_guard_failure", Kind::Choice(&ON_GUARD_FAILURE), Is(r#""closed""#))
        .means("What happens when a record cannot be reached: `closed` answers 503; `open` forwards unguarded and says so, but only if no call of the request can have reached the record. `open` suspends the promise that a request is sent once, while the platform is out.")
        .because("Who puts a guard there would rather have a payment refused than made twice."),
    field("mode", Kind::Choice(&MODE), Is(r#""enforce""#))
        .means("`enforce` guards. `observe` forwards everything, refuses nothing, records the first answer and reports what would have been replayed or refused.")
        .because("A guard that is in place should guard; `observe` is for the days before."),
    field("cors", Kind::List(lists::cors), Is(r#""off""#))
        .allows("`\"off\"` or `{ origins = [\"https://app.example.com\"] }`, or `[\"*\"]` for every origin")
        .means("Which web origins may read what the guard says: refusals carry the CORS headers for them, preflights allow `Idempotency-Key`, and the guard's response headers are exposed.")
        .because("Who may read an API is for its owner to say."),
    field("kv_write", Kind::Choice(&KV_WRITE), Is(r#""always""#))
        .means("When an answer is copied into KV: `always`; `on_replay` only once it was replayed, which saves the write for the many keys that are never retried; `never`.")
        .because("The first retry is the one that matters most, and a copy makes it fast."),
    field("docs_url", Kind::List(lists::docs_url), Absent("problems are of type `urn:onlyonce:<code>`"))
        .allows("an http or https URL without query and fragment")
        .means("Where your own documentation explains the problems: their `type` is this URL and `#<code>`.")
        .because("The guard cannot know where your documentation is."),
];

use super::fields::Word;

const KEY: [Word; 5] = [
    ("required", |settings| settings.key = KeyMode::Required),
    ("optional", |settings| settings.key = KeyMode::Optional),
    ("derive", |settings| settings.key = KeyMode::Derive),
    ("generate", |settings| settings.key = KeyMode::Generate),
    ("off", |settings| settings.key = KeyMode::Off),
];
const IN_FLIGHT: [Word; 2] = [
    ("wait", |settings| settings.in_flight = InFlight::Wait),
    ("reject", |settings| settings.in_flight = InFlight::Reject),
];
const UNKNOWN: [Word; 2] = [
    ("hold", |settings| settings.unknown = Unknown::Hold),
    ("resend", |settings| settings.unknown = Unknown::Resend),
];
const FINGERPRINT: [Word; 3] = [
    ("auto", |settings| settings.fingerprint.algorithm = Algorithm::Auto),
    ("bytes", |settings| settings.fingerprint.algorithm = Algorithm::Bytes),
    ("none", |settings| settings.fingerprint.algorithm = Algorithm::None),
];
const ON_GUARD_FAILURE: [Word; 2] = [
    ("closed", |settings| settings.on_guard_failure = OnGuardFailure::Closed),
    ("open", |settings| settings.on_guard_failure = OnGuardFailure::Open),
];
const MODE: [Word; 2] = [
    ("enforce", |settings| settings.mode = Mode::Enforce),
    ("observe", |settings| settings.mode = Mode::Observe),
];
const KV_WRITE: [Word; 3] = [
    ("always", |settings| settings.kv_write = KvWrite::Always),
    ("on_replay", |settings| settings.kv_write = KvWrite::OnReplay),
    ("never", |settings| settings.kv_write = KvWrite::Never),
];
