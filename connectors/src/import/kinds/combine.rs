//! Several streams of records made one.

use crate::import::{
    script::{Path, Root, Writer, quoted},
    work::{Done, Work},
};
use bus_core::msg;
use serde_json::json;

/// All inputs, one after the other: the links bring them together.
pub(super) fn aggregate(work: &mut Work<'_>) -> Done {
    work.on_records_only()?;
    work.step("", "merge", json!({}));
    Ok(())
}

pub(super) fn join(work: &mut Work<'_>) -> Done {
    work.on_records_only()?;
    let missing = || msg!("it does not say which fields are compared");
    let left = work.given.text(&["primaryFlowFKId"]).ok_or_else(missing)?;
    let right = work.given.text(&["secondaryFlowId"]).ok_or_else(missing)?;
    let into = work.given.text(&["primaryFlowFKName"]).unwrap_or_else(|| "joined".to_owned());
    let (left, right) = (work.field(&Path::read(&left))?, Path::read(&right));
    if left.is_empty() || right.is_empty() {
        return Err(missing());
    }
    if !work.around.second {
        return Err(msg!("it has no second input to join with"));
    }
    let into = Path::read(&into);
    if into.names().len() != 1 {
        return Err(msg!("the joined records go into a field of a field, which this step cannot write"));
    }
    let name = into.names().first().cloned().unwrap_or_default();
    let on = json!([{ "left": left.field(), "right": right.field() }]);
    let settings = json!({
        "on": on, "kind": "left", "matches": "first", "place": { "nest": name }, "conflict": "keep-right",
    });
    if !work.given.flag(&["multipleJoin"]) {
        work.push("", "join", settings);
        (work.entry, work.second, work.exit) = (Some((0, "left")), Some((0, "right")), Some((0, "out")));
        return Ok(());
    }
    if right.names().len() != 1 {
        return Err(msg!("several matches are only gathered by a field of the record itself"));
    }
    // all that match, as a list: the right side is grouped first
    work.push("matches", "nest", json!({ "by": [right.field()], "into": MATCHES }));
    work.push("", "join", settings);
    let list = format!("{}.{MATCHES}", Writer::new(Root::Record(Path::default())).start(&name));
    let key = quoted(right.names().first().map(String::as_str).unwrap_or_default());
    let left = Writer::new(Root::Record(Path::default())).item_text(&left);
    let value = format!("default({list}, []).map(each, merge({{{key}: {left}}}, each))");
    let field = json!({ "name": into.target(), "value": { "expression": value } });
    work.push("list", "map", json!({ "fields": [field] }));
    work.inner = vec![((0, "out"), (1, "right")), ((1, "out"), (2, "in"))];
    (work.entry, work.second, work.exit) = (Some((1, "left")), Some((0, "in")), Some((2, "out")));
    Ok(())
}

/// The field with the records that match.
const MATCHES: &str = "matches";
