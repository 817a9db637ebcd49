//! The OpenAPI 3.1 document, from the route table.

use super::{Allowed, Content, Row, Rule, rows};
use crate::Kind;
use bus_core::api::{CSRF_HEADER, Problem};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The OpenAPI 3.1 document of the whole API.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for Row { rule, .. } in rows() {
        let method = rule.method.as_str().to_lowercase();
        let operation = operation(&rule, &mut generator);
        paths.entry(rule.path.clone()).or_default().insert(method, operation);
    }
    let problem = generator.subschema_for::<Problem>();
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Semantic Bus",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Workflows on real data: made, run, watched and published.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": {
                "description": problems(),
                "content": { "application/problem+json": { "schema": problem } },
            } },
            "securitySchemes": {
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "session",
                    "description": format!(
                        "After signing in; calls that change something send `{CSRF_HEADER}` as well. \
                         By TLS the cookie is named `__Host-session`."
                    ),
                },
                "key": { "type": "http", "scheme": "bearer", "description": "An API key" },
            },
        },
    })
}

/// All types of problems, for people.
fn problems() -> String {
    let line = |kind: Kind| {
        let problem = crate::Problem::new(kind).written(bus_core::Language::En, "");
        format!("- `{}` ({}): {}", problem.kind, problem.status, problem.title)
    };
    Kind::ALL.map(line).join("\n")
}

fn operation(rule: &Rule, generator: &mut SchemaGenerator) -> Value {
    let mut operation = Map::new();
    let tag = rule.operation.split('.').next().unwrap_or_default();
    operation.insert("operationId".into(), rule.operation.into());
    operation.insert("summary".into(), rule.summary.into());
    operation.insert("description".into(), who_may(rule).into());
    operation.insert("tags".into(), json!([tag]));
    operation.insert("parameters".into(), parameters(rule, generator).into());
    if let Some(content) = rule.body {
        let body = json!({ "required": true, "content": content_of(content, generator) });
        operation.insert("requestBody".into(), body);
    }
    let mut responses = Map::new();
    for (status, content) in &rule.answers {
        let mut answer = Map::new();
        answer.insert("description".into(), status.canonical_reason().unwrap_or_default().into());
        if let Some(content) = content {
            answer.insert("content".into(), content_of(*content, generator));
        }
        responses.insert(status.as_u16().to_string(), answer.into());
    }
    responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
    operation.insert("responses".into(), responses.into());
    operation.insert("security".into(), security(rule));
    operation.into()
}

fn who_may(rule: &Rule) -> String {
    let who = match rule.allowed {
        Allowed::Anyone => "Everybody may.".to_owned(),
        Allowed::SignedIn => "Whoever has an account may.".to_owned(),
        Allowed::Administrator => "Administrators may.".to_owned(),
        Allowed::Oneself => "The account's owner and administrators may.".to_owned(),
        Allowed::GroupOwner => "The group's owner and administrators may.".to_owned(),
        Allowed::Workflow(role) => format!("Whoever has the role `{}` on the workflow may.", role_name(role)),
        Allowed::Run(role) => {
            format!("Whoever has the role `{}` on the workflow of the run may.", role_name(role))
        }
        Allowed::Nobody => "Nobody may.".to_owned(),
    };
    match rule.key {
        Some(scope) => format!("{who} A key must have the scope `{}`.", scope_name(scope)),
        None => format!("{who} Not with a key."),
    }
}

fn role_name(role: bus_core::api::Role) -> String {
    format!("{role:?}").to_lowercase()
}

fn scope_name(scope: bus_core::api::KeyScope) -> String {
    format!("{scope:?}").to_lowercase()
}

fn security(rule: &Rule) -> Value {
    let mut ways = Vec::new();
    if rule.allowed == Allowed::Anyone {
        ways.push(json!({}));
    }
    ways.push(json!({ "session": [] }));
    if rule.key.is_some() {
        ways.push(json!({ "key": [] }));
    }
    ways.into()
}

fn content_of(content: Content, generator: &mut SchemaGenerator) -> Value {
    match content {
        Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Content::Other(media_type) => json!({ media_type: {} }),
    }
}

/// Parameters of the path, and the members of the query's type.
fn parameters(rule: &Rule, generator: &mut SchemaGenerator) -> Vec<Value> {
    let names = rule.path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let in_path = names.map(|(name, _)| {
        json!({
            "name": name.trim_start_matches('*'), "in": "path", "required": true,
            "schema": { "type": "string" },
        })
    });
    let mut all: Vec<_> = in_path.collect();
    if let Some(query) = rule.query {
        let schema = resolved(query(generator), generator);
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let needed = required.iter().any(|known| known == name);
            let description = schema.get("description").cloned().unwrap_or_default();
            all.push(json!({
                "name": name, "in": "query", "required": needed, "schema": schema,
                "description": description.as_str().unwrap_or_default(),
            }));
        }
    }
    all
}

/// The schema itself, where it is a reference to a definition.
fn resolved(schema: Schema, generator: &SchemaGenerator) -> Value {
    let value = schema.to_value();
    let name = value.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name).cloned()).unwrap_or(value)
}
