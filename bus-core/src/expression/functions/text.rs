//! Text: the strings of CEL and their extension, letters and accents, patterns.

use super::{Args, Function, Group, MANY, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        value::{Fuel, Val},
    },
    msg, text,
};
use std::borrow::Cow;

const TEXT: Group = Group::Text;

pub(super) const TABLE: &[Function] = &[
    function(
        TEXT,
        ("upper(text)", 1, 1),
        ("The text in capitals.", r#"upper("Orléans")"#, r#""ORLÉANS""#),
        |args| mapped(args, |text| text.to_uppercase()),
    ),
    function(
        TEXT,
        ("lower(text)", 1, 1),
        ("The text in small letters.", r#"lower("ÉCOLE")"#, r#""école""#),
        |args| mapped(args, |text| text.to_lowercase()),
    ),
    function(
        TEXT,
        ("title(text)", 1, 1),
        (
            "The text with a capital at the start of each word.",
            r#"title("SAINT-jean de luz")"#,
            r#""Saint-Jean De Luz""#,
        ),
        |args| mapped(args, text::title_case),
    ),
    function(
        TEXT,
        ("upperAscii(text)", 1, 1),
        ("The letters a–z in capitals, other letters as they are.", r#""été a".upperAscii()"#, r#""éTé A""#),
        |args| mapped(args, str::to_ascii_uppercase),
    ),
    function(
        TEXT,
        ("lowerAscii(text)", 1, 1),
        (
            "The letters A–Z in small letters, other letters as they are.",
            r#""ÉTÉ A".lowerAscii()"#,
            r#""ÉtÉ a""#,
        ),
        |args| mapped(args, str::to_ascii_lowercase),
    ),
    function(
        TEXT,
        ("trim(text)", 1, 1),
        ("The text without white space at its ends.", r#"trim("  Lyon ")"#, r#""Lyon""#),
        |args| {
            Ok(Val::Text(match args.text(0)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            }))
        },
    ),
    function(
        TEXT,
        ("squeeze(text)", 1, 1),
        (
            "The text with every run of white space made one space, and none at its ends.",
            r#"squeeze(" 12   rue\tde Paris ")"#,
            r#""12 rue de Paris""#,
        ),
        |args| mapped(args, text::collapse_spaces),
    ),
    function(
        TEXT,
        ("plain(text)", 1, 1),
        (
            "The text without accents and ligatures, to compare names.",
            r#"plain("Île-d'Œuvre")"#,
            r#""Ile-d'OEuvre""#,
        ),
        |args| mapped(args, text::plain),
    ),
    function(
        TEXT,
        ("slug(text)", 1, 1),
        (
            "The text as it can stand in an address: small letters without accents, digits and hyphens.",
            r#"slug("L'Haÿ-les-Roses (94)")"#,
            r#""l-hay-les-roses-94""#,
        ),
        |args| mapped(args, text::slug),
    ),
    function(
        TEXT,
        ("pad(text, length, [with])", 2, 3),
        (
            "The text filled on the left up to a length, with spaces or the given letter.",
            r#"pad("1234", 5, "0")"#,
            r#""01234""#,
        ),
        |args| padded(args, true),
    ),
    function(
        TEXT,
        ("pad_right(text, length, [with])", 2, 3),
        (
            "The text filled on the right up to a length, with spaces or the given letter.",
            r#"pad_right("ab", 4, ".")"#,
            r#""ab..""#,
        ),
        |args| padded(args, false),
    ),
    function(
        TEXT,
        ("left(text, count)", 2, 2),
        ("The first letters.", r#"left("75056", 2)"#, r#""75""#),
        |args| cut(args, |args, _| Ok((0, args.count(1)?))),
    ),
    function(
        TEXT,
        ("right(text, count)", 2, 2),
        ("The last letters.", r#"right("FR-75056", 5)"#, r#""75056""#),
        |args| cut(args, |args, len| Ok((len.saturating_sub(args.count(1)?), len))),
    ),
    function(
        TEXT,
        ("mid(text, start, [count])", 2, 3),
        ("The letters from a place on, counted from 0.", r#"mid("FR-75056", 3, 2)"#, r#""75""#),
        |args| {
            cut(args, |args, len| {
                let start = args.count(1)?;
                Ok((start, if args.len() > 2 { start.saturating_add(args.count(2)?) } else { len }))
            })
        },
    ),
    function(
        TEXT,
        ("substring(text, start, [end])", 2, 3),
        (
            "The letters from one place up to another, counted from 0.",
            r#""tacocat".substring(0, 4)"#,
            r#""taco""#,
        ),
        substring,
    ),
    function(
        TEXT,
        ("charAt(text, place)", 2, 2),
        (
            "The letter at a place, counted from 0; an empty text at the end.",
            r#""hello".charAt(4)"#,
            r#""o""#,
        ),
        char_at,
    ),
    function(
        TEXT,
        ("indexOf(text, part, [from])", 2, 3),
        (
            "Where a part first stands in a text or list, counted from 0; -1 if it does not.",
            r#""hello mellow".indexOf("ello")"#,
            "1",
        ),
        |args| index_of(args, false),
    ),
    function(
        TEXT,
        ("lastIndexOf(text, part, [from])", 2, 3),
        (
            "Where a part last stands in a text or list, counted from 0; -1 if it does not.",
            r#""hello mellow".lastIndexOf("ello")"#,
            "7",
        ),
        |args| index_of(args, true),
    ),
    function(
        TEXT,
        ("contains(text, part)", 2, 2),
        ("Whether a part stands in the text.", r#""Issy-les-Moulineaux".contains("les")"#, "true"),
        |args| tested(args, |text, part| text.contains(part)),
    ),
    function(
        TEXT,
        ("startsWith(text, start)", 2, 2),
        ("Whether the text starts so.", r#""75056".startsWith("75")"#, "true"),
        |args| tested(args, |text, part| text.starts_with(part)),
    ),
    function(
        TEXT,
        ("endsWith(text, end)", 2, 2),
        ("Whether the text ends so.", r#""data.csv".endsWith(".csv")"#, "true"),
        |args| tested(args, |text, part| text.ends_with(part)),
    ),
    function(
        TEXT,
        ("replace(text, part, by, [times])", 3, 4),
        (
            "The text with a part replaced, everywhere or so many times.",
            r#""hello hello".replace("he", "we")"#,
            r#""wello wello""#,
        ),
        replace,
    ),
    function(
        TEXT,
        ("split(text, separator, [most])", 2, 3),
        ("The pieces between separators, at most so many.", r#"split("a;b;c", ";")"#, r#"["a", "b", "c"]"#),
        split,
    ),
    function(
        TEXT,
        ("join(list, [separator])", 1, 2),
        (
            "The items of a list as one text, with a separator between them.",
            r#"join(["a", 1, "b"], ", ")"#,
            r#""a, 1, b""#,
        ),
        join,
    ),
    function(
        TEXT,
        ("concat(values…)", 1, MANY),
        (
            "All values as one text; null and empty ones leave no trace.",
            r#"concat("12", " ", null, "rue")"#,
            r#""12 rue""#,
        ),
        concat,
    ),
    function(
        TEXT,
        ("strings.quote(text)", 1, 1),
        (
            "The text between quotes, with escapes as in an expression.",
            r#"strings.quote("a\"b")"#,
            r#""\"a\\\"b\"""#,
        ),
        |args| mapped(args, quote),
    ),
];

/// A function from text to text; twice the length is paid for.
fn mapped<'a>(args: &mut Args<'_, 'a>, change: fn(&str) -> String) -> Evaluated<'a> {
    let made = change(args.str(0)?);
    args.made(made)
}

fn tested<'a>(args: &mut Args<'_, 'a>, test: fn(&str, &str) -> bool) -> Evaluated<'a> {
    args.str(1)?;
    args.str(0)?;
    match (args.get(0), args.get(1)) {
        (Val::Text(text), Val::Text(part)) => Ok(Val::Bool(test(text, part))),
        _ => Ok(Val::Bool(false)),
    }
}

fn padded<'a>(args: &mut Args<'_, 'a>, left: bool) -> Evaluated<'a> {
    let width = args.count(1)?;
    let with = if args.len() > 2 { args.str(2)?.chars().next().unwrap_or(' ') } else { ' ' };
    let mut text = String::new();
    args.get(0).plain_text(&mut text).map_err(|_| args.wrong(0, msg!("a text")))?;
    let missing = width.saturating_sub(text.chars().count());
    args.fuel.bytes(missing.saturating_mul(4))?;
    let fill = std::iter::repeat_n(with, missing);
    args.made(if left { fill.chain(text.chars()).collect() } else { text.chars().chain(fill).collect() })
}

type Range = fn(&mut Args<'_, '_>, usize) -> Result<(usize, usize), Fail>;

/// The letters of a range that `range` gives for the number of letters; shorter where there are fewer.
fn cut<'a>(args: &mut Args<'_, 'a>, range: Range) -> Evaluated<'a> {
    let len = args.str(0)?.chars().count();
    let (start, end) = range(args, len)?;
    Ok(Val::Text(letters(args.text(0)?, start, end)))
}

/// The letters `start..end`.
fn letters(text: Cow<'_, str>, start: usize, end: usize) -> Cow<'_, str> {
    let byte = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(byte, _)| byte);
    let range = byte(start)..byte(end.max(start));
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or_default().to_owned()),
    }
}

fn substring<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let len = args.str(0)?.chars().count();
    let start = args.count(1)?;
    let end = if args.len() > 2 { args.count(2)? } else { len };
    if start > len || end > len || start > end {
        return Err(msg!(
            "there are no letters {start} to {end}: the text has {len}, counted from 0; mid(…) takes what there is",
            start = start,
            end = end,
            len = len
        )
        .into());
    }
    Ok(Val::Text(letters(args.text(0)?, start, end)))
}

fn char_at<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let len = args.str(0)?.chars().count();
    let place = args.count(1)?;
    if place > len {
        let message =
            msg!("there is no letter {place}: the text has {len}, counted from 0", place = place, len = len);
        return Err(args.blame(1, message));
    }
    Ok(Val::Text(letters(args.text(0)?, place, place.saturating_add(1))))
}

fn index_of<'a>(args: &mut Args<'_, 'a>, last: bool) -> Evaluated<'a> {
    if matches!(args.get(0), Val::List(_)) {
        return super::collections::index_of(args, last);
    }
    let from = if args.len() > 2 { Some(args.count(2)?) } else { None };
    args.str(1)?;
    args.str(0)?;
    let (Val::Text(text), Val::Text(part)) = (args.get(0), args.get(1)) else { return Ok(Val::Int(-1)) };
    let len = text.chars().count();
    if from.is_some_and(|from| from > len) {
        let message = msg!(
            "there is no letter {place}: the text has {len}, counted from 0",
            place = from.unwrap_or(0),
            len = len
        );
        return Err(args.blame(2, message));
    }
    let byte = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(byte, _)| byte);
    let found = if last {
        let end = from.map_or(text.len(), |from| byte(from).saturating_add(part.len()));
        // the place after the last letter that may start the part
        let end =
            (end.min(text.len())..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        text.get(..end).and_then(|text| text.rfind(&**part))
    } else {
        let start = byte(from.unwrap_or(0));
        text.get(start..).and_then(|text| text.find(&**part)).map(|place| place + start)
    };
    let place = found.and_then(|byte| text.get(..byte)).map(|before| before.chars().count());
    Ok(Val::Int(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)))
}

fn replace<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let times = if args.len() > 3 { Some(args.int(3)?) } else { None };
    // a negative number means everywhere
    let times = times.and_then(|times| usize::try_from(times).ok()).unwrap_or(usize::MAX);
    let (part, by, text) = (args.text(1)?, args.text(2)?, args.text(0)?);
    if times == 0 || !text.contains(&*part) {
        return Ok(Val::Text(text));
    }
    let count = text.matches(&*part).count().min(times);
    args.fuel.spend(count as u64)?;
    args.fuel.bytes(count.saturating_mul(by.len()))?;
    args.made(text.replacen(&*part, &by, times))
}

fn split<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let most = if args.len() > 2 { args.int(2)? } else { -1 };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (separator, text) = (args.text(1)?, args.text(0)?);
    if most == 0 {
        return Ok(Val::list(Vec::new()));
    }
    let pieces = match text {
        Cow::Borrowed(text) => {
            pieces(text, &separator, most, args.fuel)?.into_iter().map(Val::text).collect()
        }
        Cow::Owned(text) => {
            let pieces = pieces(&text, &separator, most, args.fuel)?;
            pieces.into_iter().map(|piece| Val::text(piece.to_owned())).collect()
        }
    };
    Ok(Val::list(pieces))
}

fn pieces<'t>(text: &'t str, separator: &str, most: usize, fuel: &mut Fuel) -> Result<Vec<&'t str>, Fail> {
    if separator.is_empty() {
        fuel.items(text.len())?;
        let mut pieces = Vec::new();
        let mut rest = text;
        while pieces.len() + 1 < most && rest.chars().nth(1).is_some() {
            let width = rest.chars().next().map_or(1, char::len_utf8);
            let (letter, tail) = rest.split_at(width);
            pieces.push(letter);
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(rest);
        }
        return Ok(pieces);
    }
    let pieces: Vec<&str> = text.splitn(most, separator).collect();
    fuel.items(pieces.len())?;
    Ok(pieces)
}

fn join<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let separator = if args.len() > 1 { args.text(1)? } else { Cow::Borrowed("") };
    let items = args.items(0)?;
    let mut out = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push_str(&separator);
        }
        let before = out.len();
        item.plain_text(&mut out).map_err(|fail| args.blame(0, fail))?;
        args.fuel.bytes(out.len() - before + separator.len())?;
    }
    Ok(Val::text(out))
}

fn concat<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let mut out = String::new();
    for place in 0..args.len() {
        if args.given(place) {
            args.get(place).plain_text(&mut out).map_err(|fail| args.blame(place, fail))?;
        }
    }
    args.made(out)
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
