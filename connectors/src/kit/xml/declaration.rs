//! The XML declaration: <https://www.w3.org/TR/xml/#sec-prolog-dtd>.

use super::chars::{is_space, trim};
use bus_core::{Message, msg};

/// What `<?xml …?>` says.
pub(super) struct Declaration<'a> {
    pub(super) eleven: bool,
    pub(super) encoding: Option<&'a str>,
}

impl<'a> Declaration<'a> {
    /// Reads what stands between `<?xml` and `?>`.
    pub(super) fn parse(text: &'a str) -> Result<Self, Message> {
        let mut rest = text;
        let Some(version) = take(&mut rest, "version") else {
            return Err(msg!("the XML declaration must begin with `version=\"1.0\"`"));
        };
        let digits = version.strip_prefix("1.").unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(msg!("XML version `{version}` is not known", version = version));
        }
        let encoding = take(&mut rest, "encoding");
        if let Some(name) = encoding
            && !is_encoding_name(name)
        {
            return Err(msg!(
                "the encoding `{label}` is not known: save the document as UTF-8",
                label = name
            ));
        }
        let standalone = take(&mut rest, "standalone");
        if standalone.is_some_and(|value| !matches!(value, "yes" | "no")) || !trim(rest).is_empty() {
            return Err(msg!(
                "the XML declaration may only hold version, encoding and standalone, in this order"
            ));
        }
        Ok(Self { eleven: version == "1.1", encoding })
    }
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// Takes ` name = "value"` off the front.
fn take<'a>(rest: &mut &'a str, name: &str) -> Option<&'a str> {
    if !rest.bytes().next().is_some_and(is_space) {
        return None;
    }
    let after = trim(rest).strip_prefix(name)?;
    let quoted = trim(trim(after).strip_prefix('=')?);
    let quote = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, tail) = quoted.get(1..)?.split_once(quote)?;
    *rest = tail;
    Some(value)
}
