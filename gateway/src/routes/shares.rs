//! With whom a workflow is shared, and handing it over.

use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Row,
    accounts::{Groups, People},
};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use bus_core::{
    api::{KeyScope, Role, Share, Shared},
    msg,
};
use workers::{Granted, Principal, StoredWorkflow};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get(
            "/workflows/{id}/shares",
            "workflow.shares",
            "With whom a workflow is shared",
            Allowed::Workflow(Role::Viewer),
            read,
        )
        .key(KeyScope::Read)
        .answer::<Shared>(StatusCode::OK),
        Row::put(
            "/workflows/{id}/shares",
            "workflow.share",
            "Say with whom a workflow is shared",
            Allowed::Workflow(Role::Owner),
            share,
        )
        .body::<Vec<Share>>()
        .answer::<Shared>(StatusCode::OK),
        Row::post(
            "/workflows/{id}/transfer",
            "workflow.transfer",
            "Hand a workflow over to somebody else; who had it stays an editor",
            Allowed::Workflow(Role::Owner),
            transfer,
        )
        .body::<Share>()
        .answer::<Shared>(StatusCode::OK),
    ]
}

/// What stands in front of the id of a group.
const GROUP: &str = "group:";

async fn read(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Shared>, Problem> {
    let workflow = app.bus().workflows().get(&id).await?;
    shown(&app, &workflow).await.map(Json)
}

/// The shares as people read them: accounts by address. Those that are gone are left out.
async fn shown(app: &App, workflow: &StoredWorkflow) -> Result<Shared, Problem> {
    let owner = People(app).get(&workflow.owner).await?.map(|owner| owner.value.email);
    let mut shares = Vec::new();
    for share in &workflow.shares {
        let with = match &share.with {
            Principal::Account(id) => People(app).get(id).await?.map(|account| account.value.email),
            Principal::Group(id) => Groups(app).get(id).await?.map(|_| format!("{GROUP}{id}")),
        };
        shares.extend(with.map(|with| Share { with, role: share.role }));
    }
    Ok(Shared { owner: owner.unwrap_or_default(), shares })
}

async fn share(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<Vec<Share>>,
) -> Result<impl IntoResponse, Problem> {
    let mut shares = Vec::new();
    for (place, share) in asked.iter().enumerate() {
        let with = principal(&app, &caller, &format!("[{place}].with"), &share.with).await?;
        shares.push(Granted { with, role: share.role });
    }
    let workflow = app.bus().workflows().set_shares(&id, shares).await?;
    let said: Vec<_> = asked.iter().map(|share| format!("{}: {:?}", share.with, share.role)).collect();
    let noted = Noted::new("workflow", &id).detail(said.join(", "));
    Ok((Extension(noted), Json(shown(&app, &workflow).await?)))
}

/// Who is meant: an account by its address, or a group that the caller is in.
async fn principal(app: &App, caller: &Caller, place: &str, with: &str) -> Result<Principal, Problem> {
    if let Some(id) = with.strip_prefix(GROUP) {
        let group = Groups(app).get(id).await?;
        let own = &caller.account()?.id;
        return match group.filter(|group| group.value.has(own)) {
            Some(group) => Ok(Principal::Group(group.id)),
            None => Err(Problem::invalid(place, msg!("there is no such group"))),
        };
    }
    let account = People(app).by_email(with).await?;
    let unknown = || Problem::invalid(place, msg!("there is no such account: invite its owner first"));
    account.map(|account| Principal::Account(account.id)).ok_or_else(unknown)
}

async fn transfer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<Share>,
) -> Result<impl IntoResponse, Problem> {
    if asked.role != Role::Owner {
        return Err(Problem::invalid("role", msg!("a workflow is handed over with the role `owner`")));
    }
    let Principal::Account(to) = principal(&app, &caller, "with", &asked.with).await? else {
        return Err(Problem::of(Kind::Invalid, msg!("a group cannot own a workflow")));
    };
    let workflow = app.bus().workflows().transfer(&id, &to).await?;
    let noted = Noted::new("workflow", &id).detail(asked.with);
    Ok((Extension(noted), Json(shown(&app, &workflow).await?)))
}

/// What becomes of the workflows of an account that is deleted: they go to `heir`.
pub(super) async fn inherit(app: &App, account: &str, heir: &str) -> Result<(), Problem> {
    let workflows = app.bus().workflows();
    let gone = Principal::Account(account.to_owned());
    loop {
        let page = workflows.list(&workers::Who::account(account), None, 1_000).await?;
        for workflow in &page.items {
            let mut left = workflow.clone();
            if workflow.owner == account {
                left = workflows.transfer(&workflow.id, heir).await?;
            }
            left.shares.retain(|share| share.with != gone);
            workflows.set_shares(&workflow.id, left.shares).await?;
        }
        if page.next.is_none() {
            return Ok(());
        }
    }
}
