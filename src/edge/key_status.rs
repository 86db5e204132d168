//! The Worker's half of what a caller asks of its own key: whose key it is, and which shard has it.

use super::admin::json;
use super::client_response::ResponseContext;
use super::incoming::Incoming;
use super::object_client::shard_stub;
use super::platform::body::read_all;
use super::platform::log;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::address::Address;
use crate::guard::key::IdempotencyKey;
use crate::guard::key_location::KeyLocation;
use crate::guard::key_status::{
    KeyQuestion, KeyReply, KeyState, KeyStatus, asked_path, fence_line, refusal,
};
use crate::guard::policy::Settings;
use crate::guard::problem::{Code, Problem};
use crate::guard::request_head::RequestHead;
use crate::guard::scope::{Namespace, RecordId};
use crate::guard::source::{Unreadable, check_readable};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Request, RequestInit, Response, Url};

/// What a question is about.
struct Asked {
    /// The request that the key was or would be sent with, as far as its headers and its path tell.
    head: PlatformRequestHead,
    /// Its address.
    url: String,
    settings: Rc<Settings>,
    route: String,
}

/// Answers a request for [`PATH`](crate::guard::key_status::PATH).
pub async fn answer(incoming: &Incoming) -> Result<Response, JsValue> {
    let Some(asked) = Asked::of(incoming) else {
        let problem = Problem::new(Code::AddressInvalid, NO_PATH);
        return ResponseContext::without_policy(&incoming.head).problem(&problem);
    };
    let context = ResponseContext::of(&asked.head, &asked.settings);
    let fences = match incoming.head.method() {
        "GET" => false,
        "DELETE" => true,
        "OPTIONS" => return preflight(incoming, &asked),
        _ => return not_allowed(),
    };
    if let Some(why) = refusal(&asked.settings, fences) {
        return context.problem(&Problem::new(Code::AddressInvalid, why));
    }
    match ask(incoming, &asked, fences).await {
        Ok((record, status)) => {
            if fences && status.state == KeyState::Fenced {
                log::line(&fence_line(&asked.route, &record));
            }
            let response = json(200, &status.document(&record))?;
            context.allow_reading(&response)?;
            Ok(response)
        }
        Err(problem) => context.problem(&problem),
    }
}

impl Asked {
    /// Returns `None` if the question names no path.
    fn of(incoming: &Incoming) -> Option<Self> {
        let (head, config) = (&incoming.head, &incoming.config);
        let path = asked_path(head.query())?;
        let url = Url::new(&format!("{}{path}", head.address().base())).ok()?.href();
        let address = Address::of(&url);
        if address.is_own() {
            return None;
        }
        let (route, settings) = config.policy.route(&address.path);
        let route = route.to_owned();
        let head = PlatformRequestHead::at(address, "POST".into(), head.headers().clone());
        Some(Self { head, url, settings, route })
    }
}

async fn ask(
    incoming: &Incoming,
    asked: &Asked,
    fences: bool,
) -> Result<(RecordId, KeyStatus), Problem> {
    let (head, settings) = (&asked.head, &asked.settings);
    let Some(header) = head.header("idempotency-key") else {
        return Err(Problem::new(Code::KeyMissing, NO_KEY));
    };
    let spelling = settings.profile.spelling();
    let key = IdempotencyKey::parse_spelled(&header, spelling).map_err(|error| {
        Problem::new(Code::KeyInvalid, error.describe(&KeyLocation::usual(), &header))
    })?;
    let unreadable =
        |error: Unreadable| Problem::new(Code::CredentialUnreadable, error.to_string());
    let scope = settings.scope.values(head).map_err(unreadable)?;
    check_readable(&settings.credential, head).map_err(unreadable)?;
    let realm = incoming.config.policy.realm(head.host());
    let pepper = &incoming.bindings.pepper;
    let record = RecordId::new(Namespace { pepper, realm: &realm, scope: &scope }, &key);
    let question = |known_only| KeyQuestion {
        record,
        fence: fences.then_some(settings.retry_window),
        known_only,
    };
    let sharding = &incoming.config.policy.sharding;
    let now = sharding.shards.shard_of(&record);
    // While `shards` is being changed, the shard of before is asked first: as for a submission, it knows the
    // key, or gives it away where something is to be stored.
    let before = match sharding.before {
        Some(before) => {
            let shard = before.shard_of(&record);
            Some(ask_shard(incoming, asked, &shard, &question(true)).await?)
        }
        None => None,
    };
    let reply = match before {
        Some(reply) if !reply.leaves_it_to_another() => reply,
        _ => ask_shard(incoming, asked, &now, &question(false)).await?,
    };
    match reply {
        KeyReply::Told(status) => Ok((record, status)),
        KeyReply::Refused(refusal) => Err(Problem::refused(refusal, Some(&key), &record)),
        KeyReply::Moved => Err(Problem::new(Code::GuardUnavailable, UNREACHED)),
        KeyReply::Unusable(detail) => Err(Problem::new(Code::GuardUnavailable, detail)),
    }
}

/// Asks a shard, which reads the caller's credential in the record's own way.
async fn ask_shard(
    incoming: &Incoming,
    asked: &Asked,
    shard: &str,
    question: &KeyQuestion,
) -> Result<KeyReply, Problem> {
    let asking = async {
        let stub = shard_stub(incoming, shard).ok()?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers_headers(asked.head.headers());
        init.set_body(&Uint8Array::from(question.encode().as_slice()));
        let request = Request::new_with_str_and_init(&asked.url, &init).ok()?;
        let response: Response = stub.fetch_with_request(request.into()).await.ok()?.into();
        KeyReply::decode(&read_all(&response).await.ok()?.to_vec()).ok()
    };
    asking.await.ok_or_else(|| Problem::new(Code::GuardUnavailable, UNREACHED))
}

/// A page of another origin asks whether it may ask.
fn preflight(incoming: &Incoming, asked: &Asked) -> Result<Response, JsValue> {
    let method = incoming.head.header("access-control-request-method");
    let method = method.filter(|method| matches!(method.as_str(), "GET" | "DELETE"));
    let answer = method
        .and_then(|method| ResponseContext::preflight(&asked.settings, &incoming.head, &method));
    answer.unwrap_or_else(not_allowed)
}

fn not_allowed() -> Result<Response, JsValue> {
    let response = json(405, NOT_ALLOWED)?;
    response.headers().set("allow", "GET, DELETE")?;
    Ok(response)
}

const NO_PATH: &str = "the question names no path of the API that begins with a slash; add the one that the key is sent to, as in /.onlyonce/key?path=/payments";
const NO_KEY: &str = "the question has no Idempotency-Key; send the key that it is about";
const UNREACHED: &str =
    "the key's shard could not be asked, and nothing has changed; ask again in a moment";
const NOT_ALLOWED: &str = r#"{"error":"method-not-allowed","detail":"the method does nothing here; use GET to ask, or DELETE to give the key up"}"#;
