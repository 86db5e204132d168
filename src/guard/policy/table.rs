//! The table of fields, in the order of the reference.

use super::amount::{AmountRange, DURATION, NumberRange, SIZE};
use super::fields::Default::{Absent, Is};
use super::fields::{Choice, Default, Field, FieldSpec, Kind, Level};
use super::lists;
use super::releases;
use super::settings::{InFlight, KeyMode, KvWrite, Mode, OnGuardFailure, Unknown};
use super::settle;
use super::sharding::{self, Jurisdiction, Location};
use crate::guard::fingerprint::Algorithm;
use crate::guard::keeping::Store;
use crate::guard::profile::Profile;
use crate::guard::shard::places::PLACES;
use strum::VariantNames;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MIB: u64 = 1024 * 1024;

/// A field whose type is one of words: reads and writes it as the type does.
macro_rules! choice {
    ($type:ty, |$values:ident| $place:expr) => {
        Kind::Choice(Choice {
            words: <$type>::VARIANTS,
            set: |$values, word| {
                $place = word.parse().ok()?;
                Some(())
            },
            get: |$values| $place.into(),
        })
    };
}

/// The same, where none of the words holds unless one is written.
macro_rules! optional_choice {
    ($type:ty, |$values:ident| $place:expr) => {
        Kind::Choice(Choice {
            words: <$type>::VARIANTS,
            set: |$values, word| {
                $place = Some(word.parse().ok()?);
                Some(())
            },
            get: |$values| $place.map_or("none", Into::into),
        })
    };
}

const PROFILE: Kind = Kind::Choice(Choice {
    words: Profile::VARIANTS,
    set: |values, word| {
        word.parse::<Profile>().ok()?.preset(&mut values.settings);
        Some(())
    },
    get: |values| values.settings.profile.into(),
});

const fn duration(least: u64, most: u64) -> AmountRange {
    AmountRange { units: &DURATION, least, most }
}

const fn size(least: u64, most: u64) -> AmountRange {
    AmountRange { units: &SIZE, least, most }
}

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

