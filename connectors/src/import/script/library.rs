//! Functions by name, and the libraries the earlier bus offered: he, dayjs, moment, a part of lodash, crypto.

use super::{
    Trouble, lists, methods,
    operators::{numeric, values},
    syntax::{Expr, Node},
    times,
    write::{Outcome, Writer, no_translation},
    written::{Kind, Level, Written, quoted},
};

/// `callee(arguments)`
pub(super) fn call(writer: &mut Writer, callee: &Expr, arguments: &[Expr], at: usize) -> Outcome {
    match &callee.node {
        Node::Name(name) => function(writer, name, arguments, at),
        Node::Member(operand, name) => match &operand.node {
            Node::Name(space) if space == "_" || space == "lodash" => lodash(writer, name, arguments, at),
            Node::Name(space) if is_space(space) => spaced(writer, (space, name), arguments, at),
            _ => match hash(writer, operand, name, arguments)? {
                Some(written) => Ok(written),
                None => methods::method(writer, operand, name, arguments, at),
            },
        },
        _ => Err(no_translation(at, "(")),
    }
}

fn is_space(name: &str) -> bool {
    matches!(
        name,
        "Math"
            | "he"
            | "JSON"
            | "Object"
            | "Array"
            | "Number"
            | "String"
            | "Date"
            | "moment"
            | "dayjs"
            | "Buffer"
    )
}

/// `new Date(…)`
pub(super) fn made(writer: &mut Writer, name: &str, arguments: &[Expr], at: usize) -> Outcome {
    match name {
        "Date" => times::time(writer, arguments, at),
        _ => Err(no_translation(at, name)),
    }
}

fn one(writer: &mut Writer, name: &str, argument: &Expr, kind: Kind) -> Outcome {
    let value = writer.write(argument)?;
    Ok(Written::call(format!("{name}({})", value.text), kind))
}

fn function(writer: &mut Writer, name: &str, arguments: &[Expr], at: usize) -> Outcome {
    match (name, arguments) {
        ("dayjs" | "moment", _) => times::time(writer, arguments, at),
        ("Number" | "parseFloat", [value]) => {
            let value = writer.write(value)?;
            Ok(numeric(&value))
        }
        ("parseInt", [value] | [value, Expr { node: Node::Number(_), .. }]) => {
            let value = writer.write(value)?;
            Ok(Written::call(format!("int({})", numeric(&value).text), Kind::Int))
        }
        ("String", [value]) => {
            let value = writer.write(value)?;
            Ok(Written::call(format!("string({})", value.text), Kind::Text))
        }
        ("Boolean", [value]) => writer.truth(value, true),
        ("isNaN", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("!is_number({})", value.text), Kind::Bool, Level::Unary))
        }
        ("encodeURIComponent" | "encodeURI", [value]) => one(writer, "url_encode", value, Kind::Text),
        ("decodeURIComponent" | "decodeURI", [value]) => one(writer, "url_decode", value, Kind::Text),
        ("sanitizeHtml", [value, ..]) => one(writer, "html_text", value, Kind::Text),
        _ => Err(no_translation(at, name)),
    }
}

fn spaced(writer: &mut Writer, (space, name): (&str, &str), arguments: &[Expr], at: usize) -> Outcome {
    match (space, name, arguments) {
        ("Math", _, _) => mathematics(writer, name, arguments, at),
        ("he", "decode" | "unescape", [value, ..]) => one(writer, "html_decode", value, Kind::Text),
        ("he", "encode" | "escape", [value, ..]) => one(writer, "html_escape", value, Kind::Text),
        ("JSON", "stringify", [value, ..]) => one(writer, "to_json", value, Kind::Text),
        ("JSON", "parse", [value]) => one(writer, "parse_json", value, Kind::Any),
        ("Object", "keys", [value]) => one(writer, "keys", value, Kind::List),
        ("Object", "values", [value]) => one(writer, "values", value, Kind::List),
        ("Object", "entries", [value]) => {
            let value = writer.write(value)?;
            let text = format!("{}.transformList(k, v, [k, v])", value.within(Level::Member));
            Ok(Written::call(text, Kind::List))
        }
        ("Object", "assign", [_, ..]) => {
            let values = values(writer, arguments)?;
            let texts: Vec<String> =
                values.iter().map(|value| value.text.clone()).filter(|text| text != "{}").collect();
            Ok(Written::call(format!("merge({})", texts.join(", ")), Kind::Object))
        }
        ("Array", "isArray", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("type({}) == list", value.text), Kind::Bool, Level::Relation).sure())
        }
        ("Array", "from", [value]) => writer.write(value),
        ("Number", "parseFloat", [value]) => {
            let value = writer.write(value)?;
            Ok(numeric(&value))
        }
        ("Number", "isNaN", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("!is_number({})", value.text), Kind::Bool, Level::Unary))
        }
        ("Date", "now", []) => Ok(Written::new("int(now) * 1000", Kind::Int, Level::Product).sure()),
        ("moment" | "dayjs", "utc", _) => times::time(writer, arguments, at),
        ("moment" | "dayjs", "unix", [value]) => {
            let value = writer.write(value)?;
            Ok(Written::call(format!("timestamp(int({}))", numeric(&value).text), Kind::Time))
        }
        _ => Err(no_translation(at, name)),
    }
}

