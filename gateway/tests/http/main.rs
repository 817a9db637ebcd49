//! The gateway, over a real backplane in a folder of its own.

mod accounts;
mod answers;
mod calls;
mod canary;
mod listener;
mod openapi;
mod operations;
mod pages;
mod place;
mod sharing;
mod tester;
mod walk;
mod working;
