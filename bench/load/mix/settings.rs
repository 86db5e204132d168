//! What a mix is made of, as `name=value` arguments.

use super::kinds::{Key, Kind, SHARED_BY};
use crate::settings::{number, pairs};

pub struct Settings {
    pub port: u16,
    /// Requests a second; with 0 every client sends the next as soon as it has its answer.
    pub rate: f64,
    pub seconds: f64,
    /// Seconds from one line of figures to the next.
    pub every: f64,
    /// How many requests may be under way at once.
    pub connections: usize,
    /// `first:20,replay:10`: so many of each, interleaved.
    pub kinds: Vec<(Kind, u32)>,
    /// The bearer token, and the address that it comes from.
    pub caller: String,
    pub address: String,
    /// What keys begin with.
    pub prefix: String,
    /// How many keys of each form are answered before the clock starts.
    pub prime: usize,
    /// Seconds after which an answered key is not asked for any more.
    pub age: f64,
}

impl Settings {
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut settings = Self {
            port: 0,
            rate: 0.0,
            seconds: 1.0,
            every: f64::MAX,
            connections: 256,
            kinds: Vec::new(),
            caller: "3b1f8a6e5c4d4f0e9a7b6c5d4e3f2a1b".into(),
            address: "192.0.2.1".into(),
            prefix: "mix".into(),
            prime: 64,
            age: 60.0,
        };
        for (name, value) in pairs(arguments)? {
            settings.set(name, value)?;
        }
        if settings.kinds.iter().all(|(_, weight)| *weight == 0) {
            return Err("kinds are missing: write kinds=first:1,replay:1".into());
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "port" => self.port = number(name, value)?,
            "rate" => self.rate = number(name, value)?,
            "seconds" => self.seconds = number(name, value)?,
            "every" => self.every = number(name, value)?,
            "connections" => self.connections = number(name, value)?,
            "kinds" => self.kinds = value.split(',').map(weighted).collect::<Result<_, _>>()?,
            "caller" => self.caller = value.into(),
            "address" => self.address = value.into(),
            "prefix" => self.prefix = value.into(),
            "prime" => self.prime = number(name, value)?,
            "age" => self.age = number(name, value)?,
            _ => return Err(format!("{name:?} is none of a mix's settings")),
        }
        Ok(())
    }

    /// One round of the mix: each kind as often as it weighs, as far apart as that goes. Those that
    /// share a key follow one another; the number says which of them each is.
    pub fn cycle(&self) -> Vec<(Kind, u64)> {
        let total: i64 = self.kinds.iter().map(|(_, weight)| i64::from(*weight)).sum();
        let mut credit = vec![0; self.kinds.len()];
        let mut cycle = Vec::new();
        for _ in 0..total {
            for (credit, (_, weight)) in credit.iter_mut().zip(&self.kinds) {
                *credit += i64::from(*weight);
            }
            let richest = (0..credit.len()).max_by_key(|at| credit[*at]).unwrap_or(0);
            credit[richest] -= total;
            let (kind, _) = self.kinds[richest];
            let members = if kind.key == Key::Shared { SHARED_BY } else { 1 };
            cycle.extend((0..members).map(|member| (kind, member)));
        }
        cycle
    }
}

fn weighted(text: &str) -> Result<(Kind, u32), String> {
    let (name, weight) = text.split_once(':').unwrap_or((text, "1"));
    Ok((Kind::named(name)?, number("kinds", weight)?))
}
