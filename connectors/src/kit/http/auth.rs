use super::{Address, Http, Method, Request, client::shown, retry::of_status};
use crate::{contract::Context, kit::Secret};
use base64::{Engine, prelude::BASE64_STANDARD};
use bus_core::{error::StepError, msg};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How to show who is calling.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// # User and password
    Basic(Basic),
    /// # Bearer token
    Bearer(Bearer),
    /// # API key
    ApiKey(ApiKey),
    /// # OAuth 2 client credentials
    Oauth2(ClientCredentials),
}

/// User and password (RFC 7617).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// # User
    ///
    /// The name of the user.
    user: String,
    /// # Password
    ///
    /// The secret that holds the password.
    password: Secret,
}

/// A token that is sent as it is (RFC 6750).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// # Token
    ///
    /// The secret that holds the token.
    token: Secret,
}

/// A key in a header or in the query.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// # Name
    ///
    /// The name of the header or of the member of the query.
    #[schemars(extend("examples" = ["X-API-Key", "apikey"]))]
    name: String,
    /// # Key
    ///
    /// The secret that holds the key.
    key: Secret,
    /// # Place
    ///
    /// Where the key is sent.
    #[serde(default)]
    place: ApiKeyPlace,
}

/// Where an API key is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApiKeyPlace {
    /// # Header
    #[default]
    Header,
    /// # Query
    Query,
}

/// A token that is fetched with an id and a secret, and fetched again when it expires (RFC 6749 §4.4).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// # Token address
    ///
    /// Where tokens are fetched.
    token_url: Address,
    /// # Client id
    ///
    /// The id of the client.
    client_id: String,
    /// # Client secret
    ///
    /// The secret that holds the client's secret.
    client_secret: Secret,
    /// # Scope
    ///
    /// What the token is for, if the server wants to know.
    #[serde(default)]
    scope: Option<String>,
    /// # Audience
    ///
    /// Whom the token is for, if the server wants to know.
    #[serde(default)]
    audience: Option<String>,
    /// # Credentials
    ///
    /// How id and secret are sent to the token address.
    #[serde(default)]
    credentials: CredentialsPlace,
}

/// How id and secret are sent to the token address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialsPlace {
    /// # Header
    #[default]
    Header,
    /// # Body
    Body,
}

/// Tokens that were fetched, by what they were fetched with.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Token>>);

struct Token {
    text: String,
    until: Instant,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Auth {
    /// Writes into the request who is calling; fetches a token if that needs one.
    ///
    /// # Errors
    /// When a secret is missing or no token can be had.
    pub async fn apply(
        &self,
        request: &mut Request,
        http: &Http,
        context: &Context,
    ) -> Result<(), StepError> {
        match self {
            Self::Basic(basic) => {
                let password = basic.password.reveal(context)?;
                let pair = BASE64_STANDARD.encode(format!("{}:{}", basic.user, password.text()));
                request.secret_header("authorization", &format!("Basic {pair}"))
            }
            Self::Bearer(bearer) => {
                let token = bearer.token.reveal(context)?;
                request.secret_header("authorization", &format!("Bearer {}", token.text()))
            }
            Self::ApiKey(key) => {
                let text = key.key.reveal(context)?;
                match key.place {
                    ApiKeyPlace::Header => request.secret_header(&key.name, text.text())?,
                    ApiKeyPlace::Query => request.query(&key.name, text.text()),
                }
                Ok(())
            }
            Self::Oauth2(client) => {
                let token = client.token(http, context).await?;
                request.secret_header("authorization", &format!("Bearer {token}"))
            }
        }
    }

    /// Forgets a fetched token that the server refused; `true` if there is hope in another one.
    pub async fn renew(&self, http: &Http) -> bool {
        match self {
            Self::Oauth2(client) => http.tokens().0.lock().await.remove(&client.key()).is_some(),
            Self::Basic(_) | Self::Bearer(_) | Self::ApiKey(_) => false,
        }
    }
}

impl ClientCredentials {
    fn key(&self) -> String {
        let scope = self.scope.as_deref().unwrap_or_default();
        let audience = self.audience.as_deref().unwrap_or_default();
        format!("{}\n{}\n{scope}\n{audience}", self.token_url, self.client_id)
    }

    /// A token that is still good for a while. Whoever comes while one is fetched waits for it.
    async fn token(&self, http: &Http, context: &Context) -> Result<String, StepError> {
        let mut tokens = http.tokens().0.lock().await;
        if let Some(token) = tokens.get(&self.key()).filter(|token| token.until > Instant::now()) {
            return Ok(token.text.clone());
        }
        let token = Box::pin(self.fetch(http, context)).await?;
        let text = token.text.clone();
        tokens.insert(self.key(), token);
        Ok(text)
    }

    async fn fetch(&self, http: &Http, context: &Context) -> Result<Token, StepError> {
        let request = self.token_request(context)?;
        let answer = http.fetch(&request, super::Retry::times(2), context).await?;
        let status = answer.status();
        if !status.is_success() {
            // not what it says: it may repeat what was sent
            return Err(of_status(status, "").at(shown(&request.url)));
        }
        let body = answer.bytes(MOST_OF_A_TOKEN, context).await?;
        read_token(&body).ok_or_else(|| {
            StepError::remote(msg!("the answer holds no `access_token`")).at(shown(&request.url))
        })
    }

    fn token_request(&self, context: &Context) -> Result<Request, StepError> {
        let secret = self.client_secret.reveal(context)?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        let mut request = Request::new(Method::Post, self.token_url.url().clone());
        request.header("content-type", "application/x-www-form-urlencoded")?;
        request.header("accept", "application/json")?;
        match self.credentials {
            CredentialsPlace::Header => {
                let encode =
                    |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(&self.client_id), encode(secret.text()));
                request.secret_header("authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)))?;
            }
            CredentialsPlace::Body => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.text());
            }
        }
        request.body = Some(form.finish().into_bytes());
        Ok(request)
    }
}

const MOST_OF_A_TOKEN: usize = 1 << 20;
/// A token is not used in its last seconds, so that it does not expire on the way.
const MARGIN: Duration = Duration::from_secs(10);
const USUAL_LIFE: u64 = 300;

fn read_token(body: &[u8]) -> Option<Token> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let life = body.get("expires_in").and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    let life = Duration::from_secs(life.unwrap_or(USUAL_LIFE).min(86_400)).saturating_sub(MARGIN);
    Some(Token { text: body.get("access_token")?.as_str()?.to_owned(), until: Instant::now() + life })
}
