//! API keys.

use super::checked::name;
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Row, access::on_workflow, accounts::Keys,
};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use bus_core::{
    api::{Key, NewKey},
    msg,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get("/keys", "key.list", "One's API keys", Allowed::SignedIn, list)
            .answer::<Vec<Key>>(StatusCode::OK),
        Row::post("/keys", "key.make", "Make an API key; it is shown only now", Allowed::SignedIn, make)
            .body::<NewKey>()
            .answer::<Key>(StatusCode::CREATED),
        Row::delete("/keys/{id}", "key.delete", "Delete an API key of one's own", Allowed::SignedIn, delete)
            .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

/// Most keys of an account.
const MOST: usize = 100;

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Key>>, Problem> {
    let keys = Keys(&app).of(&caller.account()?.id).await?;
    Ok(Json(keys.into_iter().map(|key| key.value.shown(&key.id)).collect()))
}

async fn make(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewKey>,
) -> Result<impl IntoResponse, Problem> {
    let owner = caller.account()?;
    let name = name("name", &asked.name)?;
    if asked.until.is_some_and(|until| until <= app.now()) {
        return Err(Problem::invalid("until", msg!("this time has passed")));
    }
    if asked.workflows.len() > MOST || Keys(&app).of(&owner.id).await?.len() >= MOST {
        return Err(Problem::of(Kind::Conflict, msg!("at most {most}: delete some first", most = MOST)));
    }
    for (place, workflow) in asked.workflows.iter().enumerate() {
        if on_workflow(&app, &owner.id, workflow).await?.is_none() {
            return Err(Problem::invalid(format!("workflows[{place}]"), msg!("there is no such workflow")));
        }
    }
    let key = Keys(&app).make(&owner.id, NewKey { name, ..asked }).await?;
    let noted = Noted::new("key", &key.id).detail(&key.name);
    Ok((StatusCode::CREATED, Extension(noted), Json(key)))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match Keys(&app).delete(&caller.account()?.id, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::new(Kind::Missing)),
    }
}
