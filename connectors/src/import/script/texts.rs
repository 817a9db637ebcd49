//! Methods of texts and numbers.

use super::{
    Trouble,
    operators::{numeric, pattern, values},
    syntax::{Expr, Node},
    write::{Outcome, Writer},
    written::{Kind, Level, Written, quoted},
};

type Found = Result<Option<Written>, Trouble>;

fn call(name: &str, arguments: &[&str], kind: Kind) -> Written {
    Written::call(format!("{name}({})", arguments.join(", ")), kind)
}

/// A method of a text; `None` if it is none.
pub(super) fn method(writer: &mut Writer, value: &Written, name: &str, arguments: &[Expr]) -> Found {
    let text = value.text.as_str();
    let written = match (name, arguments) {
        ("toUpperCase" | "toLocaleUpperCase", []) => call("upper", &[text], Kind::Text),
        ("toLowerCase" | "toLocaleLowerCase", []) => call("lower", &[text], Kind::Text),
        ("trim", []) => call("trim", &[text], Kind::Text),
        ("trimStart" | "trimLeft", []) => call("replace_all", &[text, r#""^\\s+""#, r#""""#], Kind::Text),
        ("trimEnd" | "trimRight", []) => call("replace_all", &[text, r#""\\s+$""#, r#""""#], Kind::Text),
        ("toString", []) => call("string", &[text], Kind::Text),
        ("toFixed", []) => fixed(value, 0),
        ("toFixed", [Expr { node: Node::Number(digits), .. }]) => match digits.parse() {
            Ok(digits) if digits < 16 => fixed(value, digits),
            _ => return Ok(None),
        },
        ("split", [Expr { node: Node::Regex { source, flags }, .. }]) => {
            // what stands between is one mark, which then splits
            let marked = format!("replace_all({text}, {}, \"\\u0001\")", quoted(&pattern(source, flags)));
            call("split", &[&marked, "\"\\u0001\""], Kind::List)
        }
        ("split", [_] | [_, _]) => with_values(writer, "split", text, arguments, Kind::List)?,
        ("startsWith", [_]) => with_values(writer, "startsWith", text, arguments, Kind::Bool)?,
        ("endsWith", [_]) => with_values(writer, "endsWith", text, arguments, Kind::Bool)?,
        ("includes", [part]) if value.kind == Kind::Text => {
            let part = writer.write(part)?;
            call("contains", &[text, &part.text], Kind::Bool)
        }
        ("includes", [part]) => {
            // of a text or of a list: what it is shows with the data
            let part = writer.write(part)?;
            let contains = format!("contains({text}, {})", part.text);
            let within = format!("{} in {}", part.within(Level::Sum), value.within(Level::Sum));
            call("try", &[&contains, &within], Kind::Bool)
        }
        ("indexOf", [_] | [_, _]) => with_values(writer, "indexOf", text, arguments, Kind::Int)?,
        ("lastIndexOf", [_]) => with_values(writer, "lastIndexOf", text, arguments, Kind::Int)?,
        ("padStart", [_] | [_, _]) => with_values(writer, "pad", text, arguments, Kind::Text)?,
        ("padEnd", [_] | [_, _]) => with_values(writer, "pad_right", text, arguments, Kind::Text)?,
        ("charAt", [place]) => {
            let place = writer.write(place)?;
            call("mid", &[text, &place.text, "1"], Kind::Text)
        }
        ("substr", [_] | [_, _]) => match negative(arguments) {
            Some(count) if arguments.len() == 1 => call("right", &[text, &count], Kind::Text),
            Some(_) => return Ok(None),
            None => with_values(writer, "mid", text, arguments, Kind::Text)?,
        },
        ("substring" | "slice", [_] | [_, _]) => return slice(writer, value, name, arguments),
        ("concat", [_, ..]) if value.kind == Kind::Text => {
            with_values(writer, "concat", text, arguments, Kind::Text)?
        }
        ("replace" | "replaceAll", [what, by]) => return replace(writer, value, name, what, by).map(Some),
        ("match", [Expr { node: Node::Regex { source, flags }, .. }]) if flags.contains('g') => {
            let whole = format!("({})", pattern(source, flags));
            call("extract_all", &[text, &quoted(&whole)], Kind::List)
        }
        _ => return Ok(None),
    };
    Ok(Some(written))
}

fn with_values(writer: &mut Writer, name: &str, text: &str, arguments: &[Expr], kind: Kind) -> Outcome {
    let values = values(writer, arguments)?;
    let texts: Vec<&str> =
        std::iter::once(text).chain(values.iter().map(|value| value.text.as_str())).collect();
    Ok(call(name, &texts, kind))
}

fn fixed(value: &Written, digits: u8) -> Written {
    let number = numeric(value);
    let number = if number.kind == Kind::Int { format!("double({})", number.text) } else { number.text };
    call("format", &[&format!("\"%.{digits}f\""), &format!("[{number}]")], Kind::Text)
}

/// `-3` as `3`, where the first argument is such a number.
fn negative(arguments: &[Expr]) -> Option<String> {
    match &arguments.first()?.node {
        Node::Unary("-", number) => match &number.node {
            Node::Number(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A stretch of a text, or of a list.
fn slice(writer: &mut Writer, value: &Written, name: &str, arguments: &[Expr]) -> Found {
    let text = value.text.as_str();
    if let Some(count) = negative(arguments) {
        if name != "slice" || arguments.len() > 1 {
            return Ok(None);
        }
        let right = format!("right({text}, {count})");
        let last = format!("slice({text}, max(size({text}) - {count}, 0), size({text}))");
        return Ok(Some(either(value, right, last)));
    }
    if negative(arguments.get(1..).unwrap_or_default()).is_some() {
        let Some(count) = negative(arguments.get(1..).unwrap_or_default()) else { return Ok(None) };
        let start = writer.write(&arguments[0])?.text;
        let end = format!("max(size({text}) - {count}, {start})");
        let (part, items) =
            (format!("substring({text}, {start}, {end})"), format!("slice({text}, {start}, {end})"));
        return Ok((name == "slice").then(|| either(value, part, items)));
    }
    let values = values(writer, arguments)?;
    let [start, rest @ ..] = values.as_slice() else { return Ok(None) };
    let start = start.text.as_str();
    let Some(end) = rest.first() else {
        let items = format!("slice({text}, min({start}, size({text})), size({text}))");
        return Ok(Some(either(value, format!("mid({text}, {start})"), items)));
    };
    let count = match (start.parse::<u32>(), end.text.parse::<u32>()) {
        (Ok(start), Ok(end)) => end.saturating_sub(start).to_string(),
        (Ok(0), Err(_)) => end.text.clone(),
        _ => format!(
            "{} - {}",
            end.within(Level::Sum),
            values.first().map(|it| it.within(Level::Product)).unwrap_or_default()
        ),
    };
    let items = format!("slice({text}, min({start}, size({text})), min({}, size({text})))", end.text);
    Ok(Some(either(value, format!("mid({text}, {start}, {count})"), items)))
}

/// What to do with a text or with a list, where it is not known which it is.
fn either(value: &Written, of_text: String, of_list: String) -> Written {
    match value.kind {
        Kind::Text => Written::call(of_text, Kind::Text),
        Kind::List => Written::call(of_list, Kind::List),
        _ => call("try", &[&of_text, &of_list], Kind::Any),
    }
}

fn replace(writer: &mut Writer, value: &Written, name: &str, what: &Expr, by: &Expr) -> Outcome {
    let by = writer.write(by)?;
    let text = value.text.as_str();
    let Node::Regex { source, flags } = &what.node else {
        let what = writer.write(what)?;
        if name == "replaceAll" {
            return Ok(call("replace", &[text, &what.text, &by.text], Kind::Text));
        }
        return Ok(call("replace", &[text, &what.text, &by.text, "1"], Kind::Text));
    };
    let pattern = pattern(source, flags);
    let by = groups(&by.text);
    let anchored = source.starts_with('^') || (source.ends_with('$') && !source.ends_with("\\$"));
    if flags.contains('g') || anchored {
        return Ok(call("replace_all", &[text, &quoted(&pattern), &by], Kind::Text));
    }
    // only the first one: what comes after it is found too, and put back
    let pattern = format!("(?s){}", pattern_of_first(&pattern));
    let by = by
        .strip_suffix('"')
        .map_or_else(|| format!("{by} + \"${{rest_}}\""), |by| format!("{by}${{rest_}}\""));
    Ok(call("replace_all", &[text, &quoted(&pattern), &by], Kind::Text))
}

fn pattern_of_first(pattern: &str) -> String {
    format!("(?-s:{pattern})(?P<rest_>.*)$")
}

/// `$1` as `${1}`, so that letters may follow.
fn groups(by: &str) -> String {
    let mut out = String::new();
    let mut letters = by.chars().peekable();
    while let Some(letter) = letters.next() {
        out.push(letter);
        if letter == '$' && letters.peek().is_some_and(char::is_ascii_digit) {
            let digit = letters.next().unwrap_or_default();
            out += &format!("{{{digit}}}");
        }
    }
    out
}

/// `text.normalize("NFD").replace(/[\u0300-\u036f]/g, "")`
pub(super) fn without_accents(writer: &mut Writer, operand: &Expr, name: &str, arguments: &[Expr]) -> Found {
    let (Node::Call(callee, forms), [Expr { node: Node::Regex { source, .. }, .. }, by]) =
        (&operand.node, arguments)
    else {
        return Ok(None);
    };
    let (Node::Member(text, normalize), [Expr { node: Node::Text(form), .. }]) =
        (&callee.node, forms.as_slice())
    else {
        return Ok(None);
    };
    let marks = source.to_ascii_lowercase();
    let is_this = name == "replace"
        && normalize == "normalize"
        && matches!(form.as_str(), "NFD" | "NFKD")
        && (marks.contains("\\u{0300}-\\u{036f}") || marks.contains("diacritic") || marks.contains("\\p{m"))
        && by.node == Node::Text(String::new());
    if !is_this {
        return Ok(None);
    }
    let text = writer.write(text)?;
    Ok(Some(call("plain", &[&text.text], Kind::Text)))
}
