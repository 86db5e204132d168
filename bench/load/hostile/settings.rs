//! How much of something hostile is done, as `name=value` arguments.

use crate::settings::{number, pairs};

pub struct Settings {
    pub port: u16,
    /// Connections that are open at once.
    pub clients: usize,
    pub seconds: f64,
    /// Requests a second, where they are sent one after the other.
    pub rate: f64,
    /// How many keys those who wait share.
    pub keys: usize,
    /// What their keys begin with.
    pub prefix: String,
    /// The address that all of it comes from.
    pub address: String,
}

impl Settings {
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut settings = Self {
            port: 0,
            clients: 32,
            seconds: 10.0,
            rate: 20.0,
            keys: 200,
            prefix: "waiter".into(),
            address: "198.51.100.7".into(),
        };
        for (name, value) in pairs(arguments)? {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "port" => self.port = number(name, value)?,
            "clients" => self.clients = number(name, value)?,
            "seconds" => self.seconds = number(name, value)?,
            "rate" => self.rate = number(name, value)?,
            "keys" => self.keys = number(name, value)?,
            "prefix" => self.prefix = value.into(),
            "address" => self.address = value.into(),
            _ => return Err(format!("{name:?} is none of the settings")),
        }
        Ok(())
    }

    /// A whole request with a body of known length.
    pub fn post(&self, path: &str, lines: &str, body: &[u8]) -> Vec<u8> {
        let length = format!("Content-Length: {}\r\n", body.len());
        [self.head(path, &format!("{lines}{length}")).as_bytes(), body].concat()
    }

    /// A request's head, with these lines in it.
    pub fn head(&self, path: &str, lines: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: api.example.com\r\nCF-Connecting-IP: {}\r\n{lines}\r\n",
            self.address
        )
    }
}
