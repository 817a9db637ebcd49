//! Character data: line ends, character references, the five predefined entities.

use super::chars::may_be_referred;
use bus_core::{Message, msg};

/// A problem at a byte of the text it was found in.
pub(super) type Wrong = (usize, Message);

/// Appends the text that `raw` stands for; `attribute`: white space becomes spaces.
pub(super) fn resolve(raw: &str, attribute: bool, eleven: bool, out: &mut String) -> Result<(), Wrong> {
    let mut rest = raw;
    loop {
        let next = rest.find(['&', '\r', '\n', '\t', '\u{85}', '\u{2028}']);
        let Some((plain, tail)) = next.and_then(|at| rest.split_at_checked(at)) else {
            out.push_str(rest);
            return Ok(());
        };
        out.push_str(plain);
        let at = raw.len() - tail.len();
        let mut letters = tail.chars();
        match letters.next() {
            Some('&') => {
                rest = reference(tail, eleven, out).map_err(|message| (at, message))?;
                continue;
            }
            Some('\r') => {
                out.push(if attribute { ' ' } else { '\n' });
                let paired = matches!(letters.as_str().chars().next(), Some('\n'))
                    || (eleven && letters.as_str().starts_with('\u{85}'));
                if paired {
                    letters.next();
                }
            }
            Some('\u{85}' | '\u{2028}') if eleven => out.push(if attribute { ' ' } else { '\n' }),
            Some('\n' | '\t') if attribute => out.push(' '),
            Some(letter) => out.push(letter),
            None => {}
        }
        rest = letters.as_str();
    }
}

/// Appends what the reference at the start of `text` stands for and gives what follows it.
fn reference<'a>(text: &'a str, eleven: bool, out: &mut String) -> Result<&'a str, Message> {
    let body = text.get(1..).unwrap_or_default();
    let end = body.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';');
    let Some((name, rest)) = end.and_then(|end| Some((body.get(..end)?, body.get(end + 1..)?))) else {
        return Err(msg!("`&` begins a reference such as `&amp;`: write `&amp;` for the sign itself"));
    };
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#') {
            Some(number) => character(number, eleven)
                .ok_or_else(|| msg!("`&{name};` stands for no character that XML allows", name = name))?,
            None => {
                return Err(msg!(
                    "the entity `&{name};` is not known: XML has amp, lt, gt, quot and apos; write other characters themselves",
                    name = name
                ));
            }
        },
    };
    out.push(letter);
    Ok(rest)
}

/// Long enough for any name of use and for many leading zeros.
const LONGEST_REFERENCE: usize = 256;

fn character(number: &str, eleven: bool) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let code = u32::from_str_radix(if digits.is_empty() { "0" } else { digits }, radix).ok()?;
    char::from_u32(code).filter(|letter| may_be_referred(*letter, eleven))
}
