//! Finds out who calls: by an API key, or by the cookie of a session.

use super::caller::Means;
use crate::{
    App, Kind, Problem,
    accounts::{Keys, Opened, People, Sessions},
};
use axum::http::{HeaderMap, Method, header};
use bus_core::{
    api::{Account, CSRF_HEADER},
    msg,
};
use subtle::ConstantTimeEq;

/// The cookie's name; browsers take the first form only by TLS, for the whole site, from itself.
const SECURE_COOKIE: &str = "__Host-session";
const PLAIN_COOKIE: &str = "session";

/// The name of the session's cookie.
pub(crate) const fn cookie_name(tls: bool) -> &'static str {
    if tls { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// Who calls, and how that is known.
pub(super) async fn identify(
    app: &App,
    headers: &HeaderMap,
    tls: bool,
) -> Result<(Option<Account>, Means), Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let key = value.to_str().ok().and_then(bearer).ok_or_else(not_valid)?;
        return by_key(app, key).await;
    }
    match cookie(headers, cookie_name(tls)) {
        Some(token) => by_session(app, token).await,
        None => Ok((None, Means::None)),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn not_valid() -> Problem {
    Problem::of(Kind::SignIn, msg!("the key is not valid, or not any more"))
}

async fn by_key(app: &App, key: &str) -> Result<(Option<Account>, Means), Problem> {
    let key = Keys(app).find(key).await?.ok_or_else(not_valid)?;
    let owner = People(app).get(&key.value.owner).await?.ok_or_else(not_valid)?;
    let means = Means::Key {
        id: key.id,
        name: key.value.name,
        scope: key.value.scope,
        workflows: key.value.workflows,
    };
    Ok((Some(owner.value.shown(&owner.id)), means))
}

async fn by_session(app: &App, token: &str) -> Result<(Option<Account>, Means), Problem> {
    let nobody = (None, Means::None);
    let Some(session) = Sessions(app).find(token).await? else { return Ok(nobody) };
    let Some(account) = People(app).get(&session.value.account).await? else { return Ok(nobody) };
    let means = Means::Session { id: session.id, csrf: Opened::csrf(token) };
    Ok((Some(account.value.shown(&account.id)), means))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Whether a method changes something, as far as browsers know.
pub(super) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a call that another site has a browser make.
///
/// Browsers say where a call comes from (`Origin`, `Sec-Fetch-Site`); programs say nothing and are believed,
/// since they have no cookie that somebody else could use.
pub(super) fn check_origin(headers: &HeaderMap, tls: bool) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(origin) = text("origin") {
        let host = text("host").unwrap_or_default();
        let scheme = if tls { "https" } else { "http" };
        // behind a proxy that does not say so, the page may well have come by TLS
        let same = origin == format!("{scheme}://{host}") || origin == format!("https://{host}");
        return if same && !host.is_empty() { Ok(()) } else { Err(Problem::new(Kind::Foreign)) };
    }
    match text("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Problem::new(Kind::Foreign)),
    }
}

/// Whether the call carries the token that only pages of the session know.
pub(super) fn has_csrf(headers: &HeaderMap, csrf: &str) -> bool {
    let sent = headers.get(CSRF_HEADER).map_or(&b""[..], |value| value.as_bytes());
    sent.ct_eq(csrf.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{bearer, check_origin, cookie};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_call_from_another_site_is_refused() {
        let host = ("host", "bus.example.org:8080");
        let same = [host, ("origin", "http://bus.example.org:8080")];
        assert!(check_origin(&headers(&same), false).is_ok());
        assert!(check_origin(&headers(&[host]), false).is_ok());
        assert!(check_origin(&headers(&[host, ("sec-fetch-site", "same-origin")]), false).is_ok());
        for origin in ["http://evil.example", "http://bus.example.org", "null", "http://bus.example.org:8081"]
        {
            assert!(check_origin(&headers(&[host, ("origin", origin)]), false).is_err(), "{origin}");
        }
        assert!(check_origin(&headers(&[host, ("origin", "http://bus.example.org:8080")]), true).is_err());
        assert!(check_origin(&headers(&[host, ("sec-fetch-site", "cross-site")]), false).is_err());
        assert!(check_origin(&headers(&[host, ("sec-fetch-site", "same-site")]), false).is_err());
    }

    #[test]
    fn cookies_and_keys_are_found_among_others() {
        let found = headers(&[("cookie", "a=1; session=xyz;b=2")]);
        assert_eq!(cookie(&found, "session"), Some("xyz"));
        assert_eq!(cookie(&found, "__Host-session"), None);
        assert_eq!(bearer("Bearer  sbus_1"), Some("sbus_1"));
        assert_eq!(bearer("Basic abc"), None);
    }
}