fn mathematics(writer: &mut Writer, name: &str, arguments: &[Expr], at: usize) -> Outcome {
    let mut numbers = Vec::new();
    for value in values(writer, arguments)? {
        numbers.push(numeric(&value));
    }
    let texts: Vec<&str> = numbers.iter().map(|number| number.text.as_str()).collect();
    let real = |name: &str| format!("{name}({})", texts.join(", "));
    let written = match (name, texts.as_slice()) {
        ("round", [number]) => Written::call(format!("int(math.floor({number} + 0.5))"), Kind::Int),
        ("floor", [_]) => Written::call(format!("int({})", real("math.floor")), Kind::Int),
        ("ceil", [_]) => Written::call(format!("int({})", real("math.ceil")), Kind::Int),
        ("trunc", [_]) => Written::call(format!("int({})", real("math.trunc")), Kind::Int),
        ("abs", [_]) => Written::call(real("abs"), Kind::Real),
        ("sqrt", [_]) => Written::call(real("math.sqrt"), Kind::Real),
        ("sign", [_]) => Written::call(real("math.sign"), Kind::Real),
        ("min" | "max", [_, ..]) => Written::call(real(name), Kind::Real),
        ("pow", [base, "2"]) => {
            Written::call(format!("cel.bind(number_, {base}, number_ * number_)"), Kind::Real)
        }
        _ => return Err(no_translation(at, name)),
    };
    Ok(written)
}

/// `crypto.createHash("sha256").update(text).digest("hex")`
fn hash(
    writer: &mut Writer,
    operand: &Expr,
    name: &str,
    arguments: &[Expr],
) -> Result<Option<Written>, Trouble> {
    let text = |expr: &Expr| if let Node::Text(text) = &expr.node { Some(text.clone()) } else { None };
    let update = match (&operand.node, arguments) {
        (Node::Call(update, given), [digest])
            if name == "digest" && text(digest).as_deref() == Some("hex") =>
        {
            Some((update, given))
        }
        _ => None,
    };
    let Some((update, given)) = update else { return Ok(None) };
    let (Node::Member(create, updated), [value, ..]) = (&update.node, given.as_slice()) else {
        return Ok(None);
    };
    let Node::Call(created, algorithm) = &create.node else { return Ok(None) };
    let is_crypto = matches!(&created.node, Node::Member(space, hash)
        if hash == "createHash" && space.node == Node::Name("crypto".to_owned()));
    let is_sha = algorithm.first().and_then(text).is_some_and(|name| name.eq_ignore_ascii_case("sha256"));
    if !is_crypto || !is_sha || updated != "update" {
        return Ok(None);
    }
    one(writer, "sha256", value, Kind::Text).map(Some)
}

/// Functions of lodash that ours are the same as, with one value.
fn simple(name: &str) -> Option<(&str, Kind)> {
    Some(match name {
        "uniq" => ("distinct", Kind::List),
        "sum" | "mean" => (name, Kind::Real),
        "min" | "max" | "last" => (name, Kind::Any),
        "first" | "head" => ("first", Kind::Any),
        "size" => ("size", Kind::Int),
        "keys" | "values" | "flatten" | "reverse" => (name, Kind::List),
        "deburr" => ("plain", Kind::Text),
        "toUpper" => ("upper", Kind::Text),
        "toLower" => ("lower", Kind::Text),
        "trim" => ("trim", Kind::Text),
        "toString" => ("string", Kind::Text),
        "escape" => ("html_escape", Kind::Text),
        "unescape" => ("html_decode", Kind::Text),
        _ => return None,
    })
}

