//! The editor of Semantic Bus.
