use axum::http::{HeaderMap, header};
use bus_core::Language;

/// The language that `Accept-Language` likes best of those the bus speaks (RFC 9110 §12.5.4).
pub(crate) fn accepted(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Language, f64)> = None;
    for range in header.split(',') {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let Some(language) = Language::of_tag(tag.trim()) else { continue };
        if weight > best.map_or(0.0, |(_, known)| known) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::accepted;
    use axum::http::{HeaderMap, HeaderValue, header};
    use bus_core::Language::{self, En, Fr};

    #[test]
    fn the_heaviest_known_language_wins() {
        let cases: [(&str, Option<Language>); 7] = [
            ("fr", Some(Fr)),
            ("fr-CA, en;q=0.8", Some(Fr)),
            ("en;q=0.3, fr;q=0.9", Some(Fr)),
            ("de, en;q=0.5", Some(En)),
            ("de", None),
            ("fr;q=0", None),
            ("*;q=x, ,;", None),
        ];
        for (header, expected) in cases {
            let value = HeaderValue::from_static(header);
            let headers: HeaderMap = [(header::ACCEPT_LANGUAGE, value)].into_iter().collect();
            assert_eq!(accepted(&headers), expected, "{header}");
        }
    }
}
