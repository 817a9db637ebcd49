//! Whether a filter holds for a value (RFC 9535 §2.3.5 and §2.4).

use super::{
    pattern::Pattern,
    query::{Node, run},
    tree::{Against, Comparison, Query, Term, Test},
};
use crate::record::{Timestamp, Value};
use std::cmp::Ordering;

pub(super) fn holds<'a>(test: &'a Test, root: Value<'a>, here: Value<'a>) -> bool {
    match test {
        Test::Any(tests) => tests.iter().any(|test| holds(test, root, here)),
        Test::All(tests) => tests.iter().all(|test| holds(test, root, here)),
        Test::Not(test) => !holds(test, root, here),
        Test::Exists(query) => !select(query, root, here).is_empty(),
        Test::Compare(left, comparison, right) => {
            compare(value(left, root, here), *comparison, value(right, root, here))
        }
        Test::Matches { text, pattern, whole } => {
            let Some(Value::Text(text)) = value(text, root, here) else { return false };
            match &**pattern {
                Against::Fixed(pattern) => pattern.as_ref().is_some_and(|pattern| pattern.is_match(text)),
                Against::Found(term) => match value(term, root, here) {
                    Some(Value::Text(pattern)) => {
                        Pattern::new(pattern, *whole).is_some_and(|pattern| pattern.is_match(text))
                    }
                    _ => false,
                },
            }
        }
    }
}

fn select<'a>(query: &'a Query, root: Value<'a>, here: Value<'a>) -> Vec<Node<'a>> {
    let start = if query.absolute { root } else { here };
    run(&query.segments, root, Node::root(start, false))
}

fn value<'a>(term: &'a Term, root: Value<'a>, here: Value<'a>) -> Option<Value<'a>> {
    Some(match term {
        Term::Null => Value::Null,
        Term::Bool(value) => Value::Bool(*value),
        Term::Int(int) => Value::Int(*int),
        Term::Decimal(text) => Value::Decimal(text),
        Term::Text(text) => Value::Text(text),
        Term::Single(query) | Term::Value(query) => match select(query, root, here).as_slice() {
            [only] => only.value,
            _ => return None,
        },
        Term::Length(term) => count(match value(term, root, here)? {
            Value::Text(text) => text.chars().count(),
            Value::List(list) => list.len(),
            Value::Object(object) => object.iter().count(),
            _ => return None,
        }),
        Term::Count(query) => count(select(query, root, here).len()),
    })
}

fn count(number: usize) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn compare(left: Option<Value<'_>>, comparison: Comparison, right: Option<Value<'_>>) -> bool {
    let equal = || {
        left.is_some_and(|left| right.is_some_and(|right| same(left, right)))
            || (left.is_none() && right.is_none())
    };
    let less = |low: Option<Value<'_>>, high: Option<Value<'_>>| order(low, high) == Some(Ordering::Less);
    match comparison {
        Comparison::Equal => equal(),
        Comparison::NotEqual => !equal(),
        Comparison::Less => less(left, right),
        Comparison::LessOrEqual => less(left, right) || equal(),
        Comparison::Greater => less(right, left),
        Comparison::GreaterOrEqual => less(right, left) || equal(),
    }
}

fn same(left: Value<'_>, right: Value<'_>) -> bool {
    left == right || order(Some(left), Some(right)) == Some(Ordering::Equal)
}

/// The order of numbers, of texts (by code points), and of times, also when one is written as text.
fn order(left: Option<Value<'_>>, right: Option<Value<'_>>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Some(left.cmp(&right)),
        (Value::Time(left), Value::Text(right)) => Some(left.cmp(&Timestamp::parse(right)?)),
        (Value::Text(left), Value::Time(right)) => Some(Timestamp::parse(left)?.cmp(&right)),
        (left, right) => Some(left.as_number()?.compare(right.as_number()?)),
    }
}
