//! What clients are told to do, as `name=value` arguments.

use crate::keys::Keys;

/// One run of the clients.
pub struct Settings {
    pub port: u16,
    pub connections: usize,
    /// The run ends when one of the two is reached.
    pub seconds: f64,
    pub requests: u64,
    /// The number of the first request, which decides its key.
    pub start: u64,
    pub method: String,
    pub path: String,
    /// Bytes of the request's body.
    pub body: usize,
    pub keys: Keys,
}

impl Settings {
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut settings = Self {
            port: 0,
            connections: 16,
            seconds: f64::MAX,
            requests: u64::MAX,
            start: 0,
            method: "POST".into(),
            path: "/orders".into(),
            body: 64,
            keys: Keys::None,
        };
        for (name, value) in pairs(arguments)? {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "port" => self.port = number(name, value)?,
            "connections" => self.connections = number(name, value)?,
            "seconds" => self.seconds = number(name, value)?,
            "requests" => self.requests = number(name, value)?,
            "start" => self.start = number(name, value)?,
            "method" => self.method = value.into(),
            "path" => self.path = value.into(),
            "body" => self.body = number(name, value)?,
            "keys" => self.keys = value.parse()?,
            _ => return Err(format!("{name:?} is none of the settings")),
        }
        Ok(())
    }
}

/// Arguments, each cut at its first `=`.
pub fn pairs(arguments: &[String]) -> Result<Vec<(&str, &str)>, String> {
    let pair = |argument: &'_ String| format!("{argument:?} is not name=value");
    arguments
        .iter()
        .map(|argument| argument.split_once('=').ok_or_else(|| pair(argument)))
        .collect()
}

pub fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value:?} is not a number"))
}
