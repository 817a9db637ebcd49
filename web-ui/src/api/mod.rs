//! Calls to the server.

mod events;
mod refusal;

pub(crate) use events::watch;
pub(crate) use refusal::Refusal;

use crate::texts::Texts;
use bus_core::api::{CSRF_HEADER, ROOT, Session};
use gloo_net::http::{Method, Request, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use yew::AttrValue;

/// What an answer was, or why there is none.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// Calls the server for whoever is signed in, in their language. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Api {
    csrf: AttrValue,
    texts: Texts,
}

impl Api {
    /// Calls with the token of this session.
    pub(crate) fn new(session: Option<&Session>, texts: Texts) -> Self {
        let csrf = session.map(|session| session.csrf.clone()).unwrap_or_default();
        Self { csrf: csrf.into(), texts }
    }

    /// Reads what stands at `path` (below the API's root).
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        let answer = self.request(Method::GET, path).send().await;
        self.read(self.accepted(answer).await?).await
    }

    /// Sends `body` and reads the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Answer<T> {
        self.read(self.sent(self.request(method, path), body).await?).await
    }

    /// Sends `body`; what is answered does not matter.
    pub(crate) async fn tell(&self, method: Method, path: &str, body: &impl Serialize) -> Answer<()> {
        self.sent(self.request(method, path), body).await.map(|_| ())
    }

    /// Sends `body` to replace what stands at `path`, if nobody else did since `revision`.
    pub(crate) async fn replace<T: DeserializeOwned>(
        &self,
        path: &str,
        revision: u64,
        body: &impl Serialize,
    ) -> Answer<T> {
        let request = self.request(Method::PUT, path).header("If-Match", &format!("\"{revision}\""));
        self.read(self.sent(request, body).await?).await
    }

    /// Sends a file as it is and reads the answer. What it is stands in its name: browsers say of its type what the
    /// machine they run on has heard of it.
    pub(crate) async fn upload<T: DeserializeOwned>(&self, path: &str, file: &web_sys::File) -> Answer<T> {
        let path = format!("{path}?name={}", part(&file.name()));
        let request = self.request(Method::POST, &path).header("Content-Type", "application/octet-stream");
        let request = request.body(file.clone()).map_err(|_| Refusal::odd(self.texts))?;
        self.read(self.accepted(request.send().await).await?).await
    }

    /// Sends a text as it is and reads the answer.
    pub(crate) async fn submit<T: DeserializeOwned>(&self, path: &str, text: String) -> Answer<T> {
        let request = self.request(Method::POST, path).header("Content-Type", "text/plain; charset=utf-8");
        let request = request.body(text).map_err(|_| Refusal::odd(self.texts))?;
        self.read(self.accepted(request.send().await).await?).await
    }

    /// Calls without a body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Answer<()> {
        let answer = self.request(method, path).send().await;
        self.accepted(answer).await.map(|_| ())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = RequestBuilder::new(&format!("{ROOT}{path}"))
            .method(method)
            .header("Accept-Language", self.texts.tag())
            .header("Accept", "application/json");
        if self.csrf.is_empty() { request } else { request.header(CSRF_HEADER, &self.csrf) }
    }

    async fn sent(&self, request: RequestBuilder, body: &impl Serialize) -> Answer<Response> {
        let request: Request = request.json(body).map_err(|_| Refusal::odd(self.texts))?;
        self.accepted(request.send().await).await
    }

    async fn accepted(&self, answer: Result<Response, gloo_net::Error>) -> Answer<Response> {
        let answer = answer.map_err(|_| Refusal::offline(self.texts))?;
        if answer.ok() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        Err(Refusal::of(status, &text, self.texts))
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response) -> Answer<T> {
        let text = answer.text().await.map_err(|_| Refusal::offline(self.texts))?;
        serde_json::from_str(&text).map_err(|_| Refusal::odd(self.texts))
    }
}

/// A part of a path, so that no character of it is taken for the path's own.
pub(crate) fn part(text: &str) -> String {
    bus_core::text::percent(text)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_of_paths_are_escaped() {
        assert_eq!(part("a/b?c é"), "a%2Fb%3Fc%20%C3%A9");
        assert_eq!(part("01J-a_b.c~d"), "01J-a_b.c~d");
    }
}
