//! What a caller would like to get: the headers `Accept` and `Accept-Encoding` (RFC 9110 §12).

use axum::http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING, HeaderName},
};

/// A thing asked for, and how much, in thousandths; 0 means not at all.
pub(crate) type Wish<'a> = (&'a str, u16);

/// What a header asks for, most wanted first; what is equally wanted stays in its order.
pub(crate) fn wishes(headers: &HeaderMap, name: HeaderName) -> Vec<Wish<'_>> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    let mut found: Vec<Wish<'_>> = lines.flat_map(|line| line.split(',')).filter_map(wish).collect();
    found.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    found
}

fn wish(item: &str) -> Option<Wish<'_>> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some((name, weight.map_or(1_000, thousandths)))
}

/// `0.8` as 800; what is no weight counts as none.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    let part: u16 = format!("{part:0<3}").parse().unwrap_or(0);
    match whole {
        "1" => 1_000,
        "0" => part,
        _ => 0,
    }
}

/// How bytes may be compressed on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
    /// With brotli.
    Brotli,
}

/// The best compression the caller takes.
pub(crate) fn encoding(headers: &HeaderMap) -> Encoding {
    let wishes = wishes(headers, ACCEPT_ENCODING);
    let weight = |name: &str| {
        let exact = wishes.iter().find(|(wish, _)| wish.eq_ignore_ascii_case(name));
        exact.or_else(|| wishes.iter().find(|(wish, _)| *wish == "*")).map_or(0, |(_, weight)| *weight)
    };
    match (weight("br"), weight("gzip")) {
        (0, 0) => Encoding::Plain,
        (brotli, gzip) if brotli >= gzip => Encoding::Brotli,
        _ => Encoding::Gzip,
    }
}

/// The place in `offers` (media types, best first) that the caller wants most; `None` if it takes none of them.
/// A caller who says nothing takes the first.
pub(crate) fn media_type(headers: &HeaderMap, offers: &[&str]) -> Option<usize> {
    let wishes = wishes(headers, ACCEPT);
    if wishes.is_empty() {
        return (!offers.is_empty()).then_some(0);
    }
    let weighed = offers.iter().enumerate().map(|(place, offer)| (place, weight_of(offer, &wishes)));
    let best = weighed.filter(|(_, weight)| *weight > 0);
    best.max_by_key(|(place, weight)| (*weight, std::cmp::Reverse(*place))).map(|(place, _)| place)
}

/// The weight of an offer: what names it most exactly counts.
fn weight_of(offer: &str, wishes: &[Wish<'_>]) -> u16 {
    let kind = offer.split('/').next().unwrap_or_default();
    let exact = |wish: &str| wish.eq_ignore_ascii_case(offer);
    let family = |wish: &str| wish.strip_suffix("/*").is_some_and(|it| it.eq_ignore_ascii_case(kind));
    let first = |fits: &dyn Fn(&str) -> bool| wishes.iter().find(|(wish, _)| fits(wish)).map(|(_, it)| *it);
    first(&exact).or_else(|| first(&family)).or_else(|| first(&|wish| wish == "*/*")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header"))])
    }

    #[test]
    fn the_most_wanted_media_type() {
        let offers = ["application/json", "text/csv", "text/turtle"];
        let best = |accept: &str| media_type(&asking(ACCEPT, accept), &offers);
        assert_eq!(best("text/csv"), Some(1));
        assert_eq!(best("text/csv;q=0.5, text/turtle;q=0.9"), Some(2));
        assert_eq!(best("text/*, application/json;q=0.2"), Some(1));
        assert_eq!(best("text/html, */*;q=0.1"), Some(0));
        assert_eq!(best("*/*, application/json;q=0"), Some(1));
        assert_eq!(best("image/png"), None);
        assert_eq!(media_type(&HeaderMap::new(), &offers), Some(0));
    }

    #[test]
    fn the_best_compression() {
        let best = |accept: &str| encoding(&asking(ACCEPT_ENCODING, accept));
        assert_eq!(best("gzip, deflate, br"), Encoding::Brotli);
        assert_eq!(best("gzip;q=1.0, br;q=0.5"), Encoding::Gzip);
        assert_eq!(best("br;q=0, *"), Encoding::Gzip);
        assert_eq!(best("deflate"), Encoding::Plain);
        assert_eq!(best("gzip;q=x"), Encoding::Plain);
        assert_eq!(encoding(&HeaderMap::new()), Encoding::Plain);
    }
}
