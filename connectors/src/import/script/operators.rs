use super::{
    Trouble,
    syntax::{Expr, Node},
    write::{Outcome, Writer, no_translation},
    written::{Kind, Level, Missing, Written, quoted},
};

impl Writer {
    /// The truth of a value as JavaScript sees it. `sure`: it is false, and no failure, where it cannot be
    /// computed.
    pub(super) fn truth(&mut self, expr: &Expr, sure: bool) -> Outcome {
        if let Node::Binary(operator @ ("&&" | "||"), left, right) = &expr.node {
            let (left, right) = (self.truth(left, sure)?, self.truth(right, sure)?);
            return Ok(logic(operator, &left, &right));
        }
        if let Node::Call(callee, arguments) = &expr.node
            && let (Node::Member(operand, name), [Expr { node: Node::Regex { source, flags }, .. }]) =
                (&callee.node, arguments.as_slice())
            && name == "match"
        {
            let operand = self.write(operand)?;
            let text = format!("matches({}, {})", operand.or_null().text, quoted(&pattern(source, flags)));
            return Ok(truthful(Written::call(text, Kind::Bool), sure));
        }
        let value = self.write(expr)?;
        Ok(match value.kind {
            Kind::Bool => truthful(value, sure),
            Kind::Nothing => Written::call("false", Kind::Bool).sure(),
            _ => {
                let text = format!("optional.ofNonZeroValue({}).hasValue()", value.or_null().text);
                Written::call(text, Kind::Bool).sure()
            }
        })
    }
}

fn truthful(value: Written, sure: bool) -> Written {
    if !sure || value.missing == Missing::Never {
        return value;
    }
    Written::call(format!("try({}, false)", value.text), Kind::Bool).sure()
}

fn logic(operator: &str, left: &Written, right: &Written) -> Written {
    let level = if operator == "&&" { Level::And } else { Level::Or };
    let text = format!("{} {operator} {}", left.within(level), right.within(level));
    let mut written = Written::new(text, Kind::Bool, level);
    if left.missing == Missing::Never && right.missing == Missing::Never {
        written.missing = Missing::Never;
    }
    written
}

/// A regular expression with its flags.
pub(super) fn pattern(source: &str, flags: &str) -> String {
    let kept: String = flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 's')).collect();
    if kept.is_empty() { source.to_owned() } else { format!("(?{kept}){source}") }
}

/// Several values as one text.
pub(super) fn text_of(writer: &mut Writer, parts: &[Expr]) -> Outcome {
    let mut values = Vec::new();
    for part in parts {
        values.push(writer.write(part)?.or_null());
    }
    Ok(concat(&values))
}

fn concat(values: &[Written]) -> Written {
    let inner = |value: &Written| {
        value
            .text
            .strip_prefix("concat(")
            .and_then(|text| text.strip_suffix(')'))
            .filter(|text| balanced(text))
            .map_or_else(|| value.text.clone(), str::to_owned)
    };
    let texts: Vec<String> = values.iter().map(inner).collect();
    Written::call(format!("concat({})", texts.join(", ")), Kind::Text).sure()
}

/// Whether parentheses open and close within the text, quotes aside.
fn balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0_i32, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quote => drop(letters.next()),
            '"' => quote = !quote,
            '(' if !quote => depth += 1,
            ')' if !quote => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

pub(super) fn unary(writer: &mut Writer, operator: &str, operand: &Expr, at: usize) -> Outcome {
    match operator {
        "!" => {
            let value = writer.truth(operand, true)?;
            Ok(Written::new(format!("!{}", value.within(Level::Unary)), Kind::Bool, Level::Unary).sure())
        }
        "-" => {
            let value = writer.write(operand)?;
            let value = numeric(&value);
            let text = value.within(Level::Member);
            let mut written = Written::new(format!("-{text}"), value.kind, Level::Unary);
            written.missing = value.missing;
            Ok(written)
        }
        "+" => Ok(numeric(&writer.write(operand)?)),
        _ => Err(no_translation(at, operator)),
    }
}

/// A value as a number, as JavaScript reads one from text.
pub(super) fn numeric(value: &Written) -> Written {
    match value.kind {
        Kind::Int | Kind::Real => value.clone(),
        Kind::Time => Written::new(format!("int({}) * 1000", value.text), Kind::Int, Level::Product),
        _ => Written::call(format!("double({})", value.text), Kind::Real),
    }
}

