use bus_core::limits::{Limited, seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, time::Duration};

/// How the gateway behaves. The binary fills it from its arguments and the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Proxies that are believed when they say who calls (`X-Forwarded-For`) and whether by TLS
    /// (`X-Forwarded-Proto`).
    pub proxies: Vec<IpAddr>,
    /// Bytes of a body that is not a file.
    #[serde(rename = "body_bytes")]
    pub body: u64,
    /// Bytes of an uploaded file.
    #[serde(rename = "upload_bytes")]
    pub upload: u64,
    /// Time for the headers of a request, and for a connection to stay without one.
    #[serde(rename = "header_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub header_time: Duration,
    /// Longest pause in a body that is being sent.
    #[serde(rename = "body_pause_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub body_pause: Duration,
    /// Longest time for a whole body that is read into memory.
    #[serde(rename = "body_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub body_time: Duration,
    /// Longest time for an uploaded file.
    #[serde(rename = "upload_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub upload_time: Duration,
    /// Time for the other side of a connection to take what is written, before the connection is closed.
    #[serde(rename = "write_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub write_time: Duration,
    /// Time for calls under way to end when the server stops.
    #[serde(rename = "stop_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub stop_time: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Streams of events that one session or key may hold open.
    pub streams: usize,
    /// Bytes of memory for published data, encoded and packed.
    #[serde(rename = "shelf_bytes")]
    pub shelf: usize,
    /// How accounts and sessions behave.
    #[serde(flatten)]
    pub accounts: Accounts,
}

/// How accounts and sessions behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounts {
    /// What hashing a password costs.
    pub cost: PasswordCost,
    /// Passwords hashed at a time; more wait.
    pub hashing: usize,
    /// Time without a call after which a session ends.
    #[serde(rename = "session_idle_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub idle: Duration,
    /// Time after which a session ends in any case.
    #[serde(rename = "session_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub session: Duration,
    /// Time in which an invitation works.
    #[serde(rename = "invitation_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub invitation: Duration,
    /// Time in which a link for a new password works.
    #[serde(rename = "reset_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub reset: Duration,
    /// Attempts to sign in, for one account from anywhere, before it has to wait.
    pub attempts: u32,
    /// Attempts to sign in or use a link, from one address for any account.
    pub attempts_by_address: u32,
    /// Time in which all attempts are won back.
    #[serde(rename = "attempts_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub attempts_time: Duration,
    /// Time for which is kept who did what.
    #[serde(rename = "audit_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub audit: Duration,
}

/// What hashing a password with argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PasswordCost {
    /// What OWASP's password storage cheat sheet recommends: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory: 19_456, passes: 2, lanes: 1 }
    }
}

impl Limited for Settings {}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

impl Default for Accounts {
    fn default() -> Self {
        Self {
            cost: PasswordCost::default(),
            hashing: 2,
            idle: Duration::from_secs(7 * DAY),
            session: Duration::from_secs(30 * DAY),
            invitation: Duration::from_secs(7 * DAY),
            reset: Duration::from_secs(HOUR),
            attempts: 10,
            attempts_by_address: 50,
            attempts_time: Duration::from_secs(HOUR / 4),
            audit: Duration::from_secs(400 * DAY),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxies: Vec::new(),
            body: 4 << 20,
            upload: 1 << 30,
            header_time: Duration::from_secs(30),
            body_pause: Duration::from_secs(30),
            body_time: Duration::from_secs(120),
            upload_time: Duration::from_secs(HOUR),
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(10),
            connections: 10_000,
            streams: 20,
            shelf: 64 << 20,
            accounts: Accounts::default(),
        }
    }
}
