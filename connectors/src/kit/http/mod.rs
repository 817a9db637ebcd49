//! Outbound HTTP: one guarded client for all connectors.
//!
//! Every call has a timeout and a size cap; addresses of this machine and of private networks are refused
//! unless allowed, after names are resolved and again at every redirect.

mod address;
mod answer;
mod auth;
mod client;
mod dial;
mod guard;
mod link;
mod pages;
mod request;
mod retry;
#[cfg(test)]
mod tests;

pub use address::Address;
pub use answer::Answer;
pub use auth::{ApiKey, ApiKeyPlace, Auth, Basic, Bearer, ClientCredentials, CredentialsPlace};
pub use client::{Http, HttpOptions, shown};
pub(crate) use dial::Wire;
pub use guard::Names;
pub use pages::{Next, Pages, number_at};
pub use request::{Method, Pair, Request};
pub use retry::{Retry, of_status, retry_after};
