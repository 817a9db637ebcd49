//! A node of the bus over the real embedded store and broker.

mod eye;
mod faulty;
mod house;
mod live;
mod many;
mod outside;
mod runs;
mod split;
mod trouble;
