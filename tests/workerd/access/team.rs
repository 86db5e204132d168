//! A team of Cloudflare Access: a server that shows its signing keys, and the keys themselves.
//!
//! 1. The keys were made for these tests, and are nobody's. They sign as Access does.
//! 2. What the server shows can be changed at any time; it counts who asked.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use crate::wire::read_head;

/// The application's tag, as `with-access.toml` has it.
pub const AUD: &str = "0123456789abcdef";

/// A key pair of the team's.
pub struct Signer {
    pub id: &'static str,
    pair: KeyPair,
}

impl Signer {
    pub fn first() -> Signer {
        Signer::of("key-1", include_bytes!("key-1.der"))
    }

    pub fn second() -> Signer {
        Signer::of("key-2", include_bytes!("key-2.der"))
    }

    fn of(id: &'static str, der: &[u8]) -> Signer {
        Signer { id, pair: KeyPair::from_der(der).expect("an RSA key (RFC 8017)") }
    }

    /// Modulus and exponent, as a JWK has them.
    pub fn public(&self) -> (String, String) {
        let parts = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        (URL_SAFE_NO_PAD.encode(parts.n), URL_SAFE_NO_PAD.encode(parts.e))
    }

    fn jwk(&self) -> Value {
        let (n, e) = self.public();
        json!({"kid": self.id, "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e})
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let head = json!({"alg": "RS256", "kid": self.id, "typ": "JWT"});
        self.sign(&unsigned(&head, claims))
    }

    pub fn sign(&self, unsigned: &str) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        let signed =
            self.pair.sign(&RSA_PKCS1_SHA256, &random, unsigned.as_bytes(), &mut signature);
        signed.expect("a signature");
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and payload, as they are signed.
pub fn unsigned(head: &Value, claims: &Value) -> String {
    let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{head}.{claims}")
}

/// Seconds since the epoch.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs()
}

/// What is asked for gets this.
pub enum Shown {
    Keys(Vec<Signer>),
    /// Status, a header line and a body.
    Other(u16, &'static str, String),
    /// The head of an answer, and then nothing.
    Silence,
}

pub struct Team {
    pub url: String,
    shown: Mutex<Shown>,
    asked: AtomicUsize,
}

impl Team {
    pub fn start(shown: Shown) -> &'static Team {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port for the team");
        let url = format!("http://{}", listener.local_addr().expect("the team's port"));
        let team: &'static Team =
            Box::leak(Box::new(Team { url, shown: Mutex::new(shown), asked: AtomicUsize::new(0) }));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || team.serve(stream));
            }
        });
        team
    }

    pub fn show(&self, shown: Shown) {
        *self.shown.lock().unwrap() = shown;
    }

    /// How often it was asked for its keys.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What Access asserts of a person, with some of it changed.
    pub fn claims(&self, email: &str, changes: &Value) -> Value {
        let now = now();
        let mut claims = json!({
            "iss": self.url, "aud": [AUD], "email": email, "type": "app", "sub": "7335d417",
            "iat": now, "nbf": now, "exp": now + 600, "country": "DE",
        });
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (start, _) = read_head(&mut BufReader::new(stream.try_clone().ok()?)).ok()??;
        assert_eq!(start, "GET /cdn-cgi/access/certs HTTP/1.1");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (status, line, body) = match &*self.shown.lock().unwrap() {
            Shown::Keys(keys) => {
                let keys: Vec<_> = keys.iter().map(Signer::jwk).collect();
                (200, "", json!({"keys": keys, "public_certs": []}).to_string())
            }
            Shown::Other(status, line, body) => (*status, *line, body.clone()),
            Shown::Silence => (200, "", String::new()),
        };
        let silent = matches!(*self.shown.lock().unwrap(), Shown::Silence);
        let length = if silent { 100 } else { body.len() };
        let head = format!(
            "HTTP/1.1 {status} X\r\n{line}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        if silent {
            // Until the guard gives up.
            let _ = stream.read(&mut [0]);
        }
        Some(())
    }
}
