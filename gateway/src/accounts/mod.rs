//! Who may come in: accounts, sessions, one-time links, API keys, groups.

mod groups;
mod keys;
mod limiter;
mod links;
mod passwords;
mod people;
pub(crate) mod record;
mod sessions;

pub(crate) use groups::Groups;
pub(crate) use keys::Keys;
pub(crate) use limiter::Limiter;
pub(crate) use links::Links;
pub(crate) use passwords::Passwords;
pub(crate) use people::People;
pub(crate) use sessions::{Opened, Sessions};
