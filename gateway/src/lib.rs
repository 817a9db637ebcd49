//! HTTP in front of the bus.
