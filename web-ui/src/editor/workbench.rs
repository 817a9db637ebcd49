use super::{
    Action, Canvas, Catalogue, Editing, Give, Given, Inspector, Palette, PreviewPanel, Unlinkable,
    WholePanel,
    keys::use_keys,
    saving::{Saver, use_check},
    toolbar::Toolbar,
    use_given,
};
use crate::{
    api::part,
    browser,
    bus::{Bus, Load, use_bus, use_load},
    components::{Dialog, Icon, RunBadge},
    moment::when,
    route::Route,
    run::{DataPanel, RunPanel, Running, StartDialog, use_run},
    texts::Texts,
};
use bus_core::{
    api::{Page, Role, RunSummary, SecretName, SecretValue, Table, WorkflowDetail},
    workflow::{Port, Position},
};
use gloo_net::http::Method;
use std::{collections::BTreeSet, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// What is on the bench.
#[derive(Properties, PartialEq)]
pub(crate) struct WorkbenchProps {
    /// The workflow, as the server has it.
    pub(crate) detail: WorkflowDetail,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// A run to look at.
    pub(crate) run: Option<AttrValue>,
}

/// The editor of one workflow: palette, canvas, forms, and its runs.
#[component]
pub(crate) fn Workbench(props: &WorkbenchProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let editing = use_reducer(|| Editing::of(props.detail.clone()));
    let dispatch = Callback::from({
        let dispatcher = editing.dispatcher();
        move |action| dispatcher.dispatch(action)
    });
    let state: Rc<Editing> = use_memo((*editing).clone(), Editing::clone);
    use_effect_with(props.detail.clone(), {
        let dispatch = dispatch.clone();
        move |detail| dispatch.emit(Action::Load(Box::new(detail.clone())))
    });
    let id: AttrValue = props.detail.summary.id.clone().into();
    let readonly = props.detail.summary.role == Role::Viewer;
    let name = state.document.name.clone();
    use_effect_with(name, |name| browser::title(name));
    use_check(&id, &state, &dispatch);
    let (given, give) = use_given(&id);
    let saver = Saver::new(&bus, &id, &state, &dispatch, &given, use_navigator());
    use_keys(&state, &dispatch, readonly || props.run.is_some(), saver.save());
    browser::use_leave_guard(state.dirty());
    use_said(&bus, &state);

    let round = use_state(|| 0_u32);
    let running = use_run(props.run.clone(), *round);
    let shown = use_state(|| None::<Port>);
    let chosen_step = use_state(|| None::<String>);
    use_effect_with(props.run.clone(), {
        let (shown, chosen_step) = (shown.clone(), chosen_step.clone());
        move |_| {
            shown.set(None);
            chosen_step.set(None);
        }
    });
    let show = Callback::from({
        let shown = shown.clone();
        move |port| shown.set(port)
    });
    let show_port = show.reform(|port: Port| Some(port));
    let starting = use_state(|| false);
    let toolbar = html! {
        <Toolbar editing={Rc::clone(&state)} id={id.clone()} role={props.detail.summary.role} dispatch={dispatch.clone()} save={saver.save()}
            run={saver.run(starting.setter())} watching={props.run.is_some()} draft={props.detail.summary.draft} />
    };
    let bench = match (&props.run, &running) {
        (Some(_), Some(Ok(running))) => run_bench(
            props,
            running,
            &chosen_step,
            &show_port,
            Callback::from(move |()| round.set(*round + 1)),
        ),
        (Some(_), Some(Err(refusal))) => {
            html! { <p class="refused" role="alert"><Icon name="circle-alert" />{ &refusal.text }</p> }
        }
        (Some(_), None) => html! { <p class="waiting" role="status">{ texts.loading() }</p> },
        (None, _) => {
            html! {
                <EditBench state={Rc::clone(&state)} catalogue={props.catalogue.clone()} id={id.clone()} {readonly}
                    given={Rc::clone(&given)} give={give.clone()} dispatch={dispatch.clone()} />
            }
        }
    };
    let data = running.and_then(Result::ok).zip((*shown).clone()).map(|(running, port)| {
        html! { <DataPanel run={running.detail} {port} catalogue={props.catalogue.clone()} show={show} {readonly} /> }
    });
    html! {
        <div class="workbench">
            { toolbar }
            { bench }
            // one place, whether something is there or not: or else what stands before it is drawn anew
            <>{ data }</>
            if *starting {
                <StartDialog document={Rc::clone(&state.document)} catalogue={props.catalogue.clone()} {given} {give} close={starting.setter().reform_to(false)} start={saver.start(starting.setter())} />
            }
            if state.conflict.is_some() { { conflict(&saver, &dispatch, texts) } }
        </div>
    }
}

/// A setter that is called with one value.
trait ReformTo<T> {
    fn reform_to(self, value: T) -> Callback<()>;
}

impl<T: Clone + 'static> ReformTo<T> for UseStateSetter<T> {
    fn reform_to(self, value: T) -> Callback<()> {
        Callback::from(move |()| self.set(value.clone()))
    }
}

