//! Passwords, tokens and keys: found by the names they stand under and the form they have, and taken out.

use super::{export::Component, report::NamedSecret};
use base64::{Engine, prelude::BASE64_STANDARD};
use bus_core::text::slug;
use serde_json::{Map, Value, json};

/// What stands where a secret stood in a text.
pub(super) const HIDDEN: &str = "•••";

/// A secret that stood in an address.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hidden {
    /// The name of the member of the query; empty where it was the password of a user.
    pub(super) member: String,
    /// The user.
    pub(super) user: String,
    /// The name the secret has now.
    pub(super) secret: String,
}

/// What was taken out of a component.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Taken {
    /// Secrets that stood in addresses.
    pub(super) hidden: Vec<Hidden>,
    /// The settings in which a sign now stands for a secret, as there is no place for its name.
    pub(super) signs: Vec<String>,
}

/// The secrets of an export.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) found: Vec<NamedSecret>,
}

/// Those of one component, while it is looked through.
struct Search<'a> {
    secrets: &'a mut Secrets,
    /// The id of the step the component becomes.
    step: &'a str,
    taken: Taken,
}

impl Secrets {
    /// Takes the secrets out of a component, whose step is called `step`.
    pub(super) fn take(&mut self, component: &mut Component, step: &str) -> Taken {
        let mut search = Search { secrets: self, step, taken: Taken::default() };
        let patterns = component.called == "objectTransformer";
        search.object(&mut component.settings, false, patterns);
        // what a name tells is no setting of the call
        let hidden = search.taken.hidden.len();
        for text in [&mut component.name, &mut component.description] {
            search.address(text);
            search.credentials("", text);
        }
        search.taken.hidden.truncate(hidden);
        search.taken
    }

    /// The secrets of all components as they would stand in ids of steps, which must not tell them.
    pub(super) fn told(components: &[Component]) -> Vec<String> {
        let mut secrets = Self::default();
        for component in components {
            secrets.take(&mut component.clone(), "step");
        }
        let slugs = secrets.found.iter().map(|secret| slug(secret.reveal()));
        slugs.filter(|slug| slug.len() >= 5).collect()
    }

    /// A name for a secret; one value has one name.
    fn name(&mut self, step: &str, hint: &str, value: &str) -> String {
        if let Some(known) = self.found.iter().find(|secret| secret.reveal() == value) {
            return known.name.clone();
        }
        // only what is plainly a name is told
        let plain =
            hint.len() <= 32 && hint.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter));
        let hint = if plain { slug(hint) } else { String::new() };
        let wanted =
            if hint.is_empty() || step.ends_with(&hint) { step.to_owned() } else { format!("{step}-{hint}") };
        let taken = |name: &str| self.found.iter().any(|secret| secret.name == name);
        let mut name = wanted.clone();
        for number in 2.. {
            if !taken(&name) {
                break;
            }
            name = format!("{wanted}-{number}");
        }
        self.found.push(NamedSecret::new(name.clone(), value));
        name
    }

    /// Hides every secret that still stands in a text.
    pub(super) fn scrub(&self, text: &mut String) {
        for secret in &self.found {
            let value = secret.reveal();
            if value.len() >= 5 && text.contains(value) {
                *text = text.replace(value, HIDDEN);
            }
        }
    }

    /// The same for all texts of a value, names of fields too.
    pub(super) fn scrub_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.scrub(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_value(item)),
            Value::Object(fields) => self.scrub_fields(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn scrub_fields(&self, fields: &mut Map<String, Value>) {
        let keys: Vec<String> = fields.keys().cloned().collect();
        for key in keys {
            let mut name = key.clone();
            self.scrub(&mut name);
            if let Some(mut value) = fields.shift_remove(&key) {
                self.scrub_value(&mut value);
                fields.insert(name, value);
            }
        }
    }
}

