//! Calls over HTTP.

use crate::{
    formats::FormatChoice,
    import::{
        given::Given,
        script::Path,
        secrets::HIDDEN,
        template::reads_record,
        work::{Done, Work},
    },
};
use bus_core::msg;
use serde_json::{Map, Value, json};

/// Headers that the connector sends by itself.
const OWN_HEADERS: [&str; 3] = ["content-length", "host", "accept-encoding"];

/// A call of HTTP: a source where it fetches, a sink where it only sends.
pub(super) fn consumer(work: &mut Work<'_>) -> Done {
    let url = work.given.text(&["url", "urlString", "uri"]).ok_or_else(|| msg!("it has no address"))?;
    let sends = !work.given.flag(&["noBody"]) && method(work) != "get";
    let asks =
        reads_record(&url) || headers(work).iter().any(|(_, value)| value.as_str().is_some_and(reads_record));
    if work.around.inputs > 0 && !work.around.taken && (sends || asks) {
        return sender(work, &url);
    }
    if work.around.inputs > 0 && (sends || asks) {
        return Err(msg!(
            "there is no step yet that makes a call for each record and goes on with the answers"
        ));
    }
    if asks {
        return Err(msg!("its call holds fields of records, and none are sent to it"));
    }
    source(work, &url, sends)
}

fn method(work: &Work<'_>) -> String {
    let usual = if work.component.called == "postConsumer" { "post" } else { "get" };
    work.given.text(&["method"]).map_or_else(|| usual.to_owned(), |method| method.trim().to_lowercase())
}

/// The headers, with a text or the reference of a secret as value.
fn headers(work: &Work<'_>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for header in work.given.objects(&["headers"]) {
        let name = Given::new(&header).text(&["key", "name"]).unwrap_or_default().trim().to_owned();
        let value = header.get("value").cloned().unwrap_or_default();
        let value =
            if value.is_number() || value.is_boolean() { Value::from(value.to_string()) } else { value };
        if !name.is_empty() && !OWN_HEADERS.contains(&name.to_lowercase().as_str()) {
            found.push((name, value));
        }
    }
    found
}

fn source(work: &mut Work<'_>, url: &str, sends: bool) -> Done {
    let mut settings = Map::new();
    let method = method(work);
    if !matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
        return Err(msg!("the method `{method}` is not called here", method = method));
    }
    let url = clean_address(url);
    settings.insert("url".into(), work.setting(&url)?.into());
    if method != "get" {
        settings.insert("method".into(), method.into());
    }
    call_settings(work, &mut settings)?;
    if sends {
        work.differs(msg!("it sends no body, as no records came to it"));
    }
    if work.around.inputs > 0 {
        work.differs(msg!("it does not wait for what was linked to it: that link is left out"));
    }
    if work.given.flag(&["includeRequestInOutput"]) {
        work.differs(msg!("the records do not tell the call they come from"));
    }
    if let Some(media_type) = work.given.text(&["overidedContentType", "overridedContentType"])
        && let Some(format) = FormatChoice::of_media_type(&media_type)
    {
        settings.insert("format".into(), format.format().id().into());
    }
    if work.given.value(&["certificate", "certificat", "clientCertificate", "pfx"]).is_some() {
        work.differs(msg!("it shows no certificate of its own"));
    }
    work.source("http", Value::Object(settings));
    work.base_after = Path::read("body");
    Ok(())
}

/// Headers, authentication, patience and attempts.
fn call_settings(work: &mut Work<'_>, settings: &mut Map<String, Value>) -> Done {
    let (mut pairs, mut auth) = (Vec::new(), None);
    for (name, value) in headers(work) {
        match &value {
            Value::Object(reference) => offer(work, &mut auth, header_auth(&name, reference)),
            Value::String(text) if !text.trim().is_empty() => {
                let value = work.setting(text)?;
                pairs.push(json!({ "name": name, "value": value }));
            }
            _ => {}
        }
    }
    for hidden in std::mem::take(&mut work.hidden) {
        let secret = json!({ "secret": hidden.secret });
        let shown = if hidden.member.is_empty() {
            json!({ "basic": { "user": hidden.user, "password": secret } })
        } else {
            json!({ "api-key": { "name": hidden.member, "key": secret, "place": "query" } })
        };
        offer(work, &mut auth, shown);
    }
    if !pairs.is_empty() {
        settings.insert("headers".into(), pairs.into());
    }
    if let Some(auth) = auth {
        settings.insert("auth".into(), auth);
    }
    if let Some(seconds) = work.given.whole(&["timeout"]).filter(|seconds| *seconds > 0) {
        settings.insert("timeout".into(), seconds.min(3_600).into());
    }
    if let Some(times) = work.given.whole(&["retry"]) {
        settings.insert("retries".into(), times.min(20).into());
    }
    Ok(())
}

/// One way to show who is calling; a second one has no place.
fn offer(work: &mut Work<'_>, auth: &mut Option<Value>, found: Value) {
    if auth.is_none() {
        *auth = Some(found);
    } else if auth.as_ref() != Some(&found) {
        work.differs(msg!(
            "it showed who is calling in several ways: only the first is taken, the others are in the vault"
        ));
    }
}

