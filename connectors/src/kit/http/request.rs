use super::client::shown;
use bus_core::{error::StepError, msg};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{fmt, time::Duration};
use url::Url;

/// What to do at an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// # GET
    #[default]
    Get,
    /// # POST
    Post,
    /// # PUT
    Put,
    /// # PATCH
    Patch,
    /// # DELETE
    Delete,
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// A name with its value: a header, a member of the query.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// # Name
    ///
    /// Its name.
    pub name: String,
    /// # Value
    ///
    /// Its value.
    pub value: String,
}

/// A call to make.
#[derive(Clone)]
pub struct Request {
    /// What to do.
    pub method: reqwest::Method,
    /// Where.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How long to wait for the answer, and then for each piece of it.
    pub timeout: Duration,
    /// How many bytes the answer may have, as they come.
    pub most_bytes: u64,
    pub(super) secret_headers: Vec<HeaderName>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &shown(&self.url).to_string())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A call; gzip is accepted (and opened by [`crate::kit::read`]).
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        Self {
            method: method.into(),
            url,
            headers,
            body: None,
            timeout: Duration::from_secs(30),
            most_bytes: u64::MAX,
            secret_headers: Vec::new(),
        }
    }

    /// Sets a header.
    ///
    /// # Errors
    /// When name or value cannot stand in a header.
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), StepError> {
        let wrong = || {
            StepError::settings(msg!(
                "the header `{name}` cannot be sent: it holds signs that headers may not",
                name = name
            ))
        };
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let value: HeaderValue = value.parse().map_err(|_| wrong())?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Sets a header that only the host of the address may see.
    ///
    /// # Errors
    /// When name or value cannot stand in a header.
    pub fn secret_header(&mut self, name: &str, value: &str) -> Result<(), StepError> {
        self.header(name, value)?;
        if let Ok(name) = name.parse::<HeaderName>() {
            if let Some(value) = self.headers.get_mut(&name) {
                value.set_sensitive(true);
            }
            self.secret_headers.push(name);
        }
        Ok(())
    }

    /// Goes elsewhere; what is secret goes along only to the same host.
    pub fn go_to(&mut self, target: Url) {
        if target.origin() != self.url.origin() {
            for name in self.secret_headers.iter().chain([&AUTHORIZATION, &COOKIE]) {
                self.headers.remove(name);
            }
        }
        self.url = target;
    }

    /// Adds to the query; a value of the same name that is there is replaced, all else stays as it is written.
    pub fn query(&mut self, name: &str, value: &str) {
        let mut pair = url::form_urlencoded::Serializer::new(String::new());
        let pair = pair.append_pair(name, value).finish();
        let is_name = |part: &str| {
            url::form_urlencoded::parse(part.as_bytes()).next().is_some_and(|(known, _)| known == name)
        };
        let query = self.url.query().unwrap_or_default();
        let mut parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
        let place = parts.iter().position(|part| is_name(part));
        parts.retain(|part| !is_name(part));
        parts.insert(place.unwrap_or(parts.len()).min(parts.len()), &pair);
        let query = parts.join("&");
        self.url.set_query(Some(&query));
    }
}
