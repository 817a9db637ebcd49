//! Groups: people who share workflows.

use super::checked::name;
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Row,
    accounts::{Groups, People},
};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use bus_core::{api, msg};
use workers::Group;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get("/groups", "group.list", "The groups one is in", Allowed::SignedIn, list)
            .answer::<Vec<api::Group>>(StatusCode::OK),
        Row::post("/groups", "group.make", "Make a group", Allowed::SignedIn, make)
            .body::<api::Group>()
            .answer::<api::Group>(StatusCode::CREATED),
        Row::put("/groups/{id}", "group.change", "Change a group", Allowed::GroupOwner, change)
            .body::<api::Group>()
            .answer::<api::Group>(StatusCode::OK),
        Row::delete("/groups/{id}", "group.delete", "Delete a group", Allowed::GroupOwner, delete)
            .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

/// Most members of a group.
const MEMBERS: usize = 1_000;

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<api::Group>>, Problem> {
    let groups = Groups(&app).of(&caller.account()?.id).await?;
    Ok(Json(groups.into_iter().map(|group| group.value.shown(&group.id)).collect()))
}

async fn make(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<api::Group>,
) -> Result<impl IntoResponse, Problem> {
    let owner = caller.account()?.id.clone();
    let name = name("name", &asked.name)?;
    let record = Group { name, members: members(&app, &asked.members).await?, owner };
    let id = Groups(&app).make(&record).await?;
    Ok((StatusCode::CREATED, Extension(Noted::new("group", &id)), Json(record.shown(&id))))
}

async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(asked): Json<api::Group>,
) -> Result<Json<api::Group>, Problem> {
    let mut group = Groups(&app).get(&id).await?.ok_or_else(|| Problem::new(Kind::Missing))?;
    group.value.name = name("name", &asked.name)?;
    group.value.members = members(&app, &asked.members).await?;
    if !asked.owner.is_empty() && asked.owner != group.value.owner {
        let owner = member(&app, "owner", &asked.owner).await?;
        group.value.owner = owner;
    }
    Groups(&app).save(&group).await?;
    Ok(Json(group.value.shown(&id)))
}

async fn delete(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    Groups(&app).delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The accounts that are meant, by id or e-mail address.
async fn members(app: &App, asked: &[String]) -> Result<Vec<String>, Problem> {
    if asked.len() > MEMBERS {
        let rule = msg!("a group has at most {most} members", most = MEMBERS);
        return Err(Problem::invalid("members", rule));
    }
    let mut found: Vec<String> = Vec::new();
    for (place, who) in asked.iter().enumerate() {
        let id = member(app, &format!("members[{place}]"), who).await?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

async fn member(app: &App, place: &str, who: &str) -> Result<String, Problem> {
    let people = People(app);
    let found = match who.contains('@') {
        true => people.by_email(who).await?,
        false => people.get(who).await?,
    };
    let unknown = || Problem::invalid(place, msg!("there is no such account: invite its owner first"));
    found.map(|account| account.id).ok_or_else(unknown)
}
