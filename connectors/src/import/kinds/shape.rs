//! Work on the shape of the data: what stands at a path, keys, nested lists; and kinds that need no step here.

use crate::import::{
    pattern::ITEM_NAME,
    script::Path,
    work::{Done, Scope, Work},
};
use bus_core::msg;
use serde_json::json;

/// Root from path: what stands at a path becomes the data.
pub(super) fn value_from_path(work: &mut Work<'_>) -> Done {
    let path = Path::read(
        &work.given.text(&["valuePath", "path", "rootPath", "objectPath", "key"]).unwrap_or_default(),
    );
    if let Scope::Within(at) = work.scope.clone() {
        let inner = path.names().iter().map(|name| format!("[{}]", crate::import::script::quoted(name)));
        let body = format!("{ITEM_NAME}{}", inner.collect::<String>());
        work.rewrite_within(&at, true, &body);
        return Ok(());
    }
    let Some(below) = path.below(&work.base) else {
        let (path, base) = (path.to_string(), work.base.to_string());
        return Err(msg!(
            "what stands at `{path}` is not read: the records are what stands at `{base}`",
            path = path,
            base = base
        ));
    };
    if below.is_empty() {
        // the records are what stands there already
        if !work.focused {
            work.base_after = Path::default();
        }
        return Ok(());
    }
    work.replace_records(&json!({ "field": below.field() }));
    Ok(())
}

/// The fields of an object as a list of keys and values.
pub(super) fn key_to_array(work: &mut Work<'_>) -> Done {
    let list = |of: &str| format!("{of}.transformList(name, item, {{\"key\": name, \"value\": item}})");
    match work.scope.clone() {
        Scope::Within(path) => work.rewrite_within(&path, true, &list(ITEM_NAME)),
        Scope::Records => work.replace_records(&json!({ "expression": list("record") })),
    }
    Ok(())
}

/// Lists in a list made one.
pub(super) fn flat(work: &mut Work<'_>) -> Done {
    match work.scope.clone() {
        Scope::Within(path) => {
            work.rewrite_within(&path, false, &format!("flatten({ITEM_NAME})"));
            Ok(())
        }
        Scope::Records => Err(msg!("it has no focus: here a record is never a list")),
    }
}

/// Parallel lists zipped: `{a: [1, 2], b: [3, 4]}` becomes `[{a: 1, b: 3}, {a: 2, b: 4}]`.
pub(super) fn matrix(work: &mut Work<'_>) -> Done {
    work.differs(msg!("all fields that are lists are zipped; the others are left out"));
    match work.scope.clone() {
        Scope::Within(path) => {
            work.rewrite_within(&path, true, &zipped(ITEM_NAME));
        }
        Scope::Records => work.replace_records(&json!({ "expression": zipped("record") })),
    }
    Ok(())
}

fn zipped(of: &str) -> String {
    let names = format!("keys({of}).filter(name, type({of}[name]) == list)");
    let rows = format!(
        "lists.range(names == [] ? 0 : max(names.map(name, size({of}[name])))).map(row, \
         names.transformMapEntry(place, name, {{name: {of}[name][?row].orValue(null)}}))"
    );
    format!("cel.bind(names, {names}, {rows})")
}

/// Files are opened by what reads them.
pub(super) fn extractor(work: &mut Work<'_>) -> Done {
    work.on_records_only()?;
    if work.around.inputs == 0 {
        return Err(msg!("nothing is sent to it"));
    }
    if !work.focused {
        work.base_after = Path::default();
    }
    work.note(msg!("it needs no step: what reads data here opens files of every format"));
    Ok(())
}

/// What each step made is kept by the bus itself.
pub(super) fn cache(work: &mut Work<'_>) -> Done {
    if work.around.inputs == 0 {
        return Err(msg!("what an earlier run kept is not read by another workflow"));
    }
    if work.given.flag(&["history", "historyOut"]) {
        work.differs(msg!(
            "it needs no step, as the bus keeps what each step made; but no history of all runs"
        ));
    } else {
        work.note(msg!("it needs no step: the bus keeps what each step made"));
    }
    Ok(())
}
