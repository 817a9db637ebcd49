use super::{
    Answer, Names, Request,
    auth::Tokens,
    guard::{self, GuardedNames, Refused, SystemNames},
};
use bus_core::{error::StepError, msg};
use reqwest::{
    Certificate, Client, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    redirect::Policy,
};
use std::{
    error::Error,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::timeout;
use url::Url;

/// What the guarded client may do.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Whether addresses of this machine and of private networks may be called.
    pub allow_private: bool,
    /// Host names and addresses that may be called although they are private; `*` for all.
    pub allowed_hosts: Vec<String>,
    /// How often a call may be sent elsewhere.
    pub redirects: usize,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long one answer may take in all, however busily it drips.
    pub answer_time: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            allow_private: false,
            allowed_hosts: Vec::new(),
            redirects: 10,
            connect_timeout: Duration::from_secs(10),
            answer_time: Duration::from_secs(3_600),
        }
    }
}

impl HttpOptions {
    /// Whether a host may be called wherever it is.
    pub(super) fn allows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        let allows = |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(host);
        self.allow_private || self.allowed_hosts.iter().any(allows)
    }
}

/// The guarded HTTP client. Cheap to clone; connections and tokens are shared.
#[derive(Clone)]
pub struct Http(Arc<Parts>);

struct Parts {
    options: Arc<HttpOptions>,
    names: Arc<dyn Names>,
    client: OnceLock<Client>,
    tokens: Tokens,
}

impl Default for Http {
    fn default() -> Self {
        Self::new(HttpOptions::default())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Http {
    /// A client with these options.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        Self::with_names(options, Arc::new(SystemNames))
    }

    /// A client that finds the addresses of names in its own way.
    #[must_use]
    pub fn with_names(options: HttpOptions, names: Arc<dyn Names>) -> Self {
        Self(Arc::new(Parts {
            options: Arc::new(options),
            names,
            client: OnceLock::new(),
            tokens: Tokens::default(),
        }))
    }

    /// What it may do.
    #[must_use]
    pub fn options(&self) -> &HttpOptions {
        &self.0.options
    }

    pub(super) fn names(&self) -> &Arc<dyn Names> {
        &self.0.names
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// The client behind; made at the first call, since it reads the certificates of the system.
    fn client(&self) -> Result<&Client, StepError> {
        if let Some(client) = self.0.client.get() {
            return Ok(client);
        }
        let names = GuardedNames { names: Arc::clone(&self.0.names), options: Arc::clone(&self.0.options) };
        let names = Arc::new(names);
        let builder = || {
            Client::builder()
                .no_proxy()
                .referer(false)
                .redirect(Policy::none())
                .dns_resolver(Arc::clone(&names))
                .connect_timeout(self.0.options.connect_timeout)
                .user_agent(concat!("semantic-bus/", env!("CARGO_PKG_VERSION")))
        };
        // a system without certificates of its own (a bare container) gets those that browsers trust
        let client = builder().build().or_else(|_| builder().tls_certs_only(usual_certificates()).build());
        let client = client.map_err(|error| StepError::ours(msg!("{problem}", problem = chain(&error))))?;
        Ok(self.0.client.get_or_init(|| client))
    }

    /// Makes one call and follows redirects; whatever the status, the answer is given back.
    ///
    /// # Errors
    /// When nobody answers in time, or an address on the way is refused.
    pub async fn send(&self, request: &Request) -> Result<Answer, StepError> {
        let mut request = request.clone();
        for _ in 0..=self.0.options.redirects {
            let place = shown(&request.url);
            let answer = self.send_once(&request).await.map_err(|error| error.at(place))?;
            let Some(target) = redirect(&answer) else {
                return Ok(Answer::new(answer, &request, self.0.options.answer_time));
            };
            request = follow(request, answer.status(), target);
        }
        Err(StepError::remote(msg!(
            "sent elsewhere more than {count} times",
            count = self.0.options.redirects
        ))
        .at(shown(&request.url)))
    }

    async fn send_once(&self, request: &Request) -> Result<reqwest::Response, StepError> {
        guard::check(&request.url, &self.0.options).map_err(|Refused(reason)| StepError::settings(reason))?;
        let mut call = self.client()?.request(request.method.clone(), request.url.clone());
        call = call.headers(request.headers.clone());
        if let Some(body) = &request.body {
            call = call.body(body.clone());
        }
        match timeout(request.timeout, call.send()).await {
            Ok(answer) => answer.map_err(|error| explain(&error)),
            Err(_) => Err(StepError::passing(msg!(
                "no answer within {seconds} seconds",
                seconds = request.timeout.as_secs()
            ))),
        }
    }
}

/// The certificates that Mozilla's browsers trust.
fn usual_certificates() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok())
}

/// An address as it may be shown: without its query, which may hold a key.
#[must_use]
pub fn shown(url: &Url) -> bus_core::Message {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    msg!("{name}", name = url.to_string())
}

/// Where an answer sends the caller.
fn redirect(answer: &reqwest::Response) -> Option<Url> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    answer.url().join(answer.headers().get(LOCATION)?.to_str().ok()?).ok()
}

/// The same request at its new address.
fn follow(mut request: Request, status: StatusCode, target: Url) -> Request {
    let changes = status == StatusCode::SEE_OTHER
        || (request.method == reqwest::Method::POST && matches!(status.as_u16(), 301 | 302));
    if changes && request.method != reqwest::Method::HEAD {
        request.method = reqwest::Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove(CONTENT_LENGTH);
    }
    request.go_to(target);
    request
}

/// What a failed call means for whoever made it.
pub(super) fn explain(error: &reqwest::Error) -> StepError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(Refused(reason)) = inner.downcast_ref() {
            return StepError::settings(reason.clone());
        }
        cause = inner.source();
    }
    let text = chain(error);
    if error.is_builder() {
        return StepError::settings(msg!("this cannot be sent: {problem}", problem = text));
    }
    if text.contains("certificate") {
        return StepError::remote(msg!("the server's certificate is not trusted: {problem}", problem = text));
    }
    if error.is_connect() {
        return StepError::passing(msg!("cannot connect: {problem}", problem = text));
    }
    StepError::passing(msg!("the connection broke: {problem}", problem = text))
}

/// The innermost causes, without the address (its query may hold a key).
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    if causes.is_empty() { "unknown".to_owned() } else { causes.join(": ") }
}
