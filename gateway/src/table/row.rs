use crate::App;
use axum::{
    handler::Handler,
    http::{Method, StatusCode},
    routing::{MethodFilter, MethodRouter, on},
};
use bus_core::api::{KeyScope, ROOT, Role};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Whoever comes.
    Anyone,
    /// Whoever has an account.
    SignedIn,
    /// Administrators.
    Administrator,
    /// Whoever the path names as `{id}`, and administrators.
    Oneself,
    /// The owner of the group that the path names as `{id}`, and administrators.
    GroupOwner,
    /// Whoever has this role on the workflow that the path names as `{id}`.
    Workflow(Role),
    /// Whoever has this role on the workflow of the run that the path names as `{id}`.
    Run(Role),
    /// Nobody: what a row says until somebody has thought about it.
    Nobody,
}

/// What a body is made of.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// JSON of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Something else, by media type.
    Other(&'static str),
}

/// What is known of a route besides its handler.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) method: Method,
    /// The whole path, with its parameters in braces.
    pub(crate) path: String,
    /// What the call is named in the audit and in OpenAPI: `workflow.save`.
    pub(crate) operation: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) allowed: Allowed,
    /// What a key must be good for; without it, keys are refused.
    pub(crate) key: Option<KeyScope>,
    /// Whether it changes something, and is written to the audit.
    pub(crate) changes: bool,
    /// Bytes of the body; the setting's if absent.
    pub(crate) takes_files: bool,
    pub(crate) query: Option<fn(&mut SchemaGenerator) -> Schema>,
    pub(crate) body: Option<Content>,
    pub(crate) answers: Vec<(StatusCode, Option<Content>)>,
}

/// A row of the route table: everything there is to know of one call.
///
/// ```ignore
/// Row::get("/workflows/{id}", "workflow.read", "A workflow", Allowed::Workflow(Role::Viewer), read)
///     .key(KeyScope::Read)
///     .answer::<WorkflowDetail>(StatusCode::OK)
/// ```
pub struct Row {
    pub(crate) rule: Arc<Rule>,
    pub(crate) handler: MethodRouter<App>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

macro_rules! methods {
    ($($name:ident $method:ident $changes:literal $what:literal;)*) => {$(
        #[doc = $what]
        ///
        /// The path is relative to `/api/v1`; [`Row::absolute`] makes it one of its own.
        pub fn $name<H, T>(
            path: &str,
            operation: &'static str,
            summary: &'static str,
            allowed: Allowed,
            handler: H,
        ) -> Self
        where
            H: Handler<T, App>,
            T: 'static,
        {
            let rule = Rule {
                method: Method::$method,
                path: format!("{ROOT}{path}"),
                operation,
                summary,
                allowed,
                key: None,
                changes: $changes,
                takes_files: false,
                query: None,
                body: None,
                answers: Vec::new(),
            };
            Self { rule: Arc::new(rule), handler: on(MethodFilter::$method, handler) }
        }
    )*};
}

impl Row {
    methods! {
        get GET false "A call that reads.";
        post POST true "A call that makes or starts something.";
        put PUT true "A call that sets something.";
        patch PATCH true "A call that changes part of something.";
        delete DELETE true "A call that deletes something.";
    }

    fn with(mut self, change: impl FnOnce(&mut Rule)) -> Self {
        change(Arc::make_mut(&mut self.rule));
        self
    }

    /// The path stands for itself, outside `/api/v1`.
    #[must_use]
    pub fn absolute(self) -> Self {
        self.with(|rule| {
            if let Some(path) = rule.path.strip_prefix(ROOT) {
                rule.path = path.to_owned();
            }
        })
    }

    /// Keys that are good for this may make the call, within what their owner may do.
    #[must_use]
    pub fn key(self, scope: KeyScope) -> Self {
        self.with(|rule| rule.key = Some(scope))
    }

    /// It only looks, although its method is one that changes (a check, a preview): not in the audit.
    #[must_use]
    pub fn only_looks(self) -> Self {
        self.with(|rule| rule.changes = false)
    }

    /// It changes or starts something, although its method is one that reads: in the audit, and guarded against
    /// forgery like those that change.
    #[must_use]
    pub fn changes(self) -> Self {
        self.with(|rule| rule.changes = true)
    }

    /// Its body is a file: it may be as large as an upload.
    #[must_use]
    pub fn takes_files(self) -> Self {
        self.with(|rule| rule.takes_files = true)
    }

    /// What its query may say: the members of a struct.
    #[must_use]
    pub fn query<T: JsonSchema>(self) -> Self {
        self.with(|rule| rule.query = Some(schema_of::<T>))
    }

    /// Its body is JSON of this type.
    #[must_use]
    pub fn body<T: JsonSchema>(self) -> Self {
        self.with(|rule| rule.body = Some(Content::Json(schema_of::<T>)))
    }

    /// Its body is of this media type (`*/*`: of any).
    #[must_use]
    pub fn body_of(self, media_type: &'static str) -> Self {
        self.with(|rule| rule.body = Some(Content::Other(media_type)))
    }

    /// It answers with this status and JSON of this type.
    #[must_use]
    pub fn answer<T: JsonSchema>(self, status: StatusCode) -> Self {
        self.with(|rule| rule.answers.push((status, Some(Content::Json(schema_of::<T>)))))
    }

    /// It answers with this status and a body of this media type.
    #[must_use]
    pub fn answer_of(self, status: StatusCode, media_type: &'static str) -> Self {
        self.with(|rule| rule.answers.push((status, Some(Content::Other(media_type)))))
    }

    /// It answers with this status and nothing else.
    #[must_use]
    pub fn answer_nothing(self, status: StatusCode) -> Self {
        self.with(|rule| rule.answers.push((status, None)))
    }
}