pub(super) fn binary(writer: &mut Writer, operator: &'static str, left: &Expr, right: &Expr) -> Outcome {
    match operator {
        "==" | "===" | "!=" | "!==" => equal(writer, operator.starts_with('!'), left, right),
        "<" | "<=" | ">" | ">=" => compare(writer, operator, left, right),
        "&&" => and(writer, left, right),
        "||" => or(writer, left, right),
        "??" => {
            let (left, right) = (writer.write(left)?, writer.write(right)?);
            if left.missing == Missing::Fails {
                let kind = left.kind.or(right.kind);
                return Ok(Written::call(
                    format!("coalesce(try({}, null), {})", left.text, right.text),
                    kind,
                ));
            }
            Ok(Written::call(format!("default({}, {})", left.text, right.text), left.kind.or(right.kind)))
        }
        "+" => add(writer, left, right),
        "in" => {
            let (left, right) = (writer.write(left)?, writer.write(right)?);
            let text = format!("{} in {}", left.within(Level::Sum), right.within(Level::Sum));
            Ok(Written::new(text, Kind::Bool, Level::Relation))
        }
        _ => arithmetic(writer, operator, left, right),
    }
}

fn and(writer: &mut Writer, left: &Expr, right: &Expr) -> Outcome {
    let (first, second) = (writer.write(left)?, writer.write(right)?);
    if first.kind == Kind::Bool && second.kind == Kind::Bool {
        let (first, second) = (writer.truth(left, true)?, writer.truth(right, true)?);
        return Ok(logic("&&", &first, &second));
    }
    let truth = writer.truth(left, true)?;
    let otherwise = if first.kind == Kind::Bool { "false".to_owned() } else { first.or_null().text };
    let text = format!("{} ? {} : {otherwise}", truth.within(Level::Or), second.within(Level::Or));
    Ok(Written::new(text, first.kind.or(second.kind), Level::Conditional))
}

fn or(writer: &mut Writer, left: &Expr, right: &Expr) -> Outcome {
    let (first, second) = (writer.write(left)?, writer.write(right)?);
    if first.kind == Kind::Bool && second.kind == Kind::Bool {
        let (first, second) = (writer.truth(left, true)?, writer.truth(right, true)?);
        return Ok(logic("||", &first, &second));
    }
    let text = format!("optional.ofNonZeroValue({}).orValue({})", first.or_null().text, second.text);
    let mut written = Written::call(text, first.kind.or(second.kind));
    written.missing = if second.missing == Missing::Never { Missing::Never } else { Missing::Fails };
    Ok(written)
}

fn equal(writer: &mut Writer, negated: bool, left: &Expr, right: &Expr) -> Outcome {
    let sign = if negated { "!=" } else { "==" };
    for (one, other) in [(left, right), (right, left)] {
        if let (Node::Unary("typeof", operand), Node::Text(kind)) = (&one.node, &other.node) {
            return type_is(writer, (operand, kind), negated, other.at);
        }
    }
    let (a, b) = (writer.write(left)?, writer.write(right)?);
    let (a, b) = (beside(&a, &b), beside(&b, &a));
    let text = format!("{} {sign} {}", a.or_null().within(Level::Sum), b.or_null().within(Level::Sum));
    Ok(Written::new(text, Kind::Bool, Level::Relation).sure())
}

/// Parameters come as text: a number they are compared with becomes text too.
fn beside(value: &Written, other: &Written) -> Written {
    let parameter = other.text.starts_with("params.") && other.kind == Kind::Text;
    if parameter && (value.kind.is_number() || value.kind == Kind::Bool) && value.missing == Missing::Never {
        return Written::call(quoted(&value.text), Kind::Text).sure();
    }
    value.clone()
}

fn type_is(writer: &mut Writer, (operand, kind): (&Expr, &str), negated: bool, at: usize) -> Outcome {
    let value = writer.write(operand)?.or_null().text;
    let test = match kind {
        "string" => format!("type({value}) == string"),
        "number" => format!("type({value}) in [int, double]"),
        "boolean" => format!("type({value}) == bool"),
        "undefined" => format!("{value} == null"),
        "object" => format!("type({value}) in [list, map, null_type]"),
        _ => return Err(no_translation(at, kind)),
    };
    Ok(if negated {
        Written::new(format!("!({test})"), Kind::Bool, Level::Unary).sure()
    } else {
        Written::new(test, Kind::Bool, Level::Relation).sure()
    })
}

