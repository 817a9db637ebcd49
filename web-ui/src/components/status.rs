use super::Icon;
use crate::{bus::use_bus, texts::Texts};
use bus_core::api::{RunStatus, StartedBy, StepOutcome};
use yew::prelude::*;

/// How a run stands.
#[derive(Properties, PartialEq)]
pub(crate) struct RunBadgeProps {
    /// How.
    pub(crate) status: RunStatus,
}

/// How a run stands: by colour, by icon and in words.
#[component]
pub(crate) fn RunBadge(props: &RunBadgeProps) -> Html {
    let texts = use_bus().texts;
    let (class, icon, text) = match props.status {
        RunStatus::Waiting => ("idle", "clock", texts.waiting()),
        RunStatus::Running => ("active", "loader-circle", texts.running()),
        RunStatus::Succeeded => ("good", "circle-check", texts.succeeded()),
        RunStatus::Unchanged => ("idle", "circle-slash", texts.unchanged()),
        RunStatus::Failed => ("bad", "circle-x", texts.failed()),
        RunStatus::Cancelled => ("warn", "ban", texts.cancelled()),
    };
    html! { <span class={classes!("badge", class)}><Icon name={icon} />{ text }</span> }
}

/// How a step of a run stands.
#[derive(Properties, PartialEq)]
pub(crate) struct StepBadgeProps {
    /// How.
    pub(crate) outcome: StepOutcome,
}

/// How a step of a run stands: by colour, by icon and in words.
#[component]
pub(crate) fn StepBadge(props: &StepBadgeProps) -> Html {
    let texts = use_bus().texts;
    let (class, icon, text) = match props.outcome {
        StepOutcome::Waiting => ("idle", "clock", texts.waiting()),
        StepOutcome::Running => ("active", "loader-circle", texts.running()),
        StepOutcome::Done => ("good", "circle-check", texts.done()),
        StepOutcome::Unchanged => ("idle", "circle-slash", texts.unchanged()),
        StepOutcome::Failed => ("bad", "circle-x", texts.step_failed()),
        StepOutcome::Cancelled => ("warn", "ban", texts.cancelled()),
    };
    html! { <span class={classes!("badge", "small", class)}><Icon name={icon} />{ text }</span> }
}

/// What started a run, in words.
pub(crate) fn started_by(by: &StartedBy, texts: Texts) -> String {
    match by {
        StartedBy::Person(name) => texts.by_person(name),
        StartedBy::Schedule(_) => texts.by_schedule().to_owned(),
        StartedBy::Call => texts.by_call().to_owned(),
        StartedBy::Live => texts.by_messages().to_owned(),
        StartedBy::Upload => texts.by_upload().to_owned(),
        StartedBy::Replay(_) => texts.by_replay().to_owned(),
    }
}