/// Says aloud why a link was not made.
#[hook]
fn use_said(bus: &Bus, state: &Editing) {
    let texts = bus.texts;
    let wrong = state.unlinkable.map(|why| match why {
        Unlinkable::Itself => texts.no_link_to_self(),
        Unlinkable::Circle => texts.no_circle(),
        Unlinkable::There => texts.already_linked(),
    });
    let bus = bus.clone();
    use_effect_with(wrong, move |wrong| {
        if let Some(wrong) = wrong {
            bus.complain(*wrong);
        }
    });
}

/// That a link is being drawn, and how to go on: seen and read aloud for as long as it is.
fn linking(state: &Editing, catalogue: &Catalogue, texts: Texts) -> Html {
    let from = state.linking.as_ref().map(|from| {
        let step = catalogue.name_of(&state.document, &from.step);
        let text = texts.linking_from(step, Catalogue::port_name(&from.port, texts));
        html! { <p class="notice">{ text }</p> }
    });
    html! { <div class="linking-said" role="status">{ from }</div> }
}

fn run_bench(
    props: &WorkbenchProps,
    running: &Running,
    chosen: &UseStateHandle<Option<String>>,
    show: &Callback<Port>,
    again: Callback<()>,
) -> Html {
    let choose = Callback::from({
        let chosen = chosen.clone();
        move |action| match action {
            Action::Choose(steps) => chosen.set(steps.into_iter().next()),
            Action::Toggle(step) => chosen.set(Some(step)),
            _ => {}
        }
    });
    html! {
        <div class="bench run">
            <Canvas document={Rc::new(running.detail.document.clone())} catalogue={props.catalogue.clone()}
                chosen={chosen.iter().cloned().collect::<BTreeSet<_>>()} counts={Some(Rc::clone(&running.counts))}
                readonly=true dispatch={choose} show={show.clone()} dropped={Callback::noop()} />
            <RunPanel running={running.clone()} catalogue={props.catalogue.clone()} chosen={(**chosen).clone()} show={show.clone()} {again} />
        </div>
    }
}

