//! Methods of lists.

use super::{
    Trouble,
    operators::values,
    syntax::{Expr, Node},
    write::{Outcome, Writer, no_translation},
    written::{Kind, Level, Written},
};

type Found = Result<Option<Written>, Trouble>;

/// A method of a list; `None` if it is none.
pub(super) fn method(writer: &mut Writer, value: &Written, name: &str, arguments: &[Expr]) -> Found {
    let list = value.within(Level::Member);
    let written = match (name, arguments) {
        ("map", [function]) => each(writer, &list, "map", function)?,
        ("flatMap", [function]) => {
            let made = each(writer, &list, "map", function)?;
            Written::call(format!("flatten({})", made.text), Kind::List)
        }
        ("filter", [function]) => each(writer, &list, "filter", function)?,
        ("some", [function]) => each(writer, &list, "exists", function)?,
        ("every", [function]) => each(writer, &list, "all", function)?,
        ("find", [function]) => {
            let found = each(writer, &list, "filter", function)?;
            Written::call(format!("first({})", found.text), Kind::Any)
        }
        ("reduce", [function, start]) => return sum(writer, &list, function, start),
        ("sort", []) => Written::call(format!("sort({})", value.text), Kind::List),
        ("sort", [function]) => sorted(writer, &list, function)?,
        ("reverse", []) => Written::call(format!("reverse({})", value.text), value.kind),
        ("join", []) => Written::call(format!("join({}, \",\")", value.text), Kind::Text),
        ("join", [separator]) => {
            let separator = writer.write(separator)?;
            Written::call(format!("join({}, {})", value.text, separator.text), Kind::Text)
        }
        ("flat", []) => Written::call(format!("flatten({})", value.text), Kind::List),
        ("flat", [levels]) => {
            let levels = writer.write(levels)?;
            Written::call(format!("flatten({}, {})", value.text, levels.text), Kind::List)
        }
        ("includes", [item]) => {
            let item = writer.write(item)?;
            let text = format!("{} in {}", item.within(Level::Sum), value.within(Level::Sum));
            Written::new(text, Kind::Bool, Level::Relation)
        }
        ("indexOf", [item]) => {
            let item = writer.write(item)?;
            Written::call(format!("indexOf({}, {})", value.text, item.text), Kind::Int)
        }
        ("concat", [_, ..]) => {
            let others = values(writer, arguments)?;
            let others: Vec<String> = others.iter().map(|other| other.within(Level::Product)).collect();
            Written::new(
                format!("{} + {}", value.within(Level::Sum), others.join(" + ")),
                Kind::List,
                Level::Sum,
            )
        }
        ("slice", [start]) if value.kind == Kind::List => {
            let start = writer.write(start)?.text;
            let end = format!("size({})", value.text);
            Written::call(format!("slice({}, min({start}, {end}), {end})", value.text), Kind::List)
        }
        ("slice", [start, end]) if value.kind == Kind::List => {
            let (start, end) = (writer.write(start)?.text, writer.write(end)?.text);
            let size = format!("size({})", value.text);
            let text = format!("slice({}, min({start}, {size}), min({end}, {size}))", value.text);
            Written::call(text, Kind::List)
        }
        _ => return Ok(None),
    };
    Ok(Some(written))
}

/// `list.name(x, body)` from an arrow function.
pub(super) fn each(writer: &mut Writer, list: &str, name: &str, function: &Expr) -> Outcome {
    let Node::Arrow(names, body) = &function.node else {
        return named(writer, list, name, function);
    };
    let condition = name != "map";
    let (here, body) = match names.as_slice() {
        [_] => writer
            .with(names, |writer| if condition { writer.truth(body, true) } else { writer.write(body) })?,
        [item, place] if name == "map" => {
            let names = [place.clone(), item.clone()];
            writer.with(&names, |writer| writer.write(body))?
        }
        _ => return Err(no_translation(function.at, "=>")),
    };
    let body = if condition { body } else { body.or_null() };
    let (verb, kind) = match (name, here.len()) {
        ("map", 2) => ("transformList", Kind::List),
        ("map" | "filter", _) => (name, Kind::List),
        _ => (name, Kind::Bool),
    };
    Ok(Written::call(format!("{list}.{verb}({}, {})", here.join(", "), body.text), kind))
}

