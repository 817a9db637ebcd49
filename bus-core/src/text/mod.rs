//! Work on text that expressions, transforms and schema inference share.
//!
//! Every function is linear in the length of its input and accepts any text.

mod case;
mod fold;
mod html;
mod percent;
mod space;

pub use case::{lower, sentence_case, title_case, upper};
pub use fold::{plain, same_plain, slug};
pub use html::{decode as html_decode, escape as html_escape, strip as html_strip};
pub use percent::percent;
pub use space::{collapse_spaces, compose, remove_controls};
