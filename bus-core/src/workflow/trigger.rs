use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// # Trigger
///
/// What starts a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// # By hand
    ///
    /// A person starts it.
    Manual,
    /// # On a schedule
    Schedule(Schedule),
    /// # On an HTTP call
    Http(HttpTrigger),
    /// # On an upload
    Upload(UploadTrigger),
}

/// # Schedule
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// # Times
    ///
    /// In cron's form: minute, hour, day of the month, month, day of the week.
    #[schemars(extend("examples" = ["0 6 * * 1-5"]))]
    pub cron: String,
    /// # Time zone
    ///
    /// The zone whose clock is meant.
    #[serde(default = "utc")]
    #[schemars(extend("examples" = ["Europe/Paris"]))]
    pub zone: String,
    /// # Missed times
    ///
    /// What happens with times that passed while the bus was off.
    #[serde(default, skip_serializing_if = "Missed::is_default")]
    pub missed: Missed,
}

/// # Missed times
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// # Left out
    Skip,
    /// # One run for all of them
    #[default]
    Once,
    /// # A run for each
    All,
}

impl Missed {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn utc() -> String {
    "UTC".into()
}

/// # HTTP call
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    /// # Input
    ///
    /// The source whose data the body of the call stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

/// # Upload
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadTrigger {
    /// # Input
    ///
    /// The source whose data the uploaded file stands for.
    pub input: String,
}