fn compare(writer: &mut Writer, operator: &str, left: &Expr, right: &Expr) -> Outcome {
    let (a, b) = (writer.write(left)?, writer.write(right)?);
    let number = |value: &Written, other: &Written| match (value.kind, other.kind) {
        (Kind::Any | Kind::Text, Kind::Int | Kind::Real) => numeric(value),
        _ => value.clone(),
    };
    let (a, b) = (number(&a, &b), number(&b, &a));
    let text = format!("{} {operator} {}", a.within(Level::Sum), b.within(Level::Sum));
    Ok(Written::new(text, Kind::Bool, Level::Relation))
}

fn add(writer: &mut Writer, left: &Expr, right: &Expr) -> Outcome {
    let (a, b) = (writer.write(left)?, writer.write(right)?);
    if a.kind == Kind::Text || b.kind == Kind::Text {
        return Ok(concat(&[a.or_null(), b.or_null()]));
    }
    let sum = format!("{} + {}", a.within(Level::Sum), b.within(Level::Product));
    match (a.kind, b.kind) {
        (Kind::Int, Kind::Int) => Ok(Written::new(sum, Kind::Int, Level::Sum)),
        (a, b) if a.is_number() && b.is_number() => Ok(Written::new(sum, Kind::Real, Level::Sum)),
        (Kind::Any, Kind::Any | Kind::Int | Kind::Real) | (Kind::Int | Kind::Real, Kind::Any) => {
            // numbers add up, and texts follow each other: what they are shows with the data
            let text = format!("try({sum}, concat({}, {}))", a.text, b.text);
            Ok(Written::call(text, Kind::Any))
        }
        _ => Err(no_translation(left.at, "+")),
    }
}

fn arithmetic(writer: &mut Writer, operator: &str, left: &Expr, right: &Expr) -> Outcome {
    let (a, b) = (writer.write(left)?, writer.write(right)?);
    if a.kind == Kind::Time && b.kind == Kind::Time && operator == "-" {
        let text = format!("int(difference({}, {}, \"second\") * 1000.0)", a.text, b.text);
        return Ok(Written::call(text, Kind::Int));
    }
    let (a, b) = (numeric(&a), numeric(&b));
    let real = |value: &Written| match value.kind {
        Kind::Int if value.text.chars().all(|letter| letter.is_ascii_digit()) => {
            Written::call(format!("{}.0", value.text), Kind::Real)
        }
        Kind::Int => Written::call(format!("double({})", value.text), Kind::Real),
        _ => value.clone(),
    };
    match operator {
        "%" => {
            let whole = |value: &Written| match value.kind {
                Kind::Int => value.within(Level::Unary),
                _ => format!("int({})", value.text),
            };
            Ok(Written::new(format!("{} % {}", whole(&a), whole(&b)), Kind::Int, Level::Product))
        }
        "/" => {
            let text = format!("{} / {}", real(&a).within(Level::Product), real(&b).within(Level::Unary));
            Ok(Written::new(text, Kind::Real, Level::Product))
        }
        _ => {
            let level = if operator == "*" { Level::Product } else { Level::Sum };
            let next = if operator == "*" { Level::Unary } else { Level::Product };
            let text = format!("{} {operator} {}", a.within(level), b.within(next));
            let kind = if a.kind == Kind::Int && b.kind == Kind::Int { Kind::Int } else { Kind::Real };
            Ok(Written::new(text, kind, level))
        }
    }
}

/// The values of arguments, where there are at least so many.
pub(super) fn values(writer: &mut Writer, arguments: &[Expr]) -> Result<Vec<Written>, Trouble> {
    arguments.iter().map(|argument| writer.write(argument)).collect()
}

/// All of these conditions.
pub(in crate::import) fn all(conditions: Vec<Written>) -> Written {
    let together = conditions.into_iter().reduce(|left, right| logic("&&", &left, &right));
    together.unwrap_or_else(|| Written::call("true", Kind::Bool).sure())
}

/// Any of these conditions.
pub(in crate::import) fn any(conditions: Vec<Written>) -> Written {
    let together = conditions.into_iter().reduce(|left, right| logic("||", &left, &right));
    together.unwrap_or_else(|| Written::call("false", Kind::Bool).sure())
}

/// The contrary; what cannot be computed counts as false before.
pub(in crate::import) fn not(condition: Written) -> Written {
    let condition = truthful(condition, true);
    Written::new(format!("!{}", condition.within(Level::Unary)), Kind::Bool, Level::Unary).sure()
}

/// A condition that can fail, as the text says it.
pub(in crate::import) fn test(text: String) -> Written {
    Written::new(text, Kind::Bool, Level::Relation)
}

/// A condition that cannot fail, as the text says it.
pub(in crate::import) fn sure(text: String) -> Written {
    Written::new(text, Kind::Bool, Level::Relation).sure()
}
