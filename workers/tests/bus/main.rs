//! A node of the bus over the real embedded store and broker.

mod eye;
mod house;
mod outside;
mod runs;
mod split;
mod trouble;