/// `map(Number)`, `filter(Boolean)`: a function by its name.
fn named(writer: &mut Writer, list: &str, name: &str, function: &Expr) -> Outcome {
    let Node::Name(called) = &function.node else { return Err(no_translation(function.at, name)) };
    let names = ["x".to_owned()];
    let call = Expr {
        at: function.at,
        node: Node::Call(
            Box::new(Expr { at: function.at, node: Node::Name(called.clone()) }),
            vec![Expr { at: function.at, node: Node::Name("x".to_owned()) }],
        ),
    };
    let arrow = Expr { at: function.at, node: Node::Arrow(names.to_vec(), Box::new(call)) };
    each(writer, list, name, &arrow)
}

/// `(sum, x) => sum + x.value, 0`
fn sum(writer: &mut Writer, list: &str, function: &Expr, start: &Expr) -> Found {
    let Node::Arrow(names, body) = &function.node else { return Ok(None) };
    let ([total, item], Node::Binary("+", left, right)) = (names.as_slice(), &body.node) else {
        return Ok(None);
    };
    let is_total = |expr: &Expr| expr.node == Node::Name(total.clone());
    let added = match (is_total(left), is_total(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return Ok(None),
    };
    let (here, value) = writer.with(std::slice::from_ref(item), |writer| writer.write(added))?;
    let value = super::operators::numeric(&value);
    let sum = format!("sum({list}.map({}, {}))", here.join(", "), value.text);
    Ok(Some(match &start.node {
        Node::Number(zero) if zero == "0" => Written::call(sum, Kind::Real),
        _ => {
            let start = writer.write(start)?;
            Written::new(format!("{} + {sum}", start.within(Level::Sum)), Kind::Real, Level::Sum)
        }
    }))
}

/// `(a, b) => a.x - b.x` and `a.x.localeCompare(b.x)`, either way round.
fn sorted(writer: &mut Writer, list: &str, function: &Expr) -> Outcome {
    let trouble = || no_translation(function.at, "sort");
    let Node::Arrow(names, body) = &function.node else { return Err(trouble()) };
    let [first, second] = names.as_slice() else { return Err(trouble()) };
    let (left, right) = match &body.node {
        Node::Binary("-", left, right) => (&**left, &**right),
        Node::Call(callee, arguments) => match (&callee.node, arguments.as_slice()) {
            (Node::Member(left, name), [right, ..]) if name == "localeCompare" => (&**left, right),
            _ => return Err(trouble()),
        },
        _ => return Err(trouble()),
    };
    let mut key = |name: &String, expr: &Expr| {
        writer.with(std::slice::from_ref(name), |writer| writer.write(expr)).map(|(here, key)| {
            // the same key of either side is the same text but for the variable
            let neutral = key.text.replacen(here.first().map_or("", String::as_str), "\u{1}", 1);
            (here.join(""), key.text, neutral)
        })
    };
    let (ascending, name, key) = match key(first, left) {
        Ok((name, text, neutral)) => match key(second, right) {
            Ok((_, _, other)) if other == neutral => (true, name, text),
            _ => return Err(trouble()),
        },
        Err(_) => match (key(second, left), key(first, right)) {
            (Ok((name, text, neutral)), Ok((_, _, other))) if neutral == other => (false, name, text),
            _ => return Err(trouble()),
        },
    };
    let sorted = format!("{list}.sortBy({name}, {key})");
    Ok(Written::call(if ascending { sorted } else { format!("reverse({sorted})") }, Kind::List))
}
