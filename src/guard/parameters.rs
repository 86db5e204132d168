//! Parameters as headers write them: `name=value` or `name="value"`, apart by a comma
//! (RFC 9110 section 11.4) or by a semicolon (section 5.6.6).

/// A name in lower case, and its value without quotes and escapes.
pub type Parameter = (String, String);

const BLANKS: [char; 2] = [' ', '\t'];

/// Returns `None` if the text is no list of parameters.
pub fn parameters(text: &str, separator: char) -> Option<Vec<Parameter>> {
    let mut list = Vec::new();
    let mut rest = text;
    loop {
        // Elements may be empty (RFC 9110 section 5.6.1.2).
        rest = rest.trim_start_matches([' ', '\t', separator]);
        if rest.is_empty() {
            return Some(list);
        }
        let (name, value) = rest.split_once('=')?;
        let name = name.trim_end_matches(BLANKS);
        let value = value.trim_start_matches(BLANKS);
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => plain(value, separator)?,
        };
        if !is_token(name) {
            return None;
        }
        list.push((name.to_ascii_lowercase(), value));
        rest = after.trim_start_matches(BLANKS);
        if !rest.is_empty() && !rest.starts_with(separator) {
            return None;
        }
    }
}

/// The value of a parameter that is there once. Two of one name are read in two ways, so they are as
/// good as none.
pub fn only<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
    let mut found = parameters.iter().filter(|(known, _)| known == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

/// A quoted string behind its first quote (RFC 9110 section 5.6.4), and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    loop {
        match letters.next()? {
            (at, '"') => return Some((value, text.get(at.saturating_add(1)..)?)),
            (_, '\\') => value.push(letters.next()?.1),
            (_, letter) => value.push(letter),
        }
    }
}

/// A value without quotes, and what follows it. More than a token is let pass: signatures hold `/`, `;`
/// and `=`.
fn plain(text: &str, separator: char) -> Option<(String, &str)> {
    let end = text.find([' ', '\t', '"', ',', separator]).unwrap_or(text.len());
    let (value, after) = text.split_at_checked(end)?;
    Some((value.to_owned(), after))
}

/// A name of a header, a cookie or a parameter (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
pub fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
