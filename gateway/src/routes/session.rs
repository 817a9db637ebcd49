//! Signing in and out.

use super::checked::{attempt_for_account, attempt_from_address, forget_attempts};
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Problem, Row,
    access::cookie_name,
    accounts::{Opened, People, Sessions},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use bus_core::{
    api::{Account, KeyScope, Session, SignIn},
    msg,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get("/session", "session.read", "Who calls", Allowed::Anyone, read)
            .key(KeyScope::Read)
            .answer::<Session>(StatusCode::OK),
        Row::post("/session", "session.begin", "Sign in", Allowed::Anyone, begin)
            .body::<SignIn>()
            .answer::<Session>(StatusCode::OK),
        Row::delete("/session", "session.end", "Sign out", Allowed::SignedIn, end)
            .answer_nothing(StatusCode::NO_CONTENT),
        Row::delete("/sessions", "session.end-all", "Sign out everywhere", Allowed::SignedIn, end_all)
            .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

async fn read(State(app): State<App>, caller: Caller) -> Result<Json<Session>, Problem> {
    let account = caller.known().cloned();
    let first_start = account.is_none() && People(&app).is_empty().await?;
    Ok(Json(Session { account, csrf: caller.csrf(), first_start }))
}

async fn begin(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<SignIn>,
) -> Result<impl IntoResponse, Problem> {
    attempt_from_address(&app, &caller)?;
    attempt_for_account(&app, &asked.email)?;
    let found = People(&app).by_email(&asked.email).await?;
    let stored = found.as_ref().map(|account| account.value.password.as_str());
    let right = app.passwords().verify(&asked.password, stored).await?;
    let Some(account) = found.filter(|_| right) else {
        tracing::warn!(address = %caller.address(), "a sign-in was refused");
        return Err(Problem::of(Kind::SignIn, msg!("the e-mail address or the password is wrong")));
    };
    forget_attempts(&app, &asked.email);
    let account = account.value.shown(&account.id);
    let noted = Noted::new("account", &account.id).by(&account.email);
    let (headers, session) = opened(&app, &caller, account).await?;
    Ok((headers, Extension(noted), session))
}

/// A new session of an account: its cookie, and what its pages must know.
pub(super) async fn opened(
    app: &App,
    caller: &Caller,
    account: Account,
) -> Result<(HeaderMap, Json<Session>), Problem> {
    let Opened { token } = Sessions(app).open(&account.id).await?;
    let seconds = app.settings().accounts.session.as_secs();
    let headers = cookie(caller, &token, seconds)?;
    let csrf = Opened::csrf(&token);
    Ok((headers, Json(Session { account: Some(account), csrf, first_start: false })))
}

async fn end(State(app): State<App>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    if let Some(session) = caller.session() {
        Sessions(&app).close(session).await?;
    }
    let noted = Noted::new("account", &caller.account()?.id);
    Ok((StatusCode::NO_CONTENT, forgotten(&caller)?, Extension(noted)))
}

async fn end_all(State(app): State<App>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    let account = &caller.account()?.id;
    Sessions(&app).close_all(account).await?;
    let noted = Noted::new("account", account);
    Ok((StatusCode::NO_CONTENT, forgotten(&caller)?, Extension(noted)))
}

/// Has the browser forget the session.
pub(super) fn forgotten(caller: &Caller) -> Result<HeaderMap, Problem> {
    cookie(caller, "", 0)
}

/// The session's cookie: no page can read it, no other site can have it sent along with a change.
fn cookie(caller: &Caller, token: &str, seconds: u64) -> Result<HeaderMap, Problem> {
    let (name, secure) = (cookie_name(caller.by_tls()), if caller.by_tls() { "; Secure" } else { "" });
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let value = HeaderValue::try_from(text).map_err(|error| Problem::ours(&error))?;
    Ok([(header::SET_COOKIE, value)].into_iter().collect())
}
