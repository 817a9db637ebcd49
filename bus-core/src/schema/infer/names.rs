//! What the name of a field says.

use crate::{text, units::Unit};

/// The words of a name, in small letters without accents: `Puissance_maxKW (kW)` is `puissance`, `max`, `kw`, `kw`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut spread = String::with_capacity(name.len() + 4);
    let mut last_small = false;
    for char in name.chars() {
        if char.is_uppercase() && last_small {
            spread.push(' ');
        }
        last_small = char.is_lowercase() || char.is_ascii_digit();
        spread.push(char);
    }
    text::slug(&spread).split('-').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

/// Whether one of the words is one of these.
pub(super) fn has(words: &[String], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(&word.as_str()))
}

/// The unit in a name: in brackets (`puissance (kW)`, `temp [°C]`), or at its end (`energie_kWh`).
pub(super) fn unit(name: &str) -> Option<Unit> {
    let in_brackets = [('(', ')'), ('[', ']')].iter().find_map(|(open, close)| {
        let (_, after) = name.rsplit_once(*open)?;
        let (inside, _) = after.split_once(*close)?;
        let inside = inside
            .trim()
            .strip_prefix("en ")
            .or_else(|| inside.trim().strip_prefix("in "))
            .unwrap_or(inside.trim());
        inside.parse::<Unit>().ok()
    });
    if in_brackets.is_some() {
        return in_brackets;
    }
    // statistics software writes dots for brackets: `Conso.totale..MWh.`
    let (before, last) = name.trim_end_matches('.').rsplit_once([' ', '_', '-', '.'])?;
    // one letter at the end is a name more often than a unit: `type_a`, `plan_b`
    if before.is_empty() || last.chars().count() < 2 {
        return None;
    }
    let unit = last.parse::<Unit>().ok()?;
    let symbol = unit.known()?.symbol();
    (symbol.eq_ignore_ascii_case(last) && !PLAIN_WORDS.contains(&last.to_ascii_lowercase().as_str()))
        .then_some(unit)
}

/// Symbols of units that are mostly words at the end of a name.
const PLAIN_WORDS: [&str; 8] = ["min", "in", "lat", "lon", "count", "mi", "bit", "gal"];

/// A term of a public vocabulary for a field, by its form or its name.
pub(super) fn term(format: Option<&str>, kind: &str, words: &[String]) -> Option<&'static str> {
    let by_format = match format {
        Some("latitude") => Some("geo:lat"),
        Some("longitude") => Some("geo:long"),
        Some("postal-code") => Some("schema:postalCode"),
        Some("email") => Some("schema:email"),
        Some("phone") => Some("schema:telephone"),
        Some("url") => Some("schema:url"),
        Some("siret" | "siren") => Some("schema:taxID"),
        Some("insee-commune" | "uuid" | "prm" | "pce") => Some("schema:identifier"),
        _ => None,
    };
    if by_format.is_some() {
        return by_format;
    }
    let text = kind == "text";
    let when = matches!(kind, "date" | "time");
    match words.first()?.as_str() {
        _ if when && has(words, &["maj", "modified", "updated", "modification"]) => {
            Some("schema:dateModified")
        }
        _ if when && has(words, &["creation", "created"]) => Some("schema:dateCreated"),
        _ if when && has(words, &["debut", "start"]) => Some("schema:startDate"),
        _ if when && has(words, &["fin", "end"]) => Some("schema:endDate"),
        // `nom_operateur` is the name of something else
        "nom" | "name" | "libelle" | "label" | "titre" | "title" if text && words.len() == 1 => {
            Some("schema:name")
        }
        "description" | "observations" | "commentaire" if text => Some("schema:description"),
        "adresse" | "address" | "rue" | "voie" if text => Some("schema:streetAddress"),
        "ville" | "commune" | "city" | "localite" if text => Some("schema:addressLocality"),
        "region" if text => Some("schema:addressRegion"),
        "pays" | "country" if text => Some("schema:addressCountry"),
        "id" | "identifiant" | "code" if text && words.len() == 1 => Some("schema:identifier"),
        "horaires" | "horaire" if text => Some("schema:openingHours"),
        _ => None,
    }
}
