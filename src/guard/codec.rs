//! The bytes that records and messages are made of.
//!
//! Numbers are big-endian, texts and lists are preceded by their count, an optional value by a
//! byte that tells whether it is there. Reading never panics and never reserves more than the
//! input could fill: what does not decode is nothing.

/// Appends values to some bytes.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn number(&mut self, value: u64) {
        self.0.extend(value.to_be_bytes());
    }

    pub fn short(&mut self, value: u32) {
        self.0.extend(value.to_be_bytes());
    }

    pub fn text(&mut self, value: &str) {
        self.blob(value.as_bytes());
    }

    pub fn blob(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.0.extend(value);
    }

    pub fn list<T>(&mut self, values: &[T], write: impl Fn(&T, &mut Self)) {
        self.number(values.len() as u64);
        for value in values {
            write(value, self);
        }
    }

    /// Names and values.
    pub fn pairs(&mut self, pairs: &[(String, String)]) {
        self.list(pairs, |(name, value), writer| {
            writer.text(name);
            writer.text(value);
        });
    }

    pub fn optional<T>(&mut self, value: Option<&T>, write: impl Fn(&T, &mut Self)) {
        self.byte(value.is_some().into());
        if let Some(value) = value {
            write(value, self);
        }
    }
}

/// Takes values from the front of some bytes.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    pub fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.bytes(8)?.try_into().ok()?))
    }

    pub fn short(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.blob()?).ok()
    }

    pub fn blob(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        Some(self.bytes(length)?.to_vec())
    }

    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut values = Vec::new();
        for _ in 0..self.number()? {
            values.push(read(self)?);
        }
        Some(values)
    }

    pub fn pairs(&mut self) -> Option<Vec<(String, String)>> {
        self.list(|reader| Some((reader.text()?, reader.text()?)))
    }

    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    /// The value, where nothing follows it.
    pub fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