/// A name without case and punctuation.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether what stands under this name is a secret.
fn is_secret_name(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "motdepasse",
        "secret",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "authorization",
        "subscriptionkey",
        "signature",
    ];
    const OTHERS: [&str; 9] =
        ["url", "path", "field", "name", "type", "id", "expires", "expiry", "expiresin"];
    let name = bare(name);
    WORDS.iter().any(|word| name.contains(word)) && !OTHERS.iter().any(|end| name.ends_with(end))
        || name == "pass"
}

/// Whether a header or a member of a query of this name is one.
fn is_secret_member(name: &str) -> bool {
    is_secret_name(name)
        || matches!(
            bare(name).as_str(),
            "key" | "cookie" | "auth" | "xauth" | "appid" | "sig" | "code" | "xkey"
        )
}

/// Filled in when it runs: nothing that is written.
fn is_template(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text.contains("{$")
        || text.contains("{£")
        || text.starts_with(['$', '£', '='])
        || text == HIDDEN
}

impl Search<'_> {
    fn object(&mut self, fields: &mut Map<String, Value>, within: bool, patterns: bool) {
        let pair = ["key", "name"].iter().find_map(|name| fields.get(*name)?.as_str().map(str::to_owned));
        if let (Some(name), Some(Value::String(text))) = (pair, fields.get("value"))
            && is_secret_member(&name)
            && !is_template(text)
        {
            let secret = self.header(&name, &text.clone());
            fields.insert("value".into(), secret);
        }
        for (key, value) in fields.iter_mut() {
            let secret = within || is_secret_name(key) || (is_certificate(key) && long(value));
            self.value(key, value, secret, patterns);
        }
    }

    fn value(&mut self, key: &str, value: &mut Value, secret: bool, patterns: bool) {
        match value {
            // taken out already
            Value::Object(fields) if fields.contains_key("hidden_") => {}
            Value::Object(fields) => self.object(fields, secret, patterns),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(key, item, secret, patterns)),
            Value::Number(number) if secret && is_secret_name(key) => {
                let text = number.to_string();
                *value = self.reference(key, &text, None);
            }
            Value::String(text) => {
                let is_key = text.contains("PRIVATE KEY-----");
                if (secret || is_key) && !is_template(text) {
                    let text = text.clone();
                    // a pattern has no place for a secret
                    *value = if patterns { self.hide(key, &text) } else { self.reference(key, &text, None) };
                } else {
                    self.text(key, text);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn hide(&mut self, key: &str, text: &str) -> Value {
        self.secrets.name(self.step, key, text);
        self.taken.signs.push(key.to_owned());
        Value::from(HIDDEN)
    }

    fn reference(&mut self, key: &str, text: &str, scheme: Option<&str>) -> Value {
        let name = self.secrets.name(self.step, key, text);
        let mut reference = json!({ "secret": name, "hidden_": true });
        if let Some(scheme) = scheme {
            reference["scheme"] = scheme.into();
        }
        reference
    }

    /// The value of a header: a token with its scheme, or a key.
    fn header(&mut self, name: &str, text: &str) -> Value {
        let text = text.trim();
        if let Some(token) = text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")) {
            return self.reference("token", token.trim(), Some("bearer"));
        }
        let basic = text.strip_prefix("Basic ").or_else(|| text.strip_prefix("basic "));
        let pair = basic.and_then(|basic| String::from_utf8(BASE64_STANDARD.decode(basic.trim()).ok()?).ok());
        if let Some((user, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            // what was written says the same
            self.secrets.name(self.step, "authorization", basic.unwrap_or_default().trim());
            let mut reference = self.reference("password", password, Some("basic"));
            reference["user"] = user.into();
            return reference;
        }
        self.reference(name, text, None)
    }

    /// A text that holds more: JSON, an address, a header.
    fn text(&mut self, key: &str, text: &mut String) {
        if text.trim_start().starts_with(['{', '['])
            && let Ok(mut inner) = serde_json::from_str::<Value>(text)
        {
            let before = inner.clone();
            // within a text there is no place for the name of a secret
            self.value(key, &mut inner, false, true);
            if inner != before {
                *text = plain(inner).to_string();
                self.taken.signs.push(key.to_owned());
            }
            return;
        }
        self.address(text);
        self.credentials(key, text);
    }

    /// `scheme://user:password@host/path?api_key=…`
    fn address(&mut self, text: &mut String) {
        let Some((scheme, rest)) = text.split_once("://") else { return };
        let (scheme, mut rest) = (scheme.to_owned(), rest.to_owned());
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if let Some((user, password, after)) = user_and_password(&rest, end)
            && !is_template(&password)
        {
            let value = decoded(&password);
            let secret = self.secrets.name(self.step, "password", &value);
            if value != password {
                // as it was written it says the same
                self.secrets.name(self.step, "password", &password);
            }
            self.taken.hidden.push(Hidden { member: String::new(), user: user.clone(), secret });
            rest = format!("{user}:{HIDDEN}@{after}");
        }
        if let Some((before, query)) = rest.clone().split_once('?') {
            let (query, anchor) =
                query.split_once('#').map_or((query, None), |(query, anchor)| (query, Some(anchor)));
            let members: Vec<String> = query.split('&').map(|member| self.member(member)).collect();
            rest = format!("{before}?{}", members.join("&"));
            if let Some(anchor) = anchor {
                rest = format!("{rest}#{anchor}");
            }
        }
        *text = format!("{scheme}://{rest}");
    }

    fn member(&mut self, member: &str) -> String {
        match member.split_once('=') {
            Some((name, value)) if is_secret_member(name) && !is_template(value) => {
                let clear = decoded(value);
                let secret = self.secrets.name(self.step, name, &clear);
                if clear != value {
                    self.secrets.name(self.step, name, value);
                }
                self.taken.hidden.push(Hidden { member: decoded(name), user: String::new(), secret });
                format!("{name}={HIDDEN}")
            }
            _ => member.to_owned(),
        }
    }

    /// `Bearer …` and `Basic …` within a longer text.
    fn credentials(&mut self, key: &str, text: &mut String) {
        while let Some(place) = credentials_in(text) {
            let token = text.get(place.clone()).unwrap_or_default().to_owned();
            self.secrets.name(self.step, "token", &token);
            text.replace_range(place, HIDDEN);
            if !key.is_empty() {
                self.taken.signs.push(key.to_owned());
            }
        }
    }
}

/// Where the token of `Bearer …` or `Basic …` stands in a text.
fn credentials_in(text: &str) -> Option<std::ops::Range<usize>> {
    let is_token = |letter: char| letter.is_ascii_alphanumeric() || "._~+/=-".contains(letter);
    ["Bearer ", "Basic "].iter().find_map(|scheme| {
        text.match_indices(scheme).find_map(|(at, _)| {
            let start = at + scheme.len();
            let rest = text.get(start..)?;
            let end = start + rest.find(|letter| !is_token(letter)).unwrap_or(rest.len());
            let token = text.get(start..end)?;
            let told = token.len() >= 12 && token.contains(|letter: char| letter.is_ascii_digit());
            told.then_some(start..end)
        })
    })
}

/// References in a text are only signs.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) if fields.contains_key("hidden_") => Value::from(HIDDEN),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

fn is_certificate(key: &str) -> bool {
    let key = bare(key);
    key.contains("cert") || key.contains("pfx") || key.contains("p12")
}

fn long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > 64)
}

fn user_and_password(rest: &str, end: usize) -> Option<(String, String, String)> {
    let authority = rest.get(..end)?;
    let (user, host) = authority.rsplit_once('@')?;
    let (user, password) = user.split_once(':')?;
    Some((user.to_owned(), password.to_owned(), format!("{host}{}", rest.get(end..)?)))
}

/// Percent-encoding taken off.
fn decoded(text: &str) -> String {
    let pair = format!("x={text}");
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}