fn conflict(saver: &Saver, dispatch: &Callback<Action>, texts: Texts) -> Html {
    html! {
        <Dialog id="conflict" title={texts.conflict_title()} close={dispatch.reform(|()| Action::ConflictSeen)}>
            <p>{ texts.conflict_help() }</p>
            <footer>
                <button type="button" onclick={dispatch.reform(|_: MouseEvent| Action::ConflictSeen)}>{ texts.go_on_editing() }</button>
                <button type="button" onclick={saver.load_theirs()}><Icon name="refresh-cw" />{ texts.load_theirs() }</button>
                <button type="button" class="primary" onclick={saver.keep_copy()}><Icon name="copy" />{ texts.keep_copy() }</button>
            </footer>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct EditBenchProps {
    state: Rc<Editing>,
    catalogue: Catalogue,
    id: AttrValue,
    readonly: bool,
    given: Rc<Given>,
    give: Give,
    dispatch: Callback<Action>,
}

/// Palette, canvas and forms.
#[component]
fn EditBench(props: &EditBenchProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let state = &props.state;
    let secrets = use_load((), |api, ()| async move { api.get::<Vec<SecretName>>("/secrets").await });
    let runs = use_load(props.id.clone(), |api, id| async move {
        api.get::<Page<RunSummary>>(&format!("/workflows/{}/runs?limit=10", part(&id))).await
    });
    let last_run = match &*runs.state {
        Load::Here(runs) => runs.items.first().map(|run| run.id.clone()),
        Load::Waiting | Load::Refused(_) => None,
    };
    let step = state.the_chosen().cloned();
    let (open, toggle) = use_preview_open();
    let fields = use_fields(
        last_run.clone(),
        step.as_ref().and_then(|step| {
            state.document.links.iter().find(|link| link.to.step == step.id).map(|link| link.from.clone())
        }),
    );
    let names = match &*secrets.state {
        Load::Here(names) => names.clone(),
        Load::Waiting | Load::Refused(_) => Vec::new(),
    };
    let make_secret = make_secret(&bus, secrets.again.clone());
    let add = adding(props);
    let dropped = props.dispatch.reform(|(connector, at)| Action::Add { connector, at, after: None });
    html! {
        <div class={classes!("bench", props.readonly.then_some("readonly"))}>
            if !props.readonly { <Palette catalogue={props.catalogue.clone()} {add} /> }
            <div class="stage">
                <Canvas document={Rc::clone(&state.document)} catalogue={props.catalogue.clone()} chosen={state.chosen.clone()}
                    linking={state.linking.clone()} findings={Rc::clone(&state.findings)} readonly={props.readonly}
                    dispatch={props.dispatch.clone()} show={Callback::noop()} {dropped} />
                { linking(state, &props.catalogue, texts) }
                if let Some(step) = step.as_ref().filter(|_| !props.readonly) {
                    <PreviewPanel key={step.id.clone()} document={Rc::clone(&state.document)} step={step.id.clone()} catalogue={props.catalogue.clone()}
                        workflow={props.id.clone()} {last_run} given={Rc::clone(&props.given)} {open} {toggle} />
                }
            </div>
            if let Some(step) = step {
                <Inspector editing={Rc::clone(state)} {step} catalogue={props.catalogue.clone()} secrets={Rc::new(names)} {make_secret}
                    {fields} given={Rc::clone(&props.given)} give={props.give.clone()} readonly={props.readonly} dispatch={props.dispatch.clone()} />
            } else {
                <WholePanel editing={Rc::clone(state)} catalogue={props.catalogue.clone()} workflow={props.id.clone()} readonly={props.readonly} dispatch={props.dispatch.clone()}>
                    if state.chosen.len() > 1 { <p role="status">{ texts.many_chosen(state.chosen.len()) }</p> }
                    { history(&props.id, &runs.state, texts) }
                </WholePanel>
            }
        </div>
    }
}

/// Whether the preview is open, as it was left last in this browser.
#[hook]
fn use_preview_open() -> (bool, Callback<bool>) {
    const SHUT: &str = "preview-shut";
    let open = use_state(|| browser::kept(SHUT).is_none());
    let toggle = Callback::from({
        let open = open.clone();
        move |on: bool| {
            browser::keep(SHUT, (!on).then_some("yes"));
            open.set(on);
        }
    });
    (*open, toggle)
}

/// The names of the fields that came by a link in the last run.
#[hook]
fn use_fields(run: Option<String>, from: Option<Port>) -> Rc<Vec<String>> {
    let asked = run.zip(from);
    let table = use_load(asked, |api, asked| async move {
        let Some((run, from)) = asked else { return Ok(Table::default()) };
        let path =
            format!("/runs/{}/steps/{}/ports/{}?limit=1", part(&run), part(&from.step), part(&from.port));
        api.get::<Table>(&path).await
    });
    Rc::new(match &*table.state {
        Load::Here(table) => table.columns.iter().map(|column| column.name.clone()).collect(),
        Load::Waiting | Load::Refused(_) => Vec::new(),
    })
}

fn make_secret(bus: &Bus, again: Callback<()>) -> Callback<(String, String)> {
    let bus = bus.clone();
    Callback::from(move |(name, value): (String, String)| {
        let (bus, again) = (bus.clone(), again.clone());
        spawn_local(async move {
            let value = SecretValue { value: bus_core::api::Password(value) };
            match bus.api.tell(Method::PUT, &format!("/secrets/{}", part(&name)), &value).await {
                Ok(()) => again.emit(()),
                Err(refusal) => bus.refused(&refusal),
            }
        });
    })
}

/// Adds a step to the right of the chosen one and links it, if it can be.
fn adding(props: &EditBenchProps) -> Callback<String> {
    let (state, catalogue) = (Rc::clone(&props.state), props.catalogue.clone());
    props.dispatch.reform(move |connector: String| {
        let before = state.the_chosen();
        let out = before.map(|step| catalogue.ports(&state.document, step).outputs).unwrap_or_default();
        let out = out.first().filter(|port| *port != bus_core::catalogue::ERRORS);
        let input =
            catalogue.get(&connector).and_then(|it| it.inputs.first()).map(|input| input.name.clone());
        let after = before.zip(out).zip(input).map(|((step, out), input)| {
            bus_core::workflow::Link::new(Port::new(&step.id, out), Port::new("", input))
        });
        let beside = before.and_then(|step| step.position).map(|at| Position { x: at.x + 270, y: at.y });
        let lowest = state.document.steps.iter().filter_map(|step| step.position).max_by_key(|at| at.y);
        let below = lowest.map_or(Position { x: 40, y: 40 }, |at| Position { x: 40, y: at.y + 120 });
        Action::Add { connector, at: beside.unwrap_or(below), after }
    })
}

fn history(id: &AttrValue, runs: &Load<Page<RunSummary>>, texts: Texts) -> Html {
    let Load::Here(runs) = runs else { return Html::default() };
    let row = |run: &RunSummary| {
        let to = Route::Run { id: id.to_string(), run: run.id.clone() };
        html! {
            <li key={run.id.clone()}><Link<Route> {to} classes="last-run">
                <RunBadge status={run.status} /><span>{ when(run.accepted, texts) }</span>
                if run.refused > 0 { <span class="warn-text">{ texts.refused(run.refused) }</span> }
            </Link<Route>></li>
        }
    };
    html! {
        <section aria-labelledby="history">
            <h3 id="history">{ texts.history() }</h3>
            if runs.items.is_empty() { <p class="none">{ texts.no_runs() }</p> }
            <ul class="run-list">{ for runs.items.iter().map(row) }</ul>
        </section>
    }
}
