//! Lists and objects: the list and set extensions of CEL, and what records need.

use super::{Args, Function, Group, MANY, function};
use crate::{
    expression::{
        error::Fail,
        eval::Evaluated,
        loops::sorted,
        ops::equal,
        value::{Items, Val},
    },
    msg,
};

const LISTS: Group = Group::Lists;

pub(super) const TABLE: &[Function] = &[
    function(
        LISTS,
        ("size(value)", 1, 1),
        (
            "How many letters a text has, bytes, items of a list or fields of an object.",
            r#"size("Orléans")"#,
            "7",
        ),
        size,
    ),
    function(
        LISTS,
        ("first(list)", 1, 1),
        ("The first item; null if there is none.", "first([3, 1, 2])", "3"),
        |args| Ok(args.items(0)?.get(0).unwrap_or(Val::Null)),
    ),
    function(
        LISTS,
        ("last(list)", 1, 1),
        ("The last item; null if there is none.", "last([3, 1, 2])", "2"),
        |args| {
            let items = args.items(0)?;
            Ok(items.len().checked_sub(1).and_then(|last| items.get(last)).unwrap_or(Val::Null))
        },
    ),
    function(
        LISTS,
        ("slice(list, start, end)", 3, 3),
        ("The items from one place up to another, counted from 0.", "[1, 2, 3, 4].slice(1, 3)", "[2, 3]"),
        slice,
    ),
    function(
        LISTS,
        ("sort(list)", 1, 1),
        ("The items in ascending order; they must be of one kind.", "[3, 1, 2].sort()", "[1, 2, 3]"),
        |args| {
            let items = args.items(0)?;
            args.fuel.items(items.len().saturating_mul(8))?;
            sorted(items.iter().map(|item| (item.clone(), item)).collect())
                .map_err(|fail| args.blame(0, fail))
        },
    ),
    function(
        LISTS,
        ("reverse(value)", 1, 1),
        ("A list or text from its end to its start.", r#"[1, 2, 3].reverse()"#, "[3, 2, 1]"),
        reverse,
    ),
    function(
        LISTS,
        ("distinct(list)", 1, 1),
        ("Each item once, where it came first.", r#"["a", "b", "a"].distinct()"#, r#"["a", "b"]"#),
        |args| {
            let items = args.items(0)?;
            let mut kept = Vec::new();
            for item in items.iter() {
                if !holds(args, &kept, &item)? {
                    kept.push(item);
                }
            }
            Ok(Val::list(kept))
        },
    ),
    function(
        LISTS,
        ("flatten(list, [levels])", 1, 2),
        ("The items of lists in a list, made one list.", "[1, [2, [3]]].flatten()", "[1, 2, [3]]"),
        |args| {
            let levels = if args.len() > 1 { args.count(1)? } else { 1 };
            let items = args.items(0)?;
            let mut flat = Vec::new();
            flatten(args, &items, levels, &mut flat)?;
            Ok(Val::list(flat))
        },
    ),
    function(
        LISTS,
        ("lists.range(count)", 1, 1),
        ("The whole numbers from 0, so many.", "lists.range(3)", "[0, 1, 2]"),
        |args| {
            let count = args.int(0)?;
            args.fuel.spend(u64::try_from(count).unwrap_or(0))?;
            Ok(Val::list((0..count).map(Val::Int).collect()))
        },
    ),
    function(
        LISTS,
        ("sum(list)", 1, 1),
        ("The sum of the numbers in a list; nulls do not count.", "sum([1, 2.5, null])", "3.5"),
        sum,
    ),
    function(
        LISTS,
        ("mean(list)", 1, 1),
        (
            "The mean of the numbers in a list; nulls do not count. Null if there are none.",
            "mean([1, 2, null])",
            "1.5",
        ),
        |args| {
            let items = args.items(0)?;
            let (mut total, mut count) = (0.0, 0.0);
            for item in items.iter().filter(|item| !matches!(item, Val::Null)) {
                total += item
                    .as_f64()
                    .ok_or_else(|| args.blame(0, msg!("the list holds something that is no number")))?;
                count += 1.0;
            }
            Ok(if count > 0.0 { Val::Double(total / count) } else { Val::Null })
        },
    ),
    function(
        LISTS,
        ("keys(object)", 1, 1),
        ("The names of the fields of an object.", r#"keys({"a": 1, "b": 2})"#, r#"["a", "b"]"#),
        |args| Ok(Val::list(args.entries(0)?.iter().map(|(key, _)| key).collect())),
    ),
    function(
        LISTS,
        ("values(object)", 1, 1),
        ("The values of the fields of an object.", r#"values({"a": 1, "b": 2})"#, "[1, 2]"),
        |args| Ok(Val::list(args.entries(0)?.iter().map(|(_, value)| value).collect())),
    ),
    function(
        LISTS,
        ("merge(objects…)", 1, MANY),
        (
            "One object of all fields; of a name that comes twice the last value counts.",
            r#"merge({"a": 1, "b": 2}, {"b": 3})"#,
            r#"{"a": 1, "b": 3}"#,
        ),
        merge,
    ),
    function(
        LISTS,
        ("sets.contains(list, items)", 2, 2),
        ("Whether all of the items are in the list.", "sets.contains([1, 2, 3], [2, 1])", "true"),
        |args| Ok(Val::Bool(all_in(args, 1, 0)?)),
    ),
    function(
        LISTS,
        ("sets.equivalent(list, other)", 2, 2),
        (
            "Whether two lists hold the same items, whatever their order and number.",
            "sets.equivalent([1, 2, 1], [2, 1])",
            "true",
        ),
        |args| Ok(Val::Bool(all_in(args, 0, 1)? && all_in(args, 1, 0)?)),
    ),
    function(
        LISTS,
        ("sets.intersects(list, other)", 2, 2),
        ("Whether two lists have an item in common.", "sets.intersects([1, 2], [2, 3])", "true"),
        |args| {
            let (a, b) = (args.items(0)?, args.items(1)?);
            for item in a.iter() {
                for other in b.iter() {
                    args.fuel.spend(1)?;
                    if equal(&item, &other, args.fuel)? {
                        return Ok(Val::Bool(true));
                    }
                }
            }
            Ok(Val::Bool(false))
        },
    ),
    function(
        LISTS,
        ("optional.of(value)", 1, 1),
        ("A value that may be there, and is.", "optional.of(1).hasValue()", "true"),
        |args| Ok(Val::some(args.take(0))),
    ),
    function(
        LISTS,
        ("optional.ofNonZeroValue(value)", 1, 1),
        (
            "A value that may be there: not if it is null, false, zero or empty.",
            "optional.ofNonZeroValue(0).hasValue()",
            "false",
        ),
        |args| {
            let zero = is_zero(args.get(0));
            Ok(if zero { Val::Optional(None) } else { Val::some(args.take(0)) })
        },
    ),
    function(
        LISTS,
        ("optional.none()", 0, 0),
        ("A value that may be there, and is not.", "optional.none().orValue(0)", "0"),
        |_| Ok(Val::Optional(None)),
    ),
    function(
        LISTS,
        ("hasValue(optional)", 1, 1),
        ("Whether an optional value is there.", r#"{"a": 1}.?b.hasValue()"#, "false"),
        |args| match args.get(0) {
            Val::Optional(value) => Ok(Val::Bool(value.is_some())),
            _ => Err(args.wrong(0, msg!("an optional value"))),
        },
    ),
    function(
        LISTS,
        ("value(optional)", 1, 1),
        ("The optional value that is there.", r#"{"a": 1}.?a.value()"#, "1"),
        |args| match args.get(0) {
            Val::Optional(Some(value)) => Ok((**value).clone()),
            Val::Optional(None) => Err(args.blame(0, Fail::null(msg!("the optional value is not there")))),
            _ => Err(args.wrong(0, msg!("an optional value"))),
        },
    ),
    function(
        LISTS,
        ("orValue(optional, other)", 2, 2),
        ("The optional value if it is there, otherwise another.", r#"{"a": 1}.?b.orValue(0)"#, "0"),
        |args| match args.get(0) {
            Val::Optional(Some(value)) => Ok((**value).clone()),
            Val::Optional(None) => Ok(args.take(1)),
            _ => Err(args.wrong(0, msg!("an optional value"))),
        },
    ),
    function(
        LISTS,
        ("or(optional, other)", 2, 2),
        ("The first of two optional values that is there.", r#"{"a": 1}.?b.or(optional.of(2)).value()"#, "2"),
        |args| match args.get(0) {
            Val::Optional(Some(_)) => Ok(args.take(0)),
            Val::Optional(None) => Ok(args.take(1)),
            _ => Err(args.wrong(0, msg!("an optional value"))),
        },
    ),
];

fn size<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let count = match args.get(0) {
        Val::Text(_) => args.str(0)?.chars().count(),
        Val::Bytes(bytes) => bytes.len(),
        Val::List(items) => items.len(),
        Val::Map(entries) => entries.len(),
        _ => return Err(args.wrong(0, msg!("a text, a list or an object"))),
    };
    Ok(Val::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn slice<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let items = args.items(0)?;
    let (start, end) = (args.count(1)?, args.count(2)?);
    if start > end || end > items.len() {
        return Err(msg!(
            "there are no items {start} to {end}: the list has {count}, counted from 0",
            start = start,
            end = end,
            count = items.len()
        )
        .into());
    }
    Ok(Val::list((start..end).filter_map(|place| items.get(place)).collect()))
}

fn reverse<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    if matches!(args.get(0), Val::Text(_)) {
        let text = args.str(0)?.chars().rev().collect();
        return args.made(text);
    }
    let items = args.items(0)?;
    Ok(Val::list((0..items.len()).rev().filter_map(|place| items.get(place)).collect()))
}

fn flatten<'a>(
    args: &mut Args<'_, 'a>,
    items: &Items<'a>,
    levels: usize,
    out: &mut Vec<Val<'a>>,
) -> Result<(), Fail> {
    for item in items.iter() {
        args.fuel.spend(1)?;
        match item {
            Val::List(inner) if levels > 0 => flatten(args, &inner, levels - 1, out)?,
            item => out.push(item),
        }
    }
    Ok(())
}

fn sum<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let items = args.items(0)?;
    let mut whole = Some(0_i64);
    let mut real = 0.0;
    for item in items.iter().filter(|item| !matches!(item, Val::Null)) {
        real +=
            item.as_f64().ok_or_else(|| args.blame(0, msg!("the list holds something that is no number")))?;
        whole = match item {
            Val::Int(int) => whole.and_then(|sum| sum.checked_add(int)),
            _ => None,
        };
    }
    Ok(whole.map_or(Val::Double(real), Val::Int))
}

fn merge<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let mut merged: Vec<(Val<'a>, Val<'a>)> = Vec::new();
    for place in 0..args.len() {
        let entries = args.entries(place)?;
        for (key, value) in entries.iter() {
            args.fuel.spend(1 + merged.len() as u64 / 4)?;
            let mut known = None;
            for (at, (name, _)) in merged.iter().enumerate() {
                if equal(name, &key, args.fuel)? {
                    known = Some(at);
                }
            }
            match known.and_then(|at| merged.get_mut(at)) {
                Some(entry) => entry.1 = value,
                None => merged.push((key, value)),
            }
        }
    }
    Ok(Val::map(merged))
}

fn holds<'a>(args: &mut Args<'_, 'a>, items: &[Val<'a>], wanted: &Val<'a>) -> Result<bool, Fail> {
    for item in items {
        args.fuel.spend(1)?;
        if equal(item, wanted, args.fuel)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether all items of the list at `some` are in the list at `all`.
fn all_in(args: &mut Args<'_, '_>, some: usize, all: usize) -> Result<bool, Fail> {
    let (some, all) = (args.items(some)?, args.items(all)?);
    let all: Vec<Val<'_>> = all.iter().collect();
    for item in some.iter() {
        if !holds(args, &all, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn index_of<'a>(args: &mut Args<'_, 'a>, last: bool) -> Evaluated<'a> {
    let items = args.items(0)?;
    let mut found = -1;
    for (place, item) in items.iter().enumerate() {
        args.fuel.spend(1)?;
        let same = match args.values.get(1) {
            Some(wanted) => equal(&item, wanted, args.fuel)?,
            None => false,
        };
        if same {
            found = i64::try_from(place).unwrap_or(i64::MAX);
            if !last {
                break;
            }
        }
    }
    Ok(Val::Int(found))
}

pub(super) fn is_zero(value: &Val<'_>) -> bool {
    match value {
        Val::Null | Val::Bool(false) | Val::Optional(None) => true,
        Val::Text(text) => text.is_empty(),
        Val::Bytes(bytes) => bytes.is_empty(),
        Val::List(items) => items.len() == 0,
        Val::Map(entries) => entries.len() == 0,
        value => value.as_f64() == Some(0.0),
    }
}
