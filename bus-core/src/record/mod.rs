//! The record: trees, tables, graphs and time series in one model.
//!
//! Records travel in a [`Batch`], an arena that holds rows, fixed-size cells, text and the shapes of
//! its objects. A step reads through [`Value`], [`Object`] and [`List`], which borrow from the batch,
//! and writes through a [`BatchBuilder`]. Shapes (lists of keys) are shared, so a table of a million
//! rows holds its column names once and a step reads a field by slot (see [`Slot`]).

mod batch;
mod builder;
mod cell;
mod json;
mod number;
mod pack;
mod places;
mod shape;
mod shapes;
mod slot;
#[cfg(test)]
mod tests;
mod timestamp;
mod unpack;
mod value;

pub use batch::Batch;
pub use builder::{BatchBuilder, BuildError, Mark};
pub use cell::Cell;
pub use json::JsonError;
pub use pack::PackError;
pub use places::{Place, Places, Trail};
pub use shape::{Key, Shape};
pub use slot::Slot;
pub use timestamp::{Precision, Timestamp};
pub use value::{List, Number, Object, Value};
