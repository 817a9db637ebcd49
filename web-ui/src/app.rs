use crate::{
    api::Api,
    browser,
    bus::{Bus, Notice},
    components::{Icon, Shell},
    pages::{
        AuditPage, CachePage, FirstPage, GalleryPage, GroupsPage, LettersPage, NotFoundPage,
        PublicationsPage, ResetPage, SettingsPage, SharesPage, SignInPage, VersionsPage, WorkflowAuditPage,
        WorkflowPage, WorkflowsPage,
    },
    route::Route,
    texts::Texts,
};
use bus_core::api::Session;
use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// How long a notice stays.
const NOTICE_MILLISECONDS: u32 = 6_000;

/// The editor: who is signed in, in which language, on which page.
#[component]
pub(crate) fn App() -> Html {
    let language = use_state(browser::language);
    let session = use_state(|| None::<Session>);
    let notice = use_state(|| None::<Notice>);
    let texts = Texts(*language);
    use_effect_with(texts, |texts| browser::speak(texts.tag()));
    use_session(session.clone(), language.clone(), texts);
    use_effect_with((*notice).clone(), {
        let notice = notice.clone();
        move |said| {
            let good = said.as_ref().is_some_and(|said| !said.bad);
            let timer = good.then(|| Timeout::new(NOTICE_MILLISECONDS, move || notice.set(None)));
            // the next notice has its own time
            move || drop(timer)
        }
    });
    let Some(known) = (*session).clone() else {
        return html! { <p class="waiting" role="status">{ texts.loading() }</p> };
    };
    let bus = Bus {
        api: Api::new(Some(&known), texts),
        texts,
        first_start: known.first_start,
        account: known.account,
        say: Callback::from({
            let notice = notice.clone();
            move |said| notice.set(Some(said))
        }),
        enter: Callback::from({
            let session = session.clone();
            move |entered| session.set(Some(entered))
        }),
        leave: Callback::from(move |()| {
            session.set(Some(Session { account: None, csrf: String::new(), first_start: false }));
        }),
        speak: Callback::from(move |spoken| language.set(spoken)),
    };
    html! {
        <ContextProvider<Bus> context={bus}>
            <BrowserRouter>
                <Switch<Route> render={page} />
            </BrowserRouter>
            <Said notice={(*notice).clone()} close={move |()| notice.set(None)} {texts} />
        </ContextProvider<Bus>>
    }
}

/// Asks the server who is signed in, once.
#[hook]
fn use_session(
    session: UseStateHandle<Option<Session>>,
    language: UseStateHandle<bus_core::Language>,
    texts: Texts,
) {
    use_effect_with((), move |()| {
        spawn_local(async move {
            let nobody = Session { account: None, csrf: String::new(), first_start: false };
            let found = Api::new(None, texts).get::<Session>("/session").await.unwrap_or(nobody);
            if let Some(account) = found.account.as_ref().filter(|_| !browser::has_chosen_language()) {
                language.set(account.language);
            }
            session.set(Some(found));
        });
    });
}

fn page(route: Route) -> Html {
    match route {
        Route::SignIn => html! { <SignInPage /> },
        Route::First => html! { <FirstPage first=true /> },
        Route::Accept => html! { <FirstPage first=false /> },
        Route::Reset => html! { <ResetPage /> },
        Route::Workflows => html! { <Guarded><Shell><WorkflowsPage /></Shell></Guarded> },
        Route::Gallery => html! { <Guarded><Shell><GalleryPage /></Shell></Guarded> },
        Route::Settings => html! { <Guarded><Shell><SettingsPage /></Shell></Guarded> },
        Route::Publications => html! { <Guarded><Shell><PublicationsPage /></Shell></Guarded> },
        Route::Groups => html! { <Guarded><Shell><GroupsPage /></Shell></Guarded> },
        Route::Cache => html! { <Guarded><Shell><CachePage /></Shell></Guarded> },
        Route::Letters => html! { <Guarded><Shell><LettersPage /></Shell></Guarded> },
        Route::Audit => html! { <Guarded><Shell><AuditPage /></Shell></Guarded> },
        Route::Shares { id } => html! { <Guarded><Shell><SharesPage {id} /></Shell></Guarded> },
        Route::Versions { id } => html! { <Guarded><Shell><VersionsPage {id} /></Shell></Guarded> },
        Route::WorkflowAudit { id } => html! { <Guarded><Shell><WorkflowAuditPage {id} /></Shell></Guarded> },
        Route::Workflow { id } => html! { <Guarded><Shell wide=true><WorkflowPage {id} /></Shell></Guarded> },
        Route::Run { id, run } => {
            html! { <Guarded><Shell wide=true><WorkflowPage {id} run={Some(AttrValue::from(run))} /></Shell></Guarded> }
        }
        Route::NotFound => html! { <Guarded><Shell><NotFoundPage /></Shell></Guarded> },
    }
}

/// What only those see who are signed in; the others sign in first, at the same address.
#[component]
fn Guarded(props: &html::ChildrenProps) -> Html {
    let bus = crate::bus::use_bus();
    if bus.account.is_some() {
        props.children.clone()
    } else {
        html! { <SignInPage /> }
    }
}

#[derive(Properties, PartialEq)]
struct SaidProps {
    notice: Option<Notice>,
    close: Callback<()>,
    texts: Texts,
}

/// What was just said: seen at the edge of the page, and read aloud.
#[component]
fn Said(props: &SaidProps) -> Html {
    let bad = props.notice.as_ref().is_some_and(|notice| notice.bad);
    let close = props.close.reform(|_: MouseEvent| ());
    let shown = props.notice.as_ref().map(|notice| {
        html! {
            <div class={classes!("notice", bad.then_some("bad"))}>
                <Icon name={if bad { "circle-alert" } else { "circle-check" }} />
                <p>{ &notice.text }</p>
                <button type="button" class="quiet" aria-label={props.texts.close()} onclick={close}>
                    <Icon name="x" />
                </button>
            </div>
        }
    });
    html! { <div class="notices" role={if bad { "alert" } else { "status" }}>{ shown }</div> }
}
