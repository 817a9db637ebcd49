//! Documents from elsewhere: of this bus, in YAML or JSON, and exports of the earlier Node.js Semantic Bus.

use super::findings::findings;
use crate::{Allowed, App, Caller, Json, Kind, Problem, Row, whole};
use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use bus_core::{
    Language,
    api::{Imported, KeyScope, Password},
    check::{self, check},
    msg,
    workflow::Workflow,
};
use connectors::{
    Connectors,
    import::{Import, import},
};
use serde::{Deserialize, de::IgnoredAny};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post(
            "/import",
            "workflow.import",
            "Read a workflow document (YAML or JSON), or make one of an export of the Node.js Semantic Bus; \
             the secrets of an export go to the vault",
            Allowed::SignedIn,
            translated,
        )
        .key(KeyScope::Write)
        .body_of("*/*")
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
    // large ones keep a core busy: not one that serves others
    let made = tokio::task::spawn_blocking(move || {
        if is_export(&text) {
            exported(&text, language).map(|made| Made::Export(Box::new(made)))
        } else {
            document(&text, language)
        }
    });
    let mut made = match made.await.map_err(|error| Problem::ours(&error))?? {
        Made::Document(imported) => return Ok(Json(*imported)),
        Made::Export(made) => *made,
    };
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

/// What became of a text.
enum Made {
    Document(Box<Imported>),
    Export(Box<Import>),
}

/// Whether a text is an export of the earlier bus: JSON that has nothing of a document of ours.
fn is_export(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Ours {
        version: Option<IgnoredAny>,
        steps: Option<IgnoredAny>,
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let ours = serde_json::from_str::<Ours>(text).is_ok_and(|it| it.version.is_some() || it.steps.is_some());
    text.starts_with(['{', '[']) && !ours
}

fn exported(text: &str, language: Language) -> Result<Import, Problem> {
    import(text, language)
        .map_err(|error| Problem::of(Kind::Invalid, msg!("{problem}", problem = error.text(language))))
}

fn document(text: &str, language: Language) -> Result<Made, Problem> {
    match Workflow::load(text) {
        Ok(loaded) => {
            let found = check(&loaded, &Connectors);
            Ok(Made::Document(Box::new(Imported {
                findings: findings(&found, language),
                document: loaded.workflow,
                steps: Vec::new(),
            })))
        }
        Err(problems) => {
            let detail = problems.first().map(placed);
            let findings = findings(&problems, language);
            Err(Problem { findings, detail: detail.map(Box::new), ..Problem::new(Kind::Invalid) })
        }
    }
}

/// What keeps a text from being a document, with its place in the text.
fn placed(problem: &check::Problem) -> bus_core::Message {
    match problem.place {
        Some(place) => msg!(
            "line {line}, column {column}: {problem}",
            line = place.line,
            column = place.column,
            problem = problem.problem.clone()
        ),
        None => problem.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_from_an_export() {
        assert!(is_export(r#"{"components": [], "links": []}"#));
        assert!(is_export(" [1]"));
        assert!(is_export("{ not JSON"));
        assert!(!is_export(r#"{"version": 1, "name": "Towns"}"#));
        assert!(!is_export("version: 1\nname: Towns\n"));
    }
}
