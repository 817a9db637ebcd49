//! The editor's files, taken into the library when it was built; a page that says how to build it otherwise.
//!
//! A file of `assets` carries the hash of its content in its name and may be kept for ever; any other path is a page
//! of the editor, which looks at the path itself.

use crate::packed::Packed;
use axum::{http::HeaderMap, response::Response};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::LazyLock};

static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/editor.rs"));

const INDEX: &str = "index.html";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What stands for the editor where it was not built.
const PLACEHOLDER: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Semantic Bus</title>\n\
    <main>\n<h1>Semantic Bus</h1>\n<p>The server runs. Its editor was not built with it: start the bus with \
    <code>cargo xtask serve</code>.</p>\n<p><a href=\"/manual\">The manual</a></p>\n</main>\n</html>\n";

static PACKED: LazyLock<BTreeMap<&str, Packed>> = LazyLock::new(|| packed(FILES));

fn packed(files: &'static [(&'static str, &'static [u8])]) -> BTreeMap<&'static str, Packed> {
    let find = |path: &str| {
        let place = files.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
        files.get(place).map(|(_, bytes)| Bytes::from_static(bytes))
    };
    let whole = files.iter().filter(|(path, _)| !path.ends_with(".br") && !path.ends_with(".gz"));
    let mut all: BTreeMap<_, _> = whole
        .map(|(path, bytes)| {
            let (gzip, brotli) = (find(&format!("{path}.gz")), find(&format!("{path}.br")));
            let packed = Packed::of_parts(media_type(path), Bytes::from_static(bytes), gzip, brotli);
            (*path, if path.starts_with("assets/") { packed.cached(FOR_EVER) } else { packed })
        })
        .collect();
    all.entry(INDEX).or_insert_with(|| Packed::new(media_type(INDEX), PLACEHOLDER));
    all
}

/// A file of the editor, or the editor itself; `None` for a hashed file of another build.
pub(crate) fn page(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.trim_start_matches('/');
    let page = || if path.starts_with("assets/") { None } else { PACKED.get(INDEX) };
    PACKED.get(path).or_else(page).map(|file| file.answer(headers))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};

    static BUILT: &[(&str, &[u8])] = &[
        ("assets/app.0123.wasm", b"wasm"),
        ("assets/app.0123.wasm.br", b"br"),
        ("assets/app.0123.wasm.gz", b"gz"),
        ("index.html", b"<html>"),
    ];

    #[test]
    fn hashed_files_are_kept_for_ever_and_sent_as_they_were_packed() {
        let all = packed(BUILT);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), ["assets/app.0123.wasm", "index.html"]);
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, "gzip, br".parse().expect("a value"))]);
        let answer = all["assets/app.0123.wasm"].answer(&headers);
        assert_eq!(answer.headers()[CONTENT_ENCODING], "br");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/wasm");
        assert_eq!(answer.headers()[CACHE_CONTROL], FOR_EVER);
        assert_eq!(all[INDEX].answer(&headers).headers()[CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn without_the_editor_there_is_a_page_that_says_so() {
        let all = packed(&[]);
        assert!(all.contains_key(INDEX));
    }
}
