//! Accounts, as administrators and their owners see to them.

use super::{checked::name, shares::inherit};
use crate::{
    Allowed, App, Caller, Json, Kind, Path, Problem, Row,
    accounts::{Groups, Keys, People, Sessions},
};
use axum::{extract::State, http::StatusCode};
use bus_core::{
    api::{Account, AccountChange},
    msg,
};
use std::collections::BTreeSet;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get(
            "/accounts",
            "account.list",
            "Accounts: all for administrators, otherwise one's own and those of one's groups",
            Allowed::SignedIn,
            list,
        )
        .answer::<Vec<Account>>(StatusCode::OK),
        Row::patch("/accounts/{id}", "account.change", "Change an account", Allowed::Oneself, change)
            .body::<AccountChange>()
            .answer::<Account>(StatusCode::OK),
        Row::delete(
            "/accounts/{id}",
            "account.delete",
            "Delete an account; its workflows and groups go to whoever deletes it",
            Allowed::Administrator,
            delete,
        )
        .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Account>>, Problem> {
    let own = caller.account()?;
    let all = People(&app).all().await?;
    let mut near: BTreeSet<String> = BTreeSet::from([own.id.clone()]);
    if !own.administrator {
        for group in Groups(&app).of(&own.id).await? {
            near.insert(group.value.owner);
            near.extend(group.value.members);
        }
    }
    let seen = all.into_iter().filter(|account| own.administrator || near.contains(&account.id));
    Ok(Json(seen.map(|account| account.value.shown(&account.id)).collect()))
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<AccountChange>,
) -> Result<Json<Account>, Problem> {
    let mut account = People(&app).get(&id).await?.ok_or_else(|| Problem::new(Kind::Missing))?;
    if let Some(new) = &asked.name {
        account.value.name = name("name", new)?;
    }
    if let Some(language) = asked.language {
        account.value.language = language;
    }
    if let Some(administrator) = asked.administrator.filter(|new| *new != account.value.administrator) {
        if !caller.account()?.administrator {
            return Err(Problem::new(Kind::Forbidden));
        }
        if !administrator {
            keep_one(&app, &id).await?;
        }
        account.value.administrator = administrator;
    }
    People(&app).save(&account).await?;
    Ok(Json(account.value.shown(&id)))
}

/// Somebody must be left who can see to accounts.
async fn keep_one(app: &App, but: &str) -> Result<(), Problem> {
    let all = People(app).all().await?;
    if all.iter().any(|account| account.value.administrator && account.id != but) {
        return Ok(());
    }
    Err(Problem::of(Kind::Conflict, msg!("this is the last administrator: make another one first")))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if People(&app).get(&id).await?.is_none() {
        return Err(Problem::new(Kind::Missing));
    }
    let heir = &caller.account()?.id;
    if *heir == id {
        return Err(Problem::of(Kind::Conflict, msg!("ask another administrator to delete your account")));
    }
    // the account goes first: without it, no session and no key of it is good for anything
    People(&app).delete(&id).await?;
    Sessions(&app).close_all(&id).await?;
    for key in Keys(&app).of(&id).await? {
        Keys(&app).delete(&id, &key.id).await?;
    }
    Groups(&app).leave(&id, heir).await?;
    inherit(&app, &id, heir).await?;
    if let Some(vault) = app.bus().vault() {
        for secret in vault.names(&id).await? {
            vault.delete(&id, &secret.name).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
