//! Patterns in text, and how alike texts are.

use super::{Args, Function, Group, function};
use crate::expression::{
    error::{Fail, edits},
    eval::Evaluated,
    value::Val,
};
use std::borrow::Cow;

const TEXT: Group = Group::Text;

pub(super) const TABLE: &[Function] = &[
    function(
        TEXT,
        ("matches(text, pattern)", 2, 2),
        ("Whether a regular expression is found in the text.", r#""75056".matches("^[0-9]{5}$")"#, "true"),
        |args| {
            let regex = args.regex(1)?;
            let text = args.str(0)?;
            Ok(Val::Bool(regex.is_match(text)))
        },
    )
    .with_pattern(1),
    function(
        TEXT,
        ("extract(text, pattern)", 2, 2),
        (
            "What a regular expression finds first: its group if it has one, null if nothing is found.",
            r#"extract("12 bis rue de Paris", "^([0-9]+)")"#,
            r#""12""#,
        ),
        extract,
    )
    .with_pattern(1),
    function(
        TEXT,
        ("extract_all(text, pattern)", 2, 2),
        (
            "Everything a regular expression finds: its group if it has one.",
            r#"extract_all("22 kW et 50 kW", "([0-9]+) kW")"#,
            r#"["22", "50"]"#,
        ),
        extract_all,
    )
    .with_pattern(1),
    function(
        TEXT,
        ("replace_all(text, pattern, by)", 3, 3),
        (
            "The text with everything a regular expression finds replaced; $1 stands for the first group.",
            r#"replace_all("28/03/2026", "(..)/(..)/(....)", "$3-$2-$1")"#,
            r#""2026-03-28""#,
        ),
        replace_all,
    )
    .with_pattern(1),
    function(
        TEXT,
        ("distance(text, other)", 2, 2),
        (
            "How many letters must be changed to make one text of the other (Levenshtein).",
            r#"distance("Orleans", "Orléans")"#,
            "1",
        ),
        |args| {
            let (edits, _) = compared(args)?;
            Ok(Val::Int(i64::try_from(edits).unwrap_or(i64::MAX)))
        },
    ),
    function(
        TEXT,
        ("similarity(text, other)", 2, 2),
        (
            "How alike two texts are, from 0 to 1, by the letters that must be changed.",
            r#"similarity("abcd", "abcx")"#,
            "0.75",
        ),
        |args| {
            let (edits, longest) = compared(args)?;
            #[expect(clippy::cast_precision_loss, reason = "texts are short")]
            let share = if longest == 0 { 0.0 } else { edits as f64 / longest as f64 };
            Ok(Val::Double(1.0 - share))
        },
    ),
];

fn extract<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let regex = args.regex(1)?;
    let text = args.text(0)?;
    let Some(found) = regex.captures(&text) else { return Ok(Val::Null) };
    let Some(part) = found.get(usize::from(found.len() > 1)) else { return Ok(Val::Null) };
    let range = part.range();
    Ok(match text {
        Cow::Borrowed(text) => Val::text(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Val::text(text.get(range).unwrap_or_default().to_owned()),
    })
}

fn extract_all<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let regex = args.regex(1)?;
    let text = args.text(0)?;
    let mut found = Vec::new();
    for captures in regex.captures_iter(&text) {
        args.fuel.spend(2)?;
        if let Some(part) = captures.get(usize::from(captures.len() > 1)) {
            args.fuel.bytes(part.len())?;
            found.push(Val::text(part.as_str().to_owned()));
        }
    }
    Ok(Val::list(found))
}

fn replace_all<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let regex = args.regex(1)?;
    let by = args.text(2)?;
    let text = args.text(0)?;
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for captures in regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else { continue };
        // each of the short ones may stand for the whole text: pay before it is written
        let names = by.matches('$').count().saturating_mul(text.len());
        args.fuel.spend(1 + (by.len().saturating_add(names) / 16) as u64)?;
        out.push_str(text.get(from..whole.start()).unwrap_or_default());
        captures.expand(&by, &mut out);
        from = whole.end();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    args.made(out)
}

fn compared(args: &mut Args<'_, '_>) -> Result<(usize, usize), Fail> {
    let a: Vec<char> = args.str(0)?.chars().collect();
    let b: Vec<char> = args.str(1)?.chars().collect();
    args.fuel.spend((a.len() as u64).saturating_mul(b.len() as u64) / 4)?;
    Ok((edits(&a, &b), a.len().max(b.len())))
}
