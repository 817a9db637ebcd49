//! How accounts come to be: the first one with the link of the console, the others by invitation.

use super::{
    checked::{attempt_from_address, email, name},
    session::opened,
};
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Problem, Row,
    accounts::{
        Links, Passwords, People,
        record::{AccountRecord, Purpose, email_key},
    },
};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use backplane::Trouble;
use bus_core::{
    api::{FirstAccount, Invitation, OneTimeLink, Session},
    msg,
};
use std::time::Duration;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post(
            "/accounts/first",
            "account.first",
            "Make the first account, with the token of the link that the console shows",
            Allowed::Anyone,
            first,
        )
        .body::<FirstAccount>()
        .answer::<Session>(StatusCode::CREATED),
        Row::post(
            "/accounts/accept",
            "account.accept",
            "Make an account, with the token of an invitation",
            Allowed::Anyone,
            accept,
        )
        .body::<FirstAccount>()
        .answer::<Session>(StatusCode::CREATED),
        Row::post("/accounts", "account.invite", "Invite somebody", Allowed::Administrator, invite)
            .body::<Invitation>()
            .answer::<OneTimeLink>(StatusCode::CREATED),
    ]
}

/// The link on the console works until somebody has made the first account; a restart makes a new one. Each node has its
/// own, so that whoever looks at one of several servers finds a link that works.
const FIRST: Duration = Duration::from_secs(30 * 24 * 3_600);

impl App {
    /// The link that makes the first account, as long as there is none.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn first_link(&self) -> Result<Option<OneTimeLink>, Problem> {
        if !People(self).is_empty().await? {
            return Ok(None);
        }
        Links(self).make(Purpose::First, self.bus().node().to_owned(), FIRST).await.map(Some)
    }
}

async fn first(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<FirstAccount>,
) -> Result<impl IntoResponse, Problem> {
    attempt_from_address(&app, &caller)?;
    let link = Links(&app).look(&asked.token).await?;
    if link.purpose != Purpose::First || !People(&app).is_empty().await? {
        return Err(Problem::new(Kind::Missing));
    }
    enter(&app, &caller, asked, true).await
}

async fn accept(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<FirstAccount>,
) -> Result<impl IntoResponse, Problem> {
    attempt_from_address(&app, &caller)?;
    let link = Links(&app).look(&asked.token).await?;
    let Purpose::Invitation { administrator } = link.purpose else {
        return Err(Problem::new(Kind::Missing));
    };
    if email_key(&asked.email) != link.email_key {
        return Err(Problem::invalid("email", msg!("the invitation is for another e-mail address")));
    }
    enter(&app, &caller, asked, administrator).await
}

/// Makes the account, when everything is in order, and signs in.
async fn enter(
    app: &App,
    caller: &Caller,
    asked: FirstAccount,
    administrator: bool,
) -> Result<impl IntoResponse + use<>, Problem> {
    let (name, email) = (name("name", &asked.name)?, email("email", &asked.email)?);
    Passwords::check("password", &asked.password)?;
    let password = app.passwords().hash(&asked.password).await?;
    Links(app).take(&asked.token).await?;
    let record = AccountRecord {
        name,
        email_key: email_key(&email),
        email,
        administrator,
        language: caller.language(),
        since: app.now(),
        password,
    };
    let id = app.new_id();
    People(app).make(&id, &record).await.map_err(taken)?;
    let account = record.shown(&id);
    let noted = Noted::new("account", &id).by(&account.email);
    let (headers, session) = opened(app, caller, account).await?;
    Ok((StatusCode::CREATED, headers, Extension(noted), session))
}

fn taken(error: backplane::BackplaneError) -> Problem {
    match error.trouble {
        Trouble::Conflict => Problem::of(Kind::Conflict, msg!("there is an account of this e-mail address")),
        Trouble::Unavailable | Trouble::Refused | Trouble::Corrupt => error.into(),
    }
}

async fn invite(State(app): State<App>, Json(asked): Json<Invitation>) -> Result<impl IntoResponse, Problem> {
    let email = email("email", &asked.email)?;
    if People(&app).by_email(&email).await?.is_some() {
        return Err(Problem::of(Kind::Conflict, msg!("there is an account of this e-mail address")));
    }
    let purpose = Purpose::Invitation { administrator: asked.administrator };
    let time = app.settings().accounts.invitation;
    let link = Links(&app).make(purpose, email_key(&email), time).await?;
    let noted = Noted::new("invitation", &email);
    Ok((StatusCode::CREATED, Extension(noted), Json(link)))
}