pub const FIELDS: [Field; 38] = [
    field("realm", Kind::Special(lists::realm), Absent("the request's host, in lower case and without its port"))
        .only(Level::Top)
        .allows("1 to 255 visible ASCII characters")
        .means("Whose keys these are; one realm may join several hosts and a queue.")
        .because("Two hosts are two APIs unless somebody says that they are one.")
        .beware("Changing it makes every key a new one: a retry of a request from before the change is carried out again."),
    field("shards", Kind::Special(sharding::shards), Is("256"))
        .only(Level::Top)
        .allows("a power of two from `1` to `4096`")
        .means("How many Durable Objects share the keys. A shard has `calls_per_shard` calls at the origin at once and makes the others wait, so choose it by the calls that are open at once: requests a second times seconds at the origin. 300 new operations a second at an origin that takes two seconds are 600 calls, or 100 full shards; keys fall on shards by chance and some get more than others, so take at least twice as many and round up: 256.")
        .because("It holds 1,536 calls at once, and a shard on which no key falls costs nothing.")
        .beware("Change it while keys live only together with `shards_before`, or every key is a new one and a retry of a request from before the change is carried out again. Never change it again while keys of the new number live, not back either: a key is looked for under two numbers and no more. To return, wait until `shards_before` could go, and then change it anew."),
    field("shards_before", Kind::Special(sharding::before), Absent("`shards` is what it always was"))
        .only(Level::Top)
        .allows("a power of two from `1` to `4096`, other than `shards`")
        .means("What `shards` was before its last change. A key is then asked for at its old shard first, which costs every first request a hop more. Write it in the deployment that changes `shards`, and remove it once the windows from before have ended: after the longest `retry_window` and, where a queue is guarded, 15 days.")
        .because("Only you know what it was.")
        .beware("Without it, or with another number than the one before, the keys from before the change are not found, and a retry of their requests is carried out again."),
    field("calls_per_shard", Kind::Number(NumberRange { least: 1, most: PLACES }, |values| &mut values.sharding.calls), Is("6"))
        .only(Level::Top)
        .means("How many calls of one shard may wait for the origin's headers at once. The next ones wait for a place, and get `origin-busy` after 10 s, with nothing claimed. Six is the most, because the platform lets all requests of an object together have six connections that wait for headers; it counts the shard's writes to KV as well, which take up to a third of them. For more calls at once take more `shards`; `shards` times this number is the most that the origin gets at once, so that fewer spare an origin that cannot take many.")
        .because("A shard that waits while it could send makes callers wait."),
    field("watch", Kind::Duration(duration(SECOND, HOUR), |values| &mut values.sharding.watch), Is(r#""5m""#))
        .only(Level::Top)
        .means("How long a call may go unnoticed that died with its runtime, in a deployment or a crash: while anything is at the origin, its shard looks that often, without a retry. What it finds dead is told as unknown, in the log and to `METRICS` and `OUTCOMES`.")
        .because("Each look is a request and a row written of each shard that is at work, and a retry finds a dead call at once in any case."),
    field("location", optional_choice!(Location, |values| values.sharding.location), Absent("a shard is made near the first request for it"))
        .only(Level::Top)
        .means("In which region new shards are made: western and eastern North America, South America, western and eastern Europe, Asia-Pacific, Oceania, Africa, the Middle East. The region nearest the origin is best, for every guarded request goes from the caller to the shard and from there to the origin. It is a hint, and the platform takes the nearest region that it can.")
        .because("Only you know where the origin is.")
        .beware("It only places shards that are not there yet: those that are stay where they are, whatever it says later."),
    field("jurisdiction", optional_choice!(Jurisdiction, |values| values.sharding.jurisdiction), Absent("shards run and store wherever the platform likes"))
        .only(Level::Top)
        .allows("only where RESPONSES is not bound")
        .means("Where shards run and store what they hold, and nowhere else: the European Union, the United States, data centers that comply with FedRAMP. Requests still enter at the data center nearest the caller. KV has no jurisdiction, so that a bound RESPONSES is refused beside it.")
        .because("Most laws that ask for it ask the owner of the data.")
        .beware("Changing it makes every key a new one, for its shards are other objects: a retry of a request from before the change is carried out again."),
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
    field("profile", PROFILE, Is(r#""draft""#))
        .means("The protocol that callers speak. It presets fields, as if they were written in the same table; what that table says beside it wins. It also decides how a bare key may be written, and which status and body a refusal has: [Profiles](#profiles).")
        .because("The draft's header, statuses and problems are what an API without a history should have.")
        .beware("A route that names a profile takes over nothing of what the defaults say of these fields, `key`, `scope` and `credential` among them: write them again beside it."),
    field("methods", Kind::Special(lists::methods), Is(r#"["POST", "PATCH"]"#))
        .allows("a list of methods in upper case, without GET, HEAD and OPTIONS")
        .means("The methods that are guarded; requests of another method stream through untouched.")
        .because("HTTP calls PUT and DELETE idempotent (RFC 9110 section 9.2.2), so origins that keep to it need no guard there; list them where yours does not."),
    field("key", choice!(KeyMode, |values| values.settings.key), Is(r#""optional""#))
        .means("What happens to a request without an Idempotency-Key: `required` refuses it with 400; `optional` lets it straight through; `derive` makes a key of its credential and fingerprint, which the origin never sees, and does so only where a credential is present that says something (not `Bearer undefined`, an empty `x-api-key` or `sid=`); `generate` draws 128 random bits, which the origin and the caller are told; `off` guards nothing, with or without a key.")
        .because("A guard that is put in front of a running API must not break the callers that it has.")
        .beware("With `derive`, under `credential = \"auto\"`, cookies that nobody knows, such as one for a theme, count as a credential, and two visitors who carry the same ones are one: name the session's cookie, as in `credential = [\"cookie:sid\"]`."),
    field("key_from", Kind::Special(lists::key_from), Is(r#"["header:idempotency-key"]"#))
        .allows("a list of `header:<name>`, `query:<name>`, `json:<pointer>` and `form:<field>`")
        .means("Where a key stands. The first place that holds one gives it; another key in one of the others is `key-invalid`, and so is a field that stands there twice. The origin gets the request as it came, and the key as `Idempotency-Key` as well. The place counts for nothing where two requests are compared (in a body only under `fingerprint = \"auto\"`). `json:` is a pointer into a body of JSON such as `json:/idempotency_key`, and `form:` a field of an urlencoded or a multipart one, both in UTF-8 and without a coding; such bodies are read before it is known whether they hold a key, so that one over `max_request_body` gets `body-too-large`, with a key or without. In JSON and in a query a key is any text of 1 to 255 visible ASCII characters and spaces, as it stands there; in JSON a whole number is one as well, and `null` is none. A body of such a type that cannot be read, such as broken JSON or a gzipped form, is `key-invalid` where the key stands nowhere else: nobody knows whether it holds one. A queue's message has its key in its own member.")
        .because("The header is the standard's. Square's and Plaid's clients write `[\"json:/idempotency_key\"]`, PayPal's `[\"header:paypal-request-id\"]`; a browser that submits a form by itself can send no header: for it write `[\"header:idempotency-key\", \"form:idempotency-key\"]`."),
    field("key_min_length", Kind::Number(NumberRange { least: 1, most: 255 }, |values| &mut values.settings.key_min_length), Is("1"))
        .means("The shortest key that is taken, in characters; a shorter one is `key-invalid`. A queue's message keeps its key, however short.")
        .because("What a caller counts up, such as an order's number, is short and means the operation all the same. Where keys should be drawn at random, `16` catches those that are not."),
    field("derive_window", Kind::Duration(duration(SECOND, DAY), |values| &mut values.settings.derive_window), Is(r#""10s""#))
        .means("How long a derived key is remembered after its answer. An unknown outcome, a 5xx among them, is held for `retry_window`: until a late answer, an operator's word, or the window's end.")
        .because("It spans a double click and a client's blind retry, and is over before a person orders the same thing again on purpose."),
    field("retry_window", Kind::Duration(duration(MINUTE + SECOND, 30 * DAY), |values| &mut values.settings.retry_window), Is(r#""24h""#))
        .allows("and at least `deadline` and 60s")
        .means("How long a key is remembered, from the claim on; a retry within it gets the first answer.")
        .because("It is what Stripe's clients are used to, and outlasts the retries of common queues."),
    field("in_flight", choice!(InFlight, |values| values.settings.in_flight), Is(r#""wait""#))
        .means("What a duplicate does while the first request is at the origin: `wait` waits for its answer; `reject` gets `in-progress` at once.")
        .because("Whoever clicks twice wants the answer, not an error."),
    field("wait", Kind::Duration(duration(SECOND, 2 * MINUTE), |values| &mut values.settings.wait), Is(r#""25s""#))
        .means("How long a duplicate waits before it gets `in-progress`; more than two minutes is no use, for callers and proxies on the way hang up.")
        .because("It ends just before the 30 s after which common HTTP clients give up, so that they still read the answer."),
    field("deadline", Kind::Duration(duration(SECOND, HOUR), |values| &mut values.settings.deadline), Is(r#""125s""#))
        .means("How long callers wait for the origin before they are told that the outcome is unknown; the call itself goes on, and a late answer is kept. A stream that has begun by then is not in doubt: duplicates wait for its end. More than an hour is no use, for no caller is left.")
        .because("The platform gives up on a silent origin after 120 s and says so itself, which tells more than the guard's own deadline."),
    field("unknown", choice!(Unknown, |values| values.settings.unknown), Is(r#""hold""#))
        .allows("`resend` needs `fingerprint = \"bytes\"`, and a `key` other than `derive`")
        .means("What a retry gets when nobody knows whether the origin acted: `hold` answers with the origin's 5xx again, or with `outcome-unknown`; `resend` sends it to the origin once more under the first attempt's exact key, for origins that honour idempotency keys themselves.")
        .because("To send it again is to risk doing it twice, which only an origin that knows the key can rule out."),
    field("settle", Kind::Special(settle::settle), Is(r#""off""#))
        .allows("`\"off\"`, or `{ path = \"/payments?idempotency_key={key}\", found = \"/data/0\", absent_after = \"15m\", at = [\"10s\", \"1m\", \"10m\"] }`; not with `unknown = \"resend\"` or `key = \"derive\"`")
        .means("How the origin can be asked what became of a key: with GET for `path`, in which `{key}` stands for the key (and, where there is nothing, for its quoted spelling, if its request had that). The shard asks `at` these times after an outcome became unknown (then in steps that double, an hour at most), authorised by the secret `SETTLE_AUTHORIZATION`; and whenever a retry of the same caller meets the unknown record, with that retry's own headers. `found` is a JSON pointer to what is there once the operation was carried out: then every retry gets 200 with that member, marked `detail=settled`. 404, or a list or an object that should hold the member and does not, is an absence: it counts only where the origin was asked `absent_after` or later after the request was sent, and frees the key. Any other answer settles nothing. The key in clear is stored on such routes only.")
        .because("Only you know where your API tells what became of a key, and how long it may take until it does.")
        .beware("An `absent_after` that is shorter than your origin may take to act, or than a replica of its data may be behind, carries an operation out twice. The look-up knows the key and, of what its request said, only host and tenant headers: where two of your callers may use the same key, `SETTLE_AUTHORIZATION` would find the one's operation for the other. Set that secret only where your clients draw keys at random, or where your look-up tells callers apart by those headers; without it each retry asks with its own credentials. Write `settle` on the route that it is for: at the top level every route would ask under the same path. Carried out twice is also what a `path` that is not there leads to: try it with curl before, and better name a list (`/payments?…`, which is 200 and empty) than one operation (`/payments/{key}`, which is 404 like any mistake). What `SETTLE_AUTHORIZATION` may read, it must be allowed to read of every caller, and what it is shown under `found` is what the key's caller is shown."),
    field("release", Kind::Special(releases::release), Is(r#"[401, 403, 407, 408, 411, 417, 421, 425, 426, 428, 429, 431, 511, 521, 523, 525, 526, 530, { "status": 307, "header": "location" }, { "status": 308, "header": "location" }, { "status": 409, "header": "retry-after" }, { "status": 413, "header": "retry-after" }, { "status": 423, "header": "retry-after" }, { "status": 503, "header": "retry-after" }]"#))
        .allows("a list of `429`, `{ status = 503, header = \"retry-after\" }` and `{ status = 302, header = \"location\", matches = \"*/login*\" }`; a status from 200 to 299 only with a header; `[]` for none")
        .means("The answers that say \"I did not process this\": they are passed on, nothing is stored, and the key is free again. Any other 4xx is stored, and frees the key for other credentials alone.")
        .because("By their definitions these come before the work: what authentication, limits and preconditions refuse, what a server did not wait for or will not take in this form, and what the edge says of a connection that was never made. 307 and 308 say \"send the same there\": who follows shows this very key again. A conflict, a lock, a body that is too large for now and a 503 are among them only with `Retry-After`; a plain 503 is not, because common routers answer it while the application works on."),
    field("scope", Kind::Special(lists::scope), Is(r#""auto""#))
        .allows("`\"auto\"`, or a list of `header:<name>`, `cookie:<name>`, `query:<name>`, `jwt:<claim>`, `path`, `query` (all of it) and `auto`, which stands for all that `\"auto\"` takes")
        .means("Who a key belongs to: the same key of another scope is another operation. `auto` takes the `iss` and `sub` of a JWT under any Authorization scheme, else what stays in a scheme that signs each request anew (the access key of an AWS signature, an OAuth 1 consumer key and token, a Digest's username and realm, the id of Hawk, MAC, Veracode, APIAuth or amx, Akamai's client and access token, a Signature's keyId), else the whole Authorization header; and `x-api-key` where it is there, too. Of `Negotiate` (Kerberos) and `NTLM` nothing stays that could be read, so each request has another owner: name a header or a cookie that does. Tokens are read unverified: they partition, they authorise nothing. A claim that is missing falls back to the whole Authorization header. `path` gives each path keys of its own. Requests that tell who sends them by cookies alone all share one scope under `auto`: name the cookie of your session, as in `scope = [\"cookie:sid\"]`, or two users who happen to choose the same key meet (the second is refused, and sees nothing).")
        .because("Two customers who happen to choose the same key must not meet, and a token that is renewed between two attempts is still the same customer.")
        .beware("Changing it makes every key a new one: a retry of a request from before the change is carried out again."),
    field("credential", Kind::Special(lists::credential), Is(r#""auto""#))
        .allows("`\"auto\"`, or a list of `header:<name>`, `cookie:<name>` and `query:<name>`")
        .means("What must be identical for a stored answer to be shown. `auto` takes Authorization, `x-api-key` and the cookies, in the order of their names and without those of [common tools](#cookies-that-do-not-count). Where Authorization is there under another scheme than Basic, it says who somebody is by itself, and cookies do not count; an application's `x-api-key` or Basic password is often shared by all its users, so beside those they do. To have every cookie count, write `[\"header:authorization\", \"header:x-api-key\", \"header:cookie\"]`. A final 4xx binds only the credential that got it, so where that is another one with each attempt (a token that rotates, a scheme that signs each request), a retry after a 4xx is carried out again: name what stays. Of what is read only a salted hash is kept. A header that holds bytes which are no UTF-8 is refused with `credential-unreadable`, for another caller's could look the same.")
        .because("These are the places in which a caller's secret usually stands, and a cookie that a measuring script has changed between two clicks is no other caller."),
    field("fingerprint", choice!(Algorithm, |values| values.settings.fingerprint.algorithm), Is(r#""auto""#))
        .means("How a retry is compared with the first request. `auto` and `bytes` compare method, path, query, `fingerprint_headers`, Content-Type (without a charset of UTF-8), Content-Encoding, Content-Range and the body: `auto` reads JSON regardless of member order and white space, multipart regardless of its boundaries, and forms without the [tokens that are drawn anew](#form-fields-that-do-not-count) for each attempt; `bytes` compares byte for byte; `none` compares only method, path and `fingerprint_headers`.")
        .because("Clients build the body anew for a retry, and few do it byte for byte."),
    field("fingerprint_headers", Kind::Special(lists::fingerprint_headers), Is(r#""auto""#))
        .allows("`\"auto\"`, or a list of header names; `auto` in the list stands for [the usual ones](#headers-that-make-another-request), and `[]` is for none")
        .means("The headers that make another request: with another value, or without one, it is refused with `key-reused`.")
        .because("A method or an operation that a header names, or the account that it acts for, is as much a part of the request as its path."),
    field("ignore", Kind::Special(lists::ignore), Is("[]"))
        .allows("a list of JSON pointers such as `\"/sent_at\"` and of form fields such as `\"sent_at\"`; only with `fingerprint = \"auto\"`")
        .means("What a retry may change in a JSON body or in a form, such as the time at which it was sent. What begins with a slash points into JSON, anything else names a field of a form, urlencoded or multipart.")
        .because("Only you know which of a request's values mean nothing."),
    field("max_request_body", Kind::Size(size(1, 32 * MIB), |values| &mut values.settings.max_request_body), Is(r#""10MiB""#))
        .means("The largest request body that is guarded; a larger one gets `body-too-large`. A guarded body lies in memory up to three times while it is hashed, and an isolate has 128 MB, hence the bound.")
        .because("It holds any order, and leaves an isolate room for several at once."),
    field("max_stored_response", Kind::Size(size(1, 24 * MIB), |values| &mut values.settings.max_stored_response), Is(r#""8MiB""#))
        .means("The largest answer that is kept; a larger one streams to the first caller, and retries get `response-not-kept`. What streams by its nature (`text/event-stream`, `application/ndjson`, `application/x-ndjson`, `application/jsonl`, `application/jsonlines`, `application/x-jsonlines`, `application/stream+json`, `application/json-seq`, `application/vnd.amazon.eventstream`, `multipart/x-mixed-replace`) reaches the first caller as it comes, and is kept up to here as well. KV takes no value over 25 MiB, hence the bound.")
        .because("It holds any answer to a write, and leaves an isolate room for several at once.")
        .beware("A stream that never ends is read on for a retry when its caller has gone, until it is over the limit or the window ends. On a route of subscriptions write `\"1B\"`, so that it is handed on, not kept, and over with its caller; or `key = \"off\"`."),
    field("store", choice!(Store, |values| values.settings.keeping.store), Is(r#""full""#))
        .means("What is kept of an answer for retries: `full`; `head`, status and headers, so that a replay has no body; `none`, the status alone, so that a retry is told `response-not-kept` and the status. The first caller gets all of it, as those who wait do not.")
        .because("A retry wants the answer that got lost.")
        .beware("A caller whose connection broke before it had the answer never gets the rest of it."),
    field("redact", Kind::Special(lists::redact), Is("[]"))
        .allows("a list of JSON pointers, such as `[\"/client_secret\"]`, in which `*` stands for every member or element: `\"/data/*/secret\"`")
        .means("Members of JSON answers that are shown once and never kept: in what is stored each is `null`, and a replay names those that it lacks in `Idempotency-Omitted`. Those who wait for the answer get what a retry gets, which is without its cookies, too. An answer that is not empty and cannot be looked into, because it is no JSON, has a content coding or is over 960 KiB, is not kept: a retry is told `response-not-kept`.")
        .because("Only you know which members are secret.")
        .beware("A caller whose connection broke before it had the answer never gets these members: the origin should have another way to them. Where a pointer leads nowhere all is kept, so name each place in which the secret may stand; and headers are kept whatever they hold."),
    field("seal", Kind::Flag(|values| &mut values.settings.keeping.seal), Is("false"))
        .means("Whether what is kept of an answer, its headers and its body, can be read by its caller alone: it is encrypted with AES-256-GCM under a key that is made of the idempotency key and its scope (under `PEPPER`, where that is set) and stored nowhere, and a retry brings what it takes to read it. An operator needs the key, too; the answer to a key that was derived no operator can read. An answer over 960 KiB is not kept.")
        .because("It costs each first request and each replay some 0.1 ms, and an operator who has no key cannot read the answer.")
        .beware("A key that can be guessed protects only as far as its scope and `PEPPER` cannot: set `PEPPER`. Status, method, route, times and the fingerprint's hash are stored as ever."),
    field("replay_set_cookie", Kind::Flag(|values| &mut values.settings.replay_set_cookie), Is("false"))
        .means("Whether a replay carries the personal headers of the first answer: `Set-Cookie`, `Set-Cookie2`, `Clear-Site-Data`, `Authorization`, `Authentication-Info`, `Proxy-Authentication-Info`, `WWW-Authenticate`, `Proxy-Authenticate`, `X-CSRF-Token` and `X-XSRF-Token`. Those who waited for the very call get them in any case.")
        .because("A cookie that is set again hours later may undo a sign-out, and a token that was good once does nobody any good."),
    field("on_guard_failure", choice!(OnGuardFailure, |values| values.settings.on_guard_failure), Is(r#""closed""#))
        .means("What happens when a record cannot be reached: `closed` answers 503; `open` forwards unguarded and says so, but only if no call of the request can have reached the record. `open` suspends the promise that a request is sent once, while the platform is out.")
        .because("Who puts a guard there would rather have a payment refused than made twice."),
    field("mode", choice!(Mode, |values| values.settings.mode), Is(r#""enforce""#))
        .means("`enforce` guards. `observe` forwards everything, refuses nothing, records the first answer and reports what would have been replayed or refused. Where an object broke down over a request that it may have sent, the answer is `outcome-unknown`: watching does not send it again.")
        .because("A guard that is in place should guard; `observe` is for the days before."),
    field("cors", Kind::Special(lists::cors), Is(r#""off""#))
        .allows("`\"off\"` or `{ origins = [\"https://app.example.com\"] }`, or `[\"*\"]` for every origin")
        .means("Which web origins' pages may send keys and read what comes back. For these the guard answers the preflight of a guarded method itself and allows what it asks for and the headers of `key_from`, whatever the origin would say; refusals, first answers and replays name the page that asks, and expose the guard's response headers. A page that is named may read with its visitor's credentials, one that `*` lets in may not.")
        .because("Who may read an API is for its owner to say."),
    field("kv_write", choice!(KvWrite, |values| values.settings.kv_write), Is(r#""always""#))
        .means("When an answer is copied into KV: `always`; `on_replay` only once it was replayed, which saves the write for the many keys that are never retried; `never`.")
        .because("The first retry is the one that matters most, and a copy makes it fast."),
    field("docs_url", Kind::Special(lists::docs_url), Absent("problems are of type `urn:onlyonce:<code>`"))
        .allows("an http or https URL without query and fragment")
        .means("Where your own documentation explains the problems: their `type` is this URL and `#<code>`.")
        .because("The guard cannot know where your documentation is."),
];
