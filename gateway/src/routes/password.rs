//! New passwords.

use super::{
    checked::{attempt_for_account, attempt_from_address, forget_attempts},
    session::forgotten,
};
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Row,
    accounts::{
        Links, Passwords, People, Sessions,
        record::{AccountRecord, Purpose},
    },
    documents::Kept,
};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use bus_core::{
    api::{NewPassword, OneTimeLink, Password},
    msg,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::put(
            "/password",
            "password.change",
            "Set a new password, with the present one or the token of a link; signs out everywhere",
            Allowed::Anyone,
            change,
        )
        .body::<NewPassword>()
        .answer_nothing(StatusCode::NO_CONTENT),
        Row::post(
            "/accounts/{id}/reset",
            "account.reset",
            "A link with which the account's owner sets a new password",
            Allowed::Administrator,
            reset,
        )
        .answer::<OneTimeLink>(StatusCode::CREATED),
    ]
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewPassword>,
) -> Result<impl IntoResponse, Problem> {
    attempt_from_address(&app, &caller)?;
    let account = match (&asked.present, &asked.token) {
        (_, Some(token)) => by_link(&app, token).await?,
        (Some(present), None) => by_present(&app, &caller, present).await?,
        (None, None) => {
            let advice = msg!("give the present password, or the token of a link");
            return Err(Problem::invalid("present", advice));
        }
    };
    Passwords::check("password", &asked.password)?;
    let password = app.passwords().hash(&asked.password).await?;
    if let Some(token) = &asked.token {
        Links(&app).take(token).await?;
    }
    let value = AccountRecord { password, ..account.value };
    let noted = Noted::new("account", &account.id).by(&value.email);
    forget_attempts(&app, &value.email);
    let account = Kept { id: account.id, revision: account.revision, value };
    People(&app).save(&account).await?;
    Sessions(&app).close_all(&account.id).await?;
    Ok((StatusCode::NO_CONTENT, forgotten(&caller)?, Extension(noted)))
}

async fn by_link(app: &App, token: &str) -> Result<Kept<AccountRecord>, Problem> {
    let Purpose::Reset(id) = Links(app).look(token).await?.purpose else {
        return Err(Problem::new(Kind::Missing));
    };
    People(app).get(&id).await?.ok_or_else(|| Problem::new(Kind::Missing))
}

async fn by_present(app: &App, caller: &Caller, present: &Password) -> Result<Kept<AccountRecord>, Problem> {
    let account = caller.account()?;
    attempt_for_account(app, &account.email)?;
    let account = People(app).get(&account.id).await?.ok_or_else(|| Problem::new(Kind::SignIn))?;
    if !app.passwords().verify(present, Some(&account.value.password)).await? {
        return Err(Problem::invalid("present", msg!("this is not the present password")));
    }
    Ok(account)
}

async fn reset(State(app): State<App>, Path(id): Path<String>) -> Result<impl IntoResponse, Problem> {
    let account = People(&app).get(&id).await?.ok_or_else(|| Problem::new(Kind::Missing))?;
    let time = app.settings().accounts.reset;
    let link = Links(&app).make(Purpose::Reset(id), account.value.email_key, time).await?;
    Ok((StatusCode::CREATED, Json(link)))
}
