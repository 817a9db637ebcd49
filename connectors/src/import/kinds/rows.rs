//! Filter, sort, slice, unicity.

use crate::import::{
    pattern::{ITEM_NAME, Patterns},
    query,
    script::{Path, Root, quoted},
    work::{Done, Scope, Work},
};
use bus_core::msg;
use serde_json::{Value, json};

pub(super) fn filter(work: &mut Work<'_>) -> Done {
    let query = work.given.json(&["filterString", "filter", "conditionString", "configObject"]);
    let query = query.ok_or_else(|| msg!("it has no condition"))?;
    let root = match &work.scope {
        Scope::Records => Root::Record(work.base.clone()),
        Scope::Within(_) => Root::Local("each"),
    };
    let mut patterns = Patterns::new(root);
    let condition = query::condition(&query, &mut patterns)?;
    work.absorb(patterns.writer);
    match work.scope.clone() {
        Scope::Records => {
            work.step("", "filter", json!({ "expression": condition.text, "on_error": "else" }));
        }
        Scope::Within(path) => {
            let body = format!("{ITEM_NAME}.filter(each, try({}, false))", condition.text);
            work.rewrite_within(&path, false, &body);
        }
    }
    Ok(())
}

pub(super) fn sort(work: &mut Work<'_>) -> Done {
    let order = work
        .given
        .json(&["sortString", "sort", "configObject"])
        .ok_or_else(|| msg!("it does not say by what"))?;
    let Value::Object(order) = order else { return Err(msg!("it does not say by what")) };
    let mut keys = Vec::new();
    for (field, direction) in &order {
        let direction = match direction {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let descending = direction.is_some_and(|direction: f64| direction < 0.0);
        keys.push((work.field(&Path::read(field))?, descending));
    }
    if keys.is_empty() {
        return Err(msg!("it does not say by what"));
    }
    work.on_lists();
    if let Scope::Within(path) = work.scope.clone() {
        // sorting by the last key first leaves the order of the others
        let mut body = ITEM_NAME.to_owned();
        for (field, descending) in keys.iter().rev() {
            let key = format!(
                "each{}",
                field.names().iter().map(|name| format!("[{}]", quoted(name))).collect::<String>()
            );
            body = if *descending {
                format!("reverse(reverse({body}).sortBy(each, {key}))")
            } else {
                format!("{body}.sortBy(each, {key})")
            };
        }
        work.rewrite_within(&path, false, &body);
        return Ok(());
    }
    let by = keys.iter().map(|(field, descending)| {
        let mut key = json!({ "field": field.field() });
        if *descending {
            key["direction"] = "descending".into();
        }
        key
    });
    let by: Vec<Value> = by.collect();
    work.step("", "sort", json!({ "by": by }));
    Ok(())
}

pub(super) fn slice(work: &mut Work<'_>) -> Done {
    let start =
        work.given.number(&["startIndex", "start", "begin", "from", "sliceStart", "min"]).unwrap_or(0.0);
    let end = work.given.number(&["endIndex", "end", "to", "sliceEnd", "max"]);
    if start < 0.0 || end.is_some_and(|end| end < 0.0) {
        return Err(msg!("places counted from the end are not known before all records have come"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and cut at the limit"
    )]
    let whole = |number: f64| number.min(9e15) as u64;
    let (start, end) = (whole(start), end.map(whole));
    work.on_lists();
    if let Scope::Within(path) = work.scope.clone() {
        let size = format!("size({ITEM_NAME})");
        let to = end.map_or_else(|| size.clone(), |end| format!("min({}, {size})", end.max(start)));
        let body = format!("slice({ITEM_NAME}, min({start}, {size}), {to})");
        work.rewrite_within(&path, false, &body);
        return Ok(());
    }
    match end {
        Some(end) if end <= start => work.step("", "limit", json!({ "records": 0 })),
        Some(end) => work.step("", "slice", json!({ "from": start + 1, "to": end })),
        None => work.step("", "slice", json!({ "from": start + 1 })),
    }
    Ok(())
}

/// One record a key, with every value each field had: `{key, data: {field: [{value}]}}`.
pub(super) fn unicity(work: &mut Work<'_>) -> Done {
    work.on_records_only()?;
    let mut fields = Vec::new();
    for field in work.given.objects(&["unicityFields", "fields"]) {
        let name = field.get("field").or_else(|| field.get("key")).and_then(Value::as_str);
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            fields.push(work.field(&Path::read(name))?);
        }
    }
    if fields.is_empty() {
        return Err(msg!("it names no field that is to be unique"));
    }
    work.on_lists();
    let key = if let [field] = fields.as_slice() {
        json!({ "field": field.field() })
    } else {
        work.differs(msg!("several fields make up the key: they are one text here, with `|` between them"));
        let writer = crate::import::script::Writer::new(Root::Record(Path::default()));
        let mut parts = Vec::new();
        for field in &fields {
            parts.push(writer.item_text(field));
        }
        json!({ "expression": format!("concat({})", parts.join(", \"|\", ")) })
    };
    let item = json!({ "name": "item", "value": { "expression": "record" } });
    let key = json!({ "name": "key", "value": key });
    work.step("key", "map", json!({ "fields": [key, item], "rest": "drop" }));
    work.step("group", "nest", json!({ "by": ["key"], "into": "items" }));
    let data = "items.map(each, keys(each.item)).flatten().distinct().transformMapEntry(place, name, \
                {name: items.filter(each, name in each.item).map(each, {\"value\": each.item[name]})})";
    let data = json!({ "name": "data", "value": { "expression": data } });
    let key = json!({ "name": "key", "value": { "field": "key" } });
    work.step("", "map", json!({ "fields": [key, data], "rest": "drop" }));
    if !work.focused {
        work.base_after = Path::default();
    }
    Ok(())
}
