//! Which links may be.

use bus_core::workflow::{Link, Workflow};
use std::collections::BTreeSet;

/// Why a link cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlinkable {
    /// A step would take from itself.
    Itself,
    /// The records would go in a circle.
    Circle,
    /// It is there already.
    There,
}

/// Whether `link` can be added.
pub(crate) fn may_link(document: &Workflow, link: &Link) -> Result<(), Unlinkable> {
    if link.from.step == link.to.step {
        return Err(Unlinkable::Itself);
    }
    if document.links.contains(link) {
        return Err(Unlinkable::There);
    }
    if reaches(document, &link.to.step, &link.from.step) {
        return Err(Unlinkable::Circle);
    }
    Ok(())
}

/// Whether records of the step `from` come to the step `to`.
fn reaches(document: &Workflow, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for link in document.links.iter().filter(|link| link.from.step == id) {
            if seen.insert(&link.to.step) {
                open.push(&link.to.step);
            }
        }
    }
    seen.contains(to)
}
