use super::{
    caller::{Caller, Known, Means},
    identify::{check_origin, has_csrf, identify, is_unsafe},
    roles,
};
use crate::{
    App, Kind, Problem,
    accounts::Groups,
    audit::{self, Noted},
    http::{
        answer::{Call, Reads},
        extract::{BodyTime, limited, path_parameter},
    },
    table::{Allowed, Rule},
};
use axum::{
    extract::{Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bus_core::{api::Account, api::Role, msg};
use std::sync::Arc;

/// Stands before a handler.
#[derive(Clone)]
pub(crate) struct Guard {
    app: App,
    rule: Arc<Rule>,
}

impl Guard {
    pub(crate) const fn new(app: App, rule: Arc<Rule>) -> Self {
        Self { app, rule }
    }
}

/// Lets a call through to its handler if its row of the table allows it to the caller, and writes the audit.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(request).await {
        Ok((caller, named, request)) => {
            let response = next.run(request).await;
            guard.done(&caller, named, response).await
        }
        Err((reads, problem)) => {
            let mut response = problem.into_response();
            if let Some(reads) = reads {
                response.extensions_mut().insert(reads);
            }
            response
        }
    }
}

type Checked = (Caller, Option<String>, Request);

impl Guard {
    /// The caller and the object the path names, if the call is allowed.
    async fn check(&self, request: Request) -> Result<Checked, (Option<Reads>, Problem)> {
        let (mut parts, body) = request.into_parts();
        let caller = self.caller(&mut parts).await.map_err(|problem| (None, problem))?;
        let reads = Some(Reads(caller.language()));
        let (caller, named) = self.allowed(caller, &mut parts).await.map_err(|problem| (reads, problem))?;
        parts.extensions.insert(caller.clone());
        parts.extensions.insert(BodyTime(self.app.settings().body_time));
        let request = Request::from_parts(parts, body);
        let settings = self.app.settings();
        let limit = if self.rule.takes_files { settings.upload } else { settings.body };
        let request = limited(request, limit, self.app.settings().body_pause);
        request.map(|request| (caller, named, request)).map_err(|problem| (reads, problem))
    }

    /// Who calls. A page of another site is nobody, or sent away.
    async fn caller(&self, parts: &mut Parts) -> Result<Caller, Problem> {
        let call = parts.extensions.get::<Call>().cloned();
        let call = call.ok_or_else(|| Problem::ours(&"a call that nobody named"))?;
        let (mut account, mut means) = identify(&self.app, &parts.headers, call.tls).await?;
        let guarded = self.rule.changes || is_unsafe(&parts.method);
        if guarded && !matches!(means, Means::Key { .. }) {
            check_origin(&parts.headers, call.tls)?;
            if let Means::Session { csrf, .. } = &means
                && !has_csrf(&parts.headers, csrf)
            {
                if self.rule.allowed != Allowed::Anyone {
                    return Err(Problem::new(Kind::Foreign));
                }
                (account, means) = (None, Means::None);
            }
        }
        Ok(Caller(Arc::new(Known { call, account, means, on: None })))
    }

    /// Whether the row allows it to the caller. What may not be seen is not there.
    async fn allowed(&self, caller: Caller, parts: &mut Parts) -> Result<(Caller, Option<String>), Problem> {
        let id = path_parameter(parts, "id").await;
        let kind = self.rule.operation.split('.').next().unwrap_or_default();
        let mut named = id.as_ref().map(|id| format!("{kind}/{id}"));
        let mut caller = caller;
        match self.rule.allowed {
            Allowed::Nobody => return Err(Problem::new(Kind::Forbidden)),
            Allowed::Anyone => {}
            Allowed::SignedIn => {
                caller.account()?;
            }
            Allowed::Administrator => {
                if !caller.account()?.administrator {
                    return Err(Problem::new(Kind::Forbidden));
                }
            }
            Allowed::Oneself => {
                let account = caller.account()?;
                if !account.administrator && id.as_ref() != Some(&account.id) {
                    return Err(Problem::new(Kind::Forbidden));
                }
            }
            Allowed::GroupOwner => self.on_group(caller.account()?, id.as_deref()).await?,
            Allowed::Workflow(role) => {
                caller.account()?;
                let id = id.ok_or_else(|| Problem::ours(&"the path names no workflow"))?;
                named = Some(format!("workflow/{id}"));
                caller = self.on(caller, id, role).await?;
            }
            Allowed::Run(role) => {
                caller.account()?;
                let id = id.ok_or_else(|| Problem::ours(&"the path names no run"))?;
                named = Some(format!("run/{id}"));
                tracing::Span::current().record("run", id.as_str());
                let workflow = roles::workflow_of_run(&self.app, &id).await?;
                let workflow = workflow.ok_or_else(|| Problem::new(Kind::Missing))?;
                caller = self.on(caller, workflow, role).await?;
            }
        }
        caller.check_key(self.rule.key)?;
        Ok((caller, named))
    }

    /// Owners and administrators; to those outside, the group is not there.
    async fn on_group(&self, account: &Account, id: Option<&str>) -> Result<(), Problem> {
        let group = Groups(&self.app).get(id.unwrap_or_default()).await?;
        let seen = group.filter(|group| account.administrator || group.value.has(&account.id));
        let group = seen.ok_or_else(|| Problem::new(Kind::Missing))?;
        if account.administrator || group.value.owner == account.id {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden))
    }

    async fn on(&self, caller: Caller, workflow: String, needed: Role) -> Result<Caller, Problem> {
        let account = caller.account()?;
        let role = match caller.key_covers(&workflow) {
            true => roles::on_workflow(&self.app, &account.id, &workflow).await?,
            false => None,
        };
        let role = role.ok_or_else(|| Problem::new(Kind::Missing))?;
        if role < needed {
            return Err(Problem::of(Kind::Forbidden, msg!("ask the workflow's owner to let you")));
        }
        Ok(Caller(Arc::new(Known { on: Some((workflow, role)), ..(*caller.0).clone() })))
    }

    /// After the handler: the audit, and what the outer layers must know.
    async fn done(&self, caller: &Caller, named: Option<String>, mut response: Response) -> Response {
        response.extensions_mut().insert(Reads(caller.language()));
        let noted = response.extensions_mut().remove::<Noted>().unwrap_or_default();
        if self.rule.changes && response.status().is_success() {
            let written = audit::write(&self.app, caller, self.rule.operation, named, noted).await;
            if written.is_err() {
                tracing::error!(action = self.rule.operation, "the audit could not be written");
            }
        }
        response
    }
}
