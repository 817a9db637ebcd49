//! Keys that work anywhere in the editor.

use super::{Action, Clipping, Editing};
use crate::{browser, bus::use_bus};
use std::rc::Rc;
use web_sys::KeyboardEvent;
use yew::prelude::*;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Save,
    Undo,
    Redo,
    Copy,
    Cut,
    Paste,
    All,
    Remove,
    Nothing,
}

/// What `key` asks for, with or without the command key and Shift, while `typing` in a field or not.
fn asked(key: &str, command: bool, shift: bool, typing: bool) -> Asked {
    match (key.to_lowercase().as_str(), command, shift) {
        ("s", true, false) => Asked::Save,
        _ if typing => Asked::Nothing,
        ("z", true, false) => Asked::Undo,
        ("z", true, true) | ("y", true, false) => Asked::Redo,
        ("c", true, false) => Asked::Copy,
        ("x", true, false) => Asked::Cut,
        ("v", true, false) => Asked::Paste,
        ("a", true, false) => Asked::All,
        ("delete" | "backspace", false, _) => Asked::Remove,
        _ => Asked::Nothing,
    }
}

/// Listens for keys while the editor is open.
#[hook]
pub(crate) fn use_keys(state: &Rc<Editing>, dispatch: &Callback<Action>, readonly: bool, save: Callback<()>) {
    let bus = use_bus();
    let (state, dispatch) = (Rc::clone(state), dispatch.clone());
    let act = Callback::from(move |event: KeyboardEvent| {
        let typing = browser::is_typing(&event);
        let asked = asked(&event.key(), event.ctrl_key() || event.meta_key(), event.shift_key(), typing);
        if asked == Asked::Nothing || readonly {
            return;
        }
        match asked {
            Asked::Save => save.emit(()),
            Asked::Undo => dispatch.emit(Action::Undo),
            Asked::Redo => dispatch.emit(Action::Redo),
            Asked::Copy | Asked::Cut => {
                let Some(clipping) = Clipping::of(&state.document, &state.chosen) else { return };
                browser::copied(&serde_json::to_string(&clipping).unwrap_or_default());
                bus.tell(bus.texts.copied(clipping.count()));
                if asked == Asked::Cut {
                    dispatch.emit(Action::Remove);
                }
            }
            Asked::Paste => {
                let clipping = browser::pasted().and_then(|text| serde_json::from_str(&text).ok());
                clipping.into_iter().for_each(|clipping| dispatch.emit(Action::Paste(clipping)));
            }
            Asked::All => {
                let all = state.document.steps.iter().map(|step| step.id.clone());
                dispatch.emit(Action::Choose(all.collect()));
            }
            Asked::Remove if state.chosen.is_empty() => return,
            Asked::Remove => {
                dispatch.emit(Action::Remove);
                browser::focus("canvas");
            }
            Asked::Nothing => return,
        }
        event.prevent_default();
    });
    browser::use_key_listener(act);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_disturb_who_types() {
        assert_eq!(asked("z", true, false, true), Asked::Nothing);
        assert_eq!(asked("Backspace", false, false, true), Asked::Nothing);
        assert_eq!(asked("s", true, false, true), Asked::Save);
    }

    #[test]
    fn keys_do_what_they_do_elsewhere() {
        assert_eq!(asked("z", true, false, false), Asked::Undo);
        assert_eq!(asked("Z", true, true, false), Asked::Redo);
        assert_eq!(asked("y", true, false, false), Asked::Redo);
        assert_eq!(asked("Delete", false, false, false), Asked::Remove);
        assert_eq!(asked("c", false, false, false), Asked::Nothing);
    }
}
