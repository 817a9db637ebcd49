use super::conform::{quoted, type_name};
use crate::{Message, msg, nearest::nearest};

/// What a parser of settings (`serde`) said, as a message in every language, and what to do about it.
///
/// Knows the forms in which `serde` words its errors; a text of another form stays as it is.
#[must_use]
pub fn of_parser(text: &str) -> (Message, Option<Message>) {
    missing(text)
        .or_else(|| unknown(text))
        .or_else(|| unfit(text).map(|message| (message, None)))
        .unwrap_or_else(|| (msg!("{problem}", problem = text), None))
}

fn missing(text: &str) -> Option<(Message, Option<Message>)> {
    if let Some(name) = text.strip_prefix("missing field `") {
        return Some((msg!("`{name}` is missing", name = name.strip_suffix('`')?), None));
    }
    let key = text.strip_prefix("duplicate field `")?.strip_suffix('`')?;
    Some((msg!("`{key}` stands here twice: keep one of them", key = key), None))
}

/// `unknown field `x`, expected `a` or `b``, and the same of a variant.
fn unknown(text: &str) -> Option<(Message, Option<Message>)> {
    let field = text.strip_prefix("unknown field `");
    let (name, rest) = field.or_else(|| text.strip_prefix("unknown variant `"))?.split_once('`')?;
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    let advice = match nearest(name, known.iter().copied()) {
        Some(near) => msg!("did you mean `{name}`?", name = near),
        None if known.is_empty() => msg!("remove it"),
        None => msg!("known are {names}", names = quoted(&known)),
    };
    let message = match field {
        Some(_) => msg!("unknown field `{key}`", key = name),
        None => msg!("unknown choice `{text}`", text = name),
    };
    Some((message, Some(advice)))
}

/// `invalid type: string "x", expected u64`, and the same of a value.
fn unfit(text: &str) -> Option<Message> {
    let rest = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    Some(msg!("{wanted} is needed here, not {found}", wanted = expected(wanted), found = unexpected(found)))
}

fn expected(wanted: &str) -> Message {
    type_name(match wanted {
        "a boolean" => "boolean",
        "a string" | "a borrowed string" | "a character" => "string",
        "a sequence" | "an array" => "array",
        "a map" | "a string or a map" => "object",
        "unit" | "null" => "null",
        "f32" | "f64" => "number",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => "integer",
        wanted if wanted.starts_with("struct ") => "object",
        wanted if wanted.starts_with("a nonzero ") => "integer",
        other => return msg!("{problem}", problem = other),
    })
}

fn unexpected(found: &str) -> Message {
    match found {
        "null" | "unit value" | "Option value" => msg!("nothing"),
        "sequence" => msg!("a list"),
        "map" => msg!("a group of fields"),
        found => match found.split_once([' ', '"']) {
            Some(("string", text)) => msg!("`{value}`", value = text.trim_matches('"')),
            _ => msg!("`{value}`", value = found.split('`').nth(1).unwrap_or(found)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be parsed is looked at")]
    struct Settings {
        records: u32,
        delimiter: Option<Delimiter>,
        names: Option<Vec<String>>,
        share: Option<f64>,
        yes: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Delimiter {
        Comma,
        Semicolon,
    }

    fn said(settings: &Value) -> String {
        let error = Settings::deserialize(settings).expect_err("it cannot be parsed").to_string();
        let (message, advice) = of_parser(&error);
        let advice = advice.map(|advice| advice.text(Language::Fr)).unwrap_or_default();
        format!("{} / {advice}", message.text(Language::Fr))
    }

    #[test]
    fn a_parser_speaks_french() {
        for (settings, french) in [
            (json!({}), "`records` manque / "),
            (json!({ "recods": 1 }), "champ inconnu `recods` / vouliez-vous dire `records` ?"),
            (
                json!({ "records": 1, "delimiter": "commma" }),
                "choix inconnu `commma` / vouliez-vous dire `comma` ?",
            ),
            (
                json!({ "records": 1, "delimiter": "tab" }),
                "choix inconnu `tab` / possibles : `comma`, `semicolon`",
            ),
            (json!({ "records": "many" }), "il faut un nombre entier ici, pas `many` / "),
            (json!({ "records": -1 }), "il faut un nombre entier ici, pas `-1` / "),
            (json!({ "records": null }), "il faut un nombre entier ici, pas rien / "),
            (json!({ "records": 1, "names": "a" }), "il faut une liste ici, pas `a` / "),
            (json!({ "records": 1, "names": [{}] }), "il faut un texte ici, pas un groupe de champs / "),
            (json!({ "records": 1, "share": true }), "il faut un nombre ici, pas `true` / "),
            (json!({ "records": 1, "yes": 0.5 }), "il faut `true` ou `false` ici, pas `0.5` / "),
        ] {
            assert_eq!(said(&settings), french, "{settings}");
        }
        let (message, advice) = of_parser("of another form");
        assert_eq!((message.to_string().as_str(), advice), ("of another form", None));
    }
}
