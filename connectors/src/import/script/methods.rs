use super::{
    lists,
    operators::pattern,
    syntax::{Expr, Node},
    texts, times,
    write::{Outcome, Writer, no_translation},
    written::{Kind, Level, Missing, Written, quoted},
};

/// `operand.name`
pub(super) fn member(writer: &mut Writer, operand: &Expr, name: &str, at: usize) -> Outcome {
    if let Node::Name(space) = &operand.node
        && space == "Math"
    {
        return match name {
            "PI" => Ok(Written::call(std::f64::consts::PI.to_string(), Kind::Real).sure()),
            "E" => Ok(Written::call(std::f64::consts::E.to_string(), Kind::Real).sure()),
            _ => Err(no_translation(at, name)),
        };
    }
    let value = writer.write(operand)?;
    if name == "length" {
        let mut written = Written::call(format!("size({})", value.text), Kind::Int);
        if value.missing == Missing::Never && matches!(value.kind, Kind::Text | Kind::List) {
            written.missing = Missing::Never;
        }
        return Ok(written);
    }
    let mut written = writer.along(&value.within(Level::Member), &[name.to_owned()]);
    if value.missing == Missing::Fails {
        written.missing = Missing::Fails;
    }
    if value.text == "record" {
        written = writer.along("record", &[name.to_owned()]);
    }
    Ok(written)
}

/// `operand[index]`
pub(super) fn index(writer: &mut Writer, operand: &Expr, index: &Expr) -> Outcome {
    if let (Node::Call(callee, arguments), Node::Number(group)) = (&operand.node, &index.node)
        && let (Node::Member(text, name), [Expr { node: Node::Regex { source, flags }, .. }]) =
            (&callee.node, arguments.as_slice())
        && name == "match"
    {
        let text = writer.write(text)?;
        return match group.as_str() {
            "0" => {
                let whole = format!("({})", pattern(source, flags));
                Ok(Written::call(format!("extract({}, {})", text.text, quoted(&whole)), Kind::Text))
            }
            "1" => {
                let pattern = quoted(&pattern(source, flags));
                Ok(Written::call(format!("extract({}, {pattern})", text.text), Kind::Text))
            }
            _ => Err(no_translation(index.at, group)),
        };
    }
    let value = writer.write(operand)?;
    if let Node::Text(name) = &index.node {
        let mut written = writer.along(&value.within(Level::Member), std::slice::from_ref(name));
        if value.missing == Missing::Fails {
            written.missing = Missing::Fails;
        }
        return Ok(written);
    }
    let index = writer.write(index)?;
    if value.kind == Kind::Text {
        return Ok(Written::call(format!("mid({}, {}, 1)", value.text, index.text), Kind::Text));
    }
    Ok(Written::call(format!("{}[{}]", value.within(Level::Member), index.text), Kind::Any))
}

/// `operand.name(arguments)`
pub(super) fn method(
    writer: &mut Writer,
    operand: &Expr,
    name: &str,
    arguments: &[Expr],
    at: usize,
) -> Outcome {
    if let Node::Regex { source, flags } = &operand.node {
        return match (name, arguments) {
            ("test", [text]) => {
                let text = writer.write(text)?.or_null().text;
                let test = format!("matches({text}, {})", quoted(&pattern(source, flags)));
                Ok(Written::call(test, Kind::Bool))
            }
            _ => Err(no_translation(at, name)),
        };
    }
    if let Some(written) = texts::without_accents(writer, operand, name, arguments)? {
        return Ok(written);
    }
    let value = writer.write(operand)?;
    if value.kind == Kind::Time
        && let Some(written) = times::method(writer, &value, name, arguments)?
    {
        return Ok(written);
    }
    if value.kind != Kind::List
        && let Some(written) = texts::method(writer, &value, name, arguments)?
    {
        return Ok(written);
    }
    match lists::method(writer, &value, name, arguments)? {
        Some(written) => Ok(written),
        None => Err(no_translation(at, name)),
    }
}
