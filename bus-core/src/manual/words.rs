use crate::{Message, catalogue::Kind, msg};

/// What connectors are for: the groups of the palette and the manual, in their order.
#[must_use]
pub fn groups() -> [(&'static str, Message); 10] {
    [
        ("input", msg!("Bring records in")),
        ("fields", msg!("Change fields")),
        ("rows", msg!("Choose and order records")),
        ("combine", msg!("Bring together")),
        ("text", msg!("Texts")),
        ("time", msg!("Dates and times")),
        ("geo", msg!("Places")),
        ("check", msg!("Check")),
        ("semantic", msg!("Meaning")),
        ("output", msg!("Send records out")),
    ]
}

/// What a connector does, in a word.
#[must_use]
pub fn kind(kind: Kind) -> Message {
    match kind {
        Kind::Source => msg!("source"),
        Kind::Transform => msg!("transform"),
        Kind::Sink => msg!("sink"),
    }
}
