//! Workflows of the earlier Node.js Semantic Bus.

use crate::{Allowed, App, Caller, Json, Kind, Problem, Row, whole};
use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use bus_core::{
    api::{Imported, KeyScope, Password},
    msg,
};
use connectors::import::import;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post(
            "/import",
            "workflow.import",
            "Make a document of an export of the Node.js Semantic Bus; its secrets go to the vault",
            Allowed::SignedIn,
            translated,
        )
        .key(KeyScope::Write)
        .body_of("application/json")
        .answer::<Imported>(StatusCode::OK),
    ]
}

async fn translated(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Json<Imported>, Problem> {
    let owner = caller.account()?.id.clone();
    let text = String::from_utf8(whole(request).await?.into());
    let text = text.map_err(|_| Problem::of(Kind::Malformed, msg!("the export is not text in UTF-8")))?;
    let language = caller.language();
    // large exports keep a core busy: not one that serves others
    let made = tokio::task::spawn_blocking(move || import(&text, language)).await;
    let made = made.map_err(|error| Problem::ours(&error))?;
    let mut made =
        made.map_err(|error| Problem::of(Kind::Invalid, msg!("{problem}", problem = error.text(language))))?;
    if !made.secrets.is_empty() {
        let vault = app.bus().vault().ok_or_else(|| Problem::new(Kind::Unavailable))?;
        let taken: Vec<String> = vault.names(&owner).await?.into_iter().map(|secret| secret.name).collect();
        made.keep_clear_of(&taken);
        for secret in &made.secrets {
            vault.set(&owner, &secret.name, &Password(secret.reveal().to_owned())).await?;
        }
    }
    Ok(Json(made.answer(language)))
}
