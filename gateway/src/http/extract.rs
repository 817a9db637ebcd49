//! Parts of a request, with refusals that say what is wrong where.

use crate::{Kind, Problem};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bus_core::msg;
use http_body_util::{BodyExt, LengthLimitError};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error, time::Duration};

/// A JSON body: read within its limit and time, with the place of what is wrong. Also an answer.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// How long a whole body may take; put into each request by the permission check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyTime(pub(crate) Duration);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::of(Kind::MediaType, msg!("send `Content-Type: application/json`")));
        }
        parse(&whole(request).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            Err(error) => Problem::ours(&error).into_response(),
        }
    }
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The whole body, within the limit and time of its route.
///
/// # Errors
/// If it is larger, slower, or broken off.
pub async fn whole(request: Request) -> Result<Bytes, Problem> {
    let time = request.extensions().get::<BodyTime>().map_or(Duration::from_secs(120), |time| time.0);
    let read = tokio::time::timeout(time, request.into_body().collect()).await;
    match read {
        Err(_) => Err(Problem::new(Kind::Slow)),
        Ok(Err(error)) => Err(broken(&error)),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// Why a body could not be read to its end.
pub fn broken(error: &(dyn Error + 'static)) -> Problem {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Problem::new(Kind::TooLarge);
        }
        if error.is::<tower_http::timeout::TimeoutError>() {
            return Problem::new(Kind::Slow);
        }
        cause = error.source();
    }
    Problem::of(Kind::Malformed, msg!("the body breaks off"))
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        wrong(path, error.inner())
    });
    let value = read?;
    deserializer.end().map_err(|error| wrong(String::new(), &error))?;
    Ok(value)
}

fn wrong(path: String, error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    let said = msg!("line {line}, column {column}: {reason}", line = line, column = column, reason = reason);
    match error.classify() {
        serde_json::error::Category::Data => Problem::invalid(path, said),
        _ => Problem::of(Kind::Malformed, said),
    }
}

/// The query, as a struct; unknown names are left out.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|error| {
            Problem::of(
                Kind::Malformed,
                msg!("the query cannot be read: {reason}", reason = error.body_text()),
            )
        })
    }
}

/// The parameters of the path, in the order in which they stand there.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|error| match error.status() {
            StatusCode::INTERNAL_SERVER_ERROR => Problem::ours(&error),
            _ => Problem::new(Kind::Missing),
        })
    }
}

/// The parameter `name` of the path of a request that was routed.
pub(crate) async fn path_parameter(parts: &mut Parts, name: &str) -> Option<String> {
    let all = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The request with its body cut at `limit` bytes, and given up after a pause.
pub(crate) fn limited(request: Request, limit: u64, pause: Duration) -> Result<Request, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(Problem::new(Kind::TooLarge));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(request.map(|body| {
        Body::new(http_body_util::Limited::new(tower_http::timeout::TimeoutBody::new(pause, body), limit))
    }))
}