fn lodash(writer: &mut Writer, name: &str, arguments: &[Expr], at: usize) -> Outcome {
    if let ([value], Some((ours, kind))) = (arguments, simple(name)) {
        return one(writer, ours, value, kind);
    }
    match (name, arguments) {
        ("get", _) => get(writer, arguments, at),
        ("isEmpty", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::call(format!("is_empty({})", value.text), Kind::Bool).sure())
        }
        ("isNil" | "isNull" | "isUndefined", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("{} == null", value.within(Level::Sum)), Kind::Bool, Level::Relation)
                .sure())
        }
        ("isArray", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("type({}) == list", value.text), Kind::Bool, Level::Relation).sure())
        }
        ("isString", [value]) => {
            let value = writer.write(value)?.or_null();
            Ok(Written::new(format!("type({}) == string", value.text), Kind::Bool, Level::Relation).sure())
        }
        ("merge" | "assign" | "extend", [_, ..]) => {
            let values = values(writer, arguments)?;
            let texts: Vec<String> =
                values.iter().map(|value| value.text.clone()).filter(|text| text != "{}").collect();
            Ok(Written::call(format!("merge({})", texts.join(", ")), Kind::Object))
        }
        ("round", [number, digits]) => {
            let (number, digits) = (writer.write(number)?, writer.write(digits)?);
            Ok(Written::call(format!("round({}, {})", numeric(&number).text, digits.text), Kind::Real))
        }
        ("map" | "filter" | "find" | "some" | "every" | "sumBy" | "sortBy" | "orderBy", [list, by]) => {
            by_item(writer, name, list, by, at)
        }
        (
            "startsWith" | "endsWith" | "includes" | "split" | "replace" | "join" | "concat" | "padStart"
            | "padEnd" | "slice",
            [value, rest @ ..],
        ) => methods::method(writer, value, name, rest, at),
        ("round" | "floor" | "ceil", [_]) => mathematics(writer, name, arguments, at),
        _ => Err(no_translation(at, name)),
    }
}

/// `_.get(value, "a.b", other)`
fn get(writer: &mut Writer, arguments: &[Expr], at: usize) -> Outcome {
    let (value, path, other) = match arguments {
        [value, Expr { node: Node::Text(path), .. }] => (value, path, None),
        [value, Expr { node: Node::Text(path), .. }, other] => (value, path, Some(other)),
        _ => return Err(no_translation(at, "get")),
    };
    let value = writer.write(value)?;
    let path = super::Path::read(path);
    let found = writer.along(&value.within(Level::Member), path.names());
    match other {
        None => Ok(found),
        Some(other) => {
            let other = writer.write(other)?;
            Ok(Written::call(format!("default({}, {})", found.text, other.text), Kind::Any))
        }
    }
}

/// `_.map(list, "field")` and the like, or with an arrow function.
fn by_item(writer: &mut Writer, name: &str, list: &Expr, by: &Expr, at: usize) -> Outcome {
    let arrow = match &by.node {
        Node::Arrow(..) => by.clone(),
        Node::Text(field) => {
            let item = Expr { at, node: Node::Name("x".to_owned()) };
            let names = super::Path::read(field);
            let body = names.names().iter().fold(item, |operand, name| Expr {
                at,
                node: Node::Index(Box::new(operand), Box::new(Expr { at, node: Node::Text(name.clone()) })),
            });
            Expr { at, node: Node::Arrow(vec!["x".to_owned()], Box::new(body)) }
        }
        _ => return Err(no_translation(at, name)),
    };
    let list = writer.write(list)?.within(Level::Member);
    match name {
        "map" | "filter" => lists::each(writer, &list, name, &arrow),
        "find" => {
            let found = lists::each(writer, &list, "filter", &arrow)?;
            Ok(Written::call(format!("first({})", found.text), Kind::Any))
        }
        "some" => lists::each(writer, &list, "exists", &arrow),
        "every" => lists::each(writer, &list, "all", &arrow),
        "sumBy" => {
            let values = lists::each(writer, &list, "map", &arrow)?;
            Ok(Written::call(format!("sum({})", values.text), Kind::Real))
        }
        _ => {
            let values = lists::each(writer, &list, "map", &arrow)?;
            let text = values.text.replacen(".map(", ".sortBy(", 1);
            Ok(Written::call(text, Kind::List))
        }
    }
}

/// A text literal's value.
pub(super) fn literal(expr: &Expr) -> Option<&str> {
    if let Node::Text(text) = &expr.node { Some(text) } else { None }
}

/// A text as a literal of ours.
pub(super) fn text(value: &str) -> String {
    quoted(value)
}
