use crate::{
    bus::{Load, use_bus, use_load},
    components::{Choice, Icon, Input},
    moment::when,
    texts::Texts,
};
use bus_core::{
    api::{ScheduleTimes, Time},
    workflow::{Missed, Schedule},
};
use gloo_net::http::Method;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct ScheduleFormProps {
    pub(super) place: usize,
    pub(super) schedule: Schedule,
    pub(super) readonly: bool,
    /// Takes the schedule as it is now; none if it goes.
    pub(super) change: Callback<Option<Schedule>>,
}

/// One schedule.
#[component]
pub(super) fn ScheduleForm(props: &ScheduleFormProps) -> Html {
    let texts = use_bus().texts;
    let (place, schedule) = (props.place, &props.schedule);
    let next = use_load(schedule.clone(), |api, schedule| async move {
        api.send::<ScheduleTimes>(Method::POST, "/schedules/next", &schedule).await
    });
    let with = |edit: fn(&mut Schedule, String)| {
        let schedule = schedule.clone();
        props.change.reform(move |typed: String| {
            let mut schedule = schedule.clone();
            edit(&mut schedule, typed);
            Some(schedule)
        })
    };
    let missed = [("skip", texts.missed_skip()), ("once", texts.missed_once()), ("all", texts.missed_all())];
    let now = match schedule.missed {
        Missed::Skip => "skip",
        Missed::Once => "once",
        Missed::All => "all",
    };
    html! {
        <fieldset class="group">
            <legend>{ texts.schedule() }</legend>
            <Input id={format!("cron-{place}")} label={texts.schedule_times()} help={texts.schedule_times_help()} value={schedule.cron.clone()}
                change={with(|schedule, typed| schedule.cron = typed)} readonly={props.readonly} />
            <Input id={format!("zone-{place}")} label={texts.zone()} value={schedule.zone.clone()}
                change={with(|schedule, typed| schedule.zone = typed)} readonly={props.readonly} />
            <Choice id={format!("missed-{place}")} label={texts.missed()} value={now} readonly={props.readonly}
                options={missed.map(|(value, label)| (value.into(), label.into())).to_vec()}
                change={with(|schedule, typed| schedule.missed = match typed.as_str() {
                    "skip" => Missed::Skip,
                    "all" => Missed::All,
                    _ => Missed::Once,
                })} />
            { next_times(&next.state, texts) }
            if !props.readonly {
                <button type="button" class="small" onclick={props.change.reform(|_: MouseEvent| None)}><Icon name="x" />{ texts.remove_trigger() }</button>
            }
        </fieldset>
    }
}

fn next_times(next: &Load<ScheduleTimes>, texts: Texts) -> Html {
    match next {
        Load::Waiting => Html::default(),
        Load::Refused(refusal) => {
            html! { <p class="bad-text"><Icon name="circle-alert" />{ &refusal.text }</p> }
        }
        Load::Here(times) => {
            let shown = |(place, time): (usize, &Time)| {
                times.shown.get(place).cloned().unwrap_or_else(|| when(*time, texts))
            };
            html! {
                <div class="help" role="status">
                    <p>{ texts.next_times() }</p>
                    <ul>{ for times.next.iter().enumerate().map(shown).map(|time| html! { <li>{ time }</li> }) }</ul>
                </div>
            }
        }
    }
}
