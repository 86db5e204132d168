//! The kinds of request in a mix, and what has to come back.
//!
//! 1. `first`, `form`, `json`, `large`: a new key each, with a small JSON order, an urlencoded form, a
//!    document of 8 KB, and an answer of 256 KB, which the guard keeps in rows.
//! 2. `replay`, `form-replay`, `json-replay`, `large-replay`: a key whose answer has come, to be given the
//!    same bytes again. The document's members come in another order.
//! 3. `join`: four with one new key at once, at an origin that takes 50 ms; all get the same.
//! 4. `reused`: a key that was answered, with another body. `refused`: a key that is too long.
//! 5. `get`: what is not guarded.
//! 6. `flood`: a new key that is never sent again, and may be refused by `NEW_KEYS`.

/// What a request is made like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Order,
    SlowOrder,
    Urlencoded,
    Document,
    Large,
}

/// Whose key it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    New,
    Answered,
    /// One that was answered, with another body.
    Reused,
    /// A new one for as many requests at once.
    Shared,
    TooLong,
    /// None, on a GET.
    None,
    /// A new one that may be one too many.
    Flooded,
}

#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub key: Key,
    pub form: Form,
}

/// How many requests share a key.
pub const SHARED_BY: u64 = 4;

const fn kind(name: &'static str, key: Key, form: Form) -> Kind {
    Kind { name, key, form }
}

const KINDS: [Kind; 13] = [
    kind("first", Key::New, Form::Order),
    kind("replay", Key::Answered, Form::Order),
    kind("join", Key::Shared, Form::SlowOrder),
    kind("reused", Key::Reused, Form::Order),
    kind("form", Key::New, Form::Urlencoded),
    kind("form-replay", Key::Answered, Form::Urlencoded),
    kind("json", Key::New, Form::Document),
    kind("json-replay", Key::Answered, Form::Document),
    kind("large", Key::New, Form::Large),
    kind("large-replay", Key::Answered, Form::Large),
    kind("refused", Key::TooLong, Form::Order),
    kind("get", Key::None, Form::Order),
    kind("flood", Key::Flooded, Form::Order),
];

impl Kind {
    pub fn named(name: &str) -> Result<Self, String> {
        let found = KINDS.into_iter().find(|kind| kind.name == name);
        let names = || KINDS.map(|kind| kind.name).join(", ");
        found.ok_or_else(|| format!("no kind is called {name:?}; choose from {}", names()))
    }

    /// Whether this is what has to come back: the status with the code of a refusal, and whether it
    /// is a replay.
    pub fn expects(&self, outcome: &str, replayed: bool) -> bool {
        match self.key {
            Key::New => outcome == "201" && !replayed,
            Key::Answered => outcome == "201" && replayed,
            Key::Shared => outcome == "201",
            Key::Reused => outcome == "422 key-reused",
            Key::TooLong => outcome == "400 key-invalid",
            Key::None => outcome.starts_with("200"),
            Key::Flooded => (outcome == "201" && !replayed) || outcome == "429 too-many-keys",
        }
    }
}

impl Form {
    pub const ALL: [Self; 5] =
        [Self::Order, Self::SlowOrder, Self::Urlencoded, Self::Document, Self::Large];

    pub fn path(self) -> &'static str {
        match self {
            Self::Order | Self::Urlencoded | Self::Document => "/counted/64/0",
            Self::SlowOrder => "/counted/64/50",
            Self::Large => "/counted/256000/0",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Urlencoded => "application/x-www-form-urlencoded",
            _ => "application/json",
        }
    }

    /// The body under a key: as it is sent first, again, and as another one.
    pub fn body(self, key: Key) -> String {
        let quantity = if key == Key::Reused { 4 } else { 3 };
        match self {
            Self::Urlencoded => format!("sku=A-1009&quantity={quantity}&note=leave+it+at+the+door"),
            Self::Document if key == Key::Answered => {
                format!("{{\"rows\": [{}], \"quantity\": {quantity}}}", rows())
            }
            Self::Document => format!("{{\"quantity\":{quantity},\"rows\":[{}]}}", rows()),
            _ => format!(
                "{{\"sku\":\"A-1009\",\"quantity\":{quantity},\"note\":\"leave it at the door\"}}"
            ),
        }
    }
}

fn rows() -> String {
    const ROW: &str = r#"{"sku":"A-1009","quantity":3,"price":{"amount":4.50,"currency":"EUR"}}"#;
    vec![ROW; 112].join(",")
}