fn header_auth(name: &str, reference: &Map<String, Value>) -> Value {
    let secret = json!({ "secret": reference.get("secret").cloned().unwrap_or_default() });
    match reference.get("scheme").and_then(Value::as_str) {
        Some("bearer") if name.eq_ignore_ascii_case("authorization") => {
            json!({ "bearer": { "token": secret } })
        }
        Some("basic") if name.eq_ignore_ascii_case("authorization") => {
            json!({ "basic": { "user": reference.get("user").cloned().unwrap_or_default(), "password": secret } })
        }
        _ => json!({ "api-key": { "name": name, "key": secret } }),
    }
}

/// An address without what was taken out of it.
fn clean_address(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return format!("https://{}", url.trim()) };
    let rest = match rest.split_once(&format!(":{HIDDEN}@")) {
        Some((_, host)) => host,
        None => rest,
    };
    let Some((path, query)) = rest.split_once('?') else { return format!("{scheme}://{rest}") };
    let kept: Vec<&str> = query.split('&').filter(|member| !member.contains(HIDDEN)).collect();
    if kept.is_empty() {
        format!("{scheme}://{path}")
    } else {
        format!("{scheme}://{path}?{}", kept.join("&"))
    }
}

/// A call that sends what comes to it.
fn sender(work: &mut Work<'_>, url: &str) -> Done {
    let mut settings = Map::new();
    let method = method(work);
    let url = clean_address(url);
    settings.insert("url".into(), work.template(&url)?.into());
    match method.as_str() {
        "post" => {}
        "get" | "put" | "patch" | "delete" => drop(settings.insert("method".into(), method.clone().into())),
        _ => return Err(msg!("the method `{method}` is not called here", method = method)),
    }
    call_settings(work, &mut settings)?;
    let each = work.focused && !work.is_whole();
    if !each && !reads_record(&url) {
        settings.insert("records".into(), 1_000_000.into());
        work.differs(msg!("the records are sent as one list, also where there is one only"));
    }
    if let Some(path) = work.given.text(&["bodyPath"]) {
        let path = work.field(&Path::read(&path))?;
        if !path.is_empty() {
            let field =
                crate::import::script::Writer::new(crate::import::script::Root::Record(Path::default()));
            settings.insert("body".into(), format!("{{to_json({})}}", field.item_text(&path)).into());
            settings.insert("records".into(), 1.into());
        }
    }
    if work.given.text(&["contentType"]).is_some_and(|kind| kind.contains("xml")) {
        settings.insert("format".into(), "xml".into());
    }
    work.sink("http-out", Value::Object(settings));
    Ok(())
}

/// The CSV of an EtherCalc sheet.
pub(super) fn ethercalc(work: &mut Work<'_>) -> Done {
    let key = work
        .given
        .text(&["url", "key", "id", "framacalc"])
        .ok_or_else(|| msg!("it does not say which sheet"))?;
    let key = key.trim().trim_end_matches('/').to_owned();
    let url = match (key.contains("://"), key.ends_with(".csv")) {
        (true, true) => key,
        (true, false) => format!("{key}.csv"),
        (false, _) => format!("https://framacalc.org/{key}.csv"),
    };
    let url = work.setting(&url)?;
    work.source("http", json!({ "url": url, "format": "csv" }));
    work.base_after = Path::default();
    Ok(())
}

/// A Google sheet that everybody may read, as CSV.
pub(super) fn google_sheet(work: &mut Work<'_>) -> Done {
    let key = work
        .given
        .text(&["key", "sheetId", "spreadsheetId", "id"])
        .ok_or_else(|| msg!("it does not say which sheet"))?;
    let key = work.setting(key.trim())?;
    let url = if key.contains("://") {
        key
    } else {
        format!("https://docs.google.com/spreadsheets/d/{key}/export?format=csv")
    };
    work.source("http", json!({ "url": url, "format": "csv" }));
    work.base_after = Path::default();
    work.differs(msg!("the sheet must be one that everybody may read, and its first page is read"));
    Ok(())
}

pub(super) fn sparql(work: &mut Work<'_>) -> Done {
    let url =
        work.given.text(&["url", "endpoint", "sparqlEndpoint"]).ok_or_else(|| msg!("it has no address"))?;
    let query = work.given.text(&["request", "query", "sparqlRequest", "specification"]);
    let query = query.ok_or_else(|| msg!("it has no question"))?;
    if reads_record(&url) || reads_record(&query) {
        return Err(msg!(
            "there is no step yet that makes a call for each record and goes on with the answers"
        ));
    }
    let (url, query) = (work.setting(&clean_address(&url))?, work.setting(&query)?);
    let mut settings = Map::new();
    settings.insert("url".into(), url.into());
    settings.insert("query".into(), json!([{ "name": "query", "value": query }]));
    settings.insert("format".into(), json!({ "json": { "items": "results.bindings" } }));
    call_settings(work, &mut settings)?;
    let accept = json!({ "name": "Accept", "value": "application/sparql-results+json" });
    match settings.get_mut("headers").and_then(Value::as_array_mut) {
        Some(headers) => headers.push(accept),
        None => drop(settings.insert("headers".into(), json!([accept]))),
    }
    work.source("http", Value::Object(settings));
    work.base_after = Path::default();
    work.differs(msg!("each record is a line of the answer, with type and value of each variable"));
    Ok(())
}
