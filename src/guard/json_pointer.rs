//! JSON pointers (RFC 6901), as policies write them.

/// A JSON pointer, split into its reference tokens.
pub type Pointer = Vec<String>;

/// Reads a pointer to something within a document. Returns `None` if it is none.
pub fn parse(text: &str) -> Option<Pointer> {
    let mut tokens = Pointer::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '/' => {
                tokens.push(String::new());
                continue;
            }
            '~' => match letters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            letter => letter,
        };
        tokens.last_mut()?.push(letter);
    }
    (!tokens.is_empty()).then_some(tokens)
}

/// The pointer as it is written.
pub fn written(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
}
