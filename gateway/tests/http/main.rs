//! The gateway, over a real backplane in a folder of its own.
#![expect(
    clippy::panic,
    clippy::let_underscore_must_use,
    reason = "a test that cannot go on has failed; text is written without fail"
)]

mod accounts;
mod answers;
mod calls;
mod canary;
mod data;
mod listener;
mod nested;
mod openapi;
mod operations;
mod pages;
mod place;
mod runs;
mod sharing;
mod tester;
mod uploads;
mod walk;
mod watching;
mod workflows;
mod working;
