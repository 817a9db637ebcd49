//! The vault: secrets that settings name and nobody sees again.

use crate::{Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Row};
use axum::{Extension, extract::State, http::StatusCode, response::IntoResponse};
use bus_core::{
    api::{SecretName, SecretValue},
    msg,
};
use workers::Vault;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get("/secrets", "secret.list", "The names of one's secrets", Allowed::SignedIn, list)
            .answer::<Vec<SecretName>>(StatusCode::OK),
        Row::put(
            "/secrets/{name}",
            "secret.set",
            "Set a secret; nobody gets it back",
            Allowed::SignedIn,
            set,
        )
        .body::<SecretValue>()
        .answer_nothing(StatusCode::NO_CONTENT),
        Row::delete("/secrets/{name}", "secret.delete", "Delete a secret", Allowed::SignedIn, delete)
            .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

fn vault(app: &App) -> Result<&Vault, Problem> {
    let without = || Problem::of(Kind::Unavailable, msg!("this bus has no vault"));
    app.bus().vault().ok_or_else(without)
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<SecretName>>, Problem> {
    Ok(Json(vault(&app)?.names(&caller.account()?.id).await?))
}

async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(asked): Json<SecretValue>,
) -> Result<impl IntoResponse, Problem> {
    vault(&app)?.set(&caller.account()?.id, &name, &asked.value).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Noted::new("secret", &name))))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    vault(&app)?.delete(&caller.account()?.id, &name).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Noted::new("secret", &name))))
}
