use crate::accept::{self, Encoding};
use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, io::Write as _};

/// Bytes that are served again and again: compressed once, with their `ETag`.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    media_type: HeaderValue,
    caching: HeaderValue,
    /// What of the request decides about the answer.
    vary: HeaderValue,
    /// What the `ETag` of every form begins with.
    tag: String,
    plain: Form,
    gzip: Option<Form>,
    brotli: Option<Form>,
}

/// The bytes in one compression.
#[derive(Debug, Clone)]
struct Form {
    bytes: Bytes,
    etag: HeaderValue,
}

/// Small bytes do not gain by compression.
const WORTH_PACKING: usize = 512;

/// How hard brotli tries, of 11: beyond this a large answer keeps its caller waiting.
const BROTLI_QUALITY: i32 = 5;

impl Packed {
    /// Compresses the bytes both ways; their hash is the tag.
    pub(crate) fn new(media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let (mut gzip, mut brotli) = (None, None);
        if bytes.len() >= WORTH_PACKING {
            gzip = gzipped(&bytes).filter(|it| it.len() < bytes.len());
            brotli = brotlied(&bytes).filter(|it| it.len() < bytes.len());
        }
        Self::of_parts(media_type, bytes, gzip.map(Bytes::from), brotli.map(Bytes::from))
    }

    /// Bytes that were compressed before.
    pub(crate) fn of_parts(
        media_type: &'static str,
        plain: Bytes,
        gzip: Option<Bytes>,
        brotli: Option<Bytes>,
    ) -> Self {
        let tag = hash(&plain);
        let form = |bytes, mark: &str| Form { bytes, etag: quoted(&tag, mark) };
        Self {
            media_type: HeaderValue::from_static(media_type),
            caching: HeaderValue::from_static("no-cache"),
            vary: HeaderValue::from_static("accept-encoding"),
            plain: form(plain, ""),
            gzip: gzip.map(|bytes| form(bytes, "-gz")),
            brotli: brotli.map(|bytes| form(bytes, "-br")),
            tag,
        }
    }

    /// The same with another `Cache-Control`; without it, caches ask again each time.
    pub(crate) fn cached(mut self, rule: &'static str) -> Self {
        self.caching = HeaderValue::from_static(rule);
        self
    }

    /// The same, as one of several that these headers of the request decide between.
    pub(crate) fn varying(mut self, headers: &'static str) -> Self {
        self.vary = HeaderValue::from_static(headers);
        self
    }

    /// Bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        let forms = [Some(&self.plain), self.gzip.as_ref(), self.brotli.as_ref()];
        forms.into_iter().flatten().map(|form| form.bytes.len()).sum()
    }

    /// The answer to a call with these headers: the best form it takes, or 304 if it has it already.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let (form, encoding) = match accept::encoding(headers) {
            Encoding::Brotli if let Some(form) = &self.brotli => (form, Some("br")),
            Encoding::Brotli | Encoding::Gzip if let Some(form) = &self.gzip => (form, Some("gzip")),
            _ => (&self.plain, None),
        };
        let known = self.is_known(headers);
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(form.bytes.clone()))
        };
        let out = response.headers_mut();
        out.insert(ETAG, form.etag.clone());
        out.insert(VARY, self.vary.clone());
        out.insert(CACHE_CONTROL, self.caching.clone());
        if !known {
            out.insert(CONTENT_TYPE, self.media_type.clone());
            if let Some(encoding) = encoding {
                out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        response
    }

    /// Whether the caller says it has these bytes, in whatever compression.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| {
            let inner = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            let inner = inner.strip_suffix("-gz").or(inner.strip_suffix("-br")).unwrap_or(inner);
            tag == "*" || inner == self.tag
        })
    }
}

/// The first half of the SHA-256, in hexadecimal: enough to tell contents apart.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(32);
    for byte in Sha256::digest(bytes).iter().take(16) {
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

fn quoted(tag: &str, mark: &str) -> HeaderValue {
    HeaderValue::try_from(format!("\"{tag}{mark}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn gzipped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).ok()?;
    writer.finish().ok()
}

fn brotlied(bytes: &[u8]) -> Option<Vec<u8>> {
    let options = brotli::enc::BrotliEncoderParams { quality: BROTLI_QUALITY, ..Default::default() };
    let (mut input, mut out) = (bytes, Vec::new());
    brotli::BrotliCompress(&mut input, &mut out, &options).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, header::ACCEPT_ENCODING};

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn each_compression_has_its_tag_and_any_of_them_is_known() {
        let packed = Packed::new("text/plain", vec![b'a'; 5_000]);
        let answer = packed.answer(&headers(&[(ACCEPT_ENCODING, "br, gzip")]));
        assert_eq!(answer.headers()[CONTENT_ENCODING], "br");
        let tag = answer.headers()[ETAG].to_str().expect("text").to_owned();
        assert!(tag.ends_with("-br\""), "{tag}");
        for seen in [&tag, &format!("\"x\", W/{tag}"), &"*".to_owned()] {
            let again = packed.answer(&headers(&[(IF_NONE_MATCH, seen)]));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{seen}");
            assert!(again.headers().get(CONTENT_ENCODING).is_none());
        }
        let other = packed.answer(&headers(&[(IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(other.status(), StatusCode::OK);
        assert!(packed.size() < 5_200);
    }

    #[test]
    fn small_bytes_stay_as_they_are() {
        let answer = Packed::new("text/plain", "short").answer(&headers(&[(ACCEPT_ENCODING, "br, gzip")]));
        assert!(answer.headers().get(CONTENT_ENCODING).is_none());
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/plain");
    }
}
