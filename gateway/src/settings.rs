use std::{net::IpAddr, time::Duration};

/// How the gateway behaves. The binary fills it from its arguments and the environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Proxies that are believed when they say who calls (`X-Forwarded-For`) and whether by TLS
    /// (`X-Forwarded-Proto`).
    pub proxies: Vec<IpAddr>,
    /// Bytes of a body that is not a file.
    pub body: u64,
    /// Bytes of an uploaded file.
    pub upload: u64,
    /// Time for the headers of a request, and for a connection to stay without one.
    pub header_time: Duration,
    /// Longest pause in a body that is being sent.
    pub body_pause: Duration,
    /// Longest time for a whole body that is read into memory.
    pub body_time: Duration,
    /// Longest time for an uploaded file.
    pub upload_time: Duration,
    /// Time for the other side of a connection to take what is written, before the connection is closed.
    pub write_time: Duration,
    /// Time for calls under way to end when the server stops.
    pub stop_time: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Streams of events that one session or key may hold open.
    pub streams: usize,
    /// Bytes of memory for published data, encoded and packed.
    pub shelf: usize,
    /// How accounts and sessions behave.
    pub accounts: Accounts,
}

/// How accounts and sessions behave.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// What hashing a password costs.
    pub cost: PasswordCost,
    /// Passwords hashed at a time; more wait.
    pub hashing: usize,
    /// Time without a call after which a session ends.
    pub idle: Duration,
    /// Time after which a session ends in any case.
    pub session: Duration,
    /// Time in which an invitation works.
    pub invitation: Duration,
    /// Time in which a link for a new password works.
    pub reset: Duration,
    /// Attempts to sign in, for one account from anywhere, before it has to wait.
    pub attempts: u32,
    /// Attempts to sign in or use a link, from one address for any account.
    pub attempts_by_address: u32,
    /// Time in which all attempts are won back.
    pub attempts_time: Duration,
    /// Time for which is kept who did what.
    pub audit: Duration,
}

/// What hashing a password with argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
