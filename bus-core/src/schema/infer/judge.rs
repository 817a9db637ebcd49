//! From counts to a guess.

use super::{
    Counted, Counts, Evidence, InferredField, InferredUnit,
    candidates::{Candidate, Guess},
    column::{Column, Tally},
    names,
};
use crate::{schema::KnownFormat, units::Unit};

/// A guess stands if at least this share of the values fits.
const ENOUGH: f64 = 0.9;
/// Guesses that fit so many are worth a word even if another stands.
const NEAR: f64 = 0.5;

/// The guess for one field; `chances` is how often it could have been there.
pub(super) fn judge(column: &Column, chances: u64) -> InferredField {
    let words = names::words(&column.name);
    let counts = Counts {
        values: column.values(),
        absent: chances.saturating_sub(column.seen()),
        null: column.nulls,
        empty: column.empty,
        masked: column.masked,
    };
    let mut field = InferredField {
        path: column.path.clone(),
        required: counts.absent + counts.null + counts.empty == 0 && counts.values + counts.masked > 0,
        nullable: counts.null + counts.empty > 0,
        unique: !column.repeated && counts.values > 1 && column.objects() + column.lists == 0,
        masked: column.marks.sorted(),
        examples: column.examples.clone(),
        counts,
        ..InferredField::default()
    };
    kind(column, &words, &mut field);
    if field.unit.is_none() && matches!(field.r#type, "integer" | "number") && field.format.is_none() {
        field.unit = names::unit(&column.name).map(|unit| found_unit(&unit, "name"));
    }
    field.term = names::term(field.format, field.r#type, &words);
    field.confidence = (field.confidence * 100.0).round() / 100.0;
    field
}

fn kind(column: &Column, words: &[String], field: &mut InferredField) {
    let counts: [(&'static str, u64); 7] = [
        ("boolean", column.booleans),
        ("number", column.integers + column.decimals),
        ("text", column.texts),
        ("time", column.times),
        ("bytes", column.bytes),
        ("list", column.lists),
        ("object", column.objects()),
    ];
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let (name, most) = counts.iter().copied().max_by_key(|(_, count)| *count).unwrap_or(("text", 0));
    if total == 0 {
        field.r#type = "empty";
        return;
    }
    // a table decoder may read some values of a column of codes as numbers
    let mixed =
        most < total && !(column.texts > 0 && column.texts + column.integers + column.decimals == total);
    if mixed {
        field.r#type = "mixed";
        field.confidence = sure(most, total);
        field.evidence = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| Evidence {
                guess: (*name).to_owned(),
                matched: *count,
                of: total,
                counter_examples: Vec::new(),
            })
            .collect();
        return;
    }
    field.confidence = sure(total, total);
    match name {
        "number" if column.texts == 0 => number(column, words, field),
        "number" | "text" => text(column, words, field),
        "time" => {
            field.r#type = if column.dates == column.times { "date" } else { "time" };
            if let Some((first, last)) = column.time_range {
                (field.minimum, field.maximum) = (Some(first.to_string()), Some(last.to_string()));
            }
        }
        other => field.r#type = other,
    }
}

/// How sure a guess is that so many of so many values fit: never quite.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
fn sure(matched: u64, of: u64) -> f64 {
    matched as f64 / (of + 1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
fn share(candidate: &Candidate) -> f64 {
    if candidate.tried == 0 { 0.0 } else { candidate.matched as f64 / candidate.tried as f64 }
}

fn evidence(guess: &str, candidate: &Candidate) -> Evidence {
    Evidence {
        guess: guess.to_owned(),
        matched: candidate.matched,
        of: candidate.tried,
        counter_examples: candidate.counter_examples.clone(),
    }
}

fn found_unit(unit: &Unit, from: &'static str) -> InferredUnit {
    InferredUnit {
        symbol: unit.known().map_or_else(|| unit.as_str().to_owned(), |known| known.symbol().to_owned()),
        qudt: unit.known().and_then(crate::units::Known::qudt_iri),
        from,
    }
}

/// A field of numbers.
fn number(column: &Column, words: &[String], field: &mut InferredField) {
    field.r#type = if column.decimals == 0 { "integer" } else { "number" };
    if let Some(((least, least_text), (most, most_text))) = &column.numbers {
        field.minimum = Some(least_text.clone());
        field.maximum = Some(most_text.clone());
        field.format = numeric_format(words, *least, *most, column.decimals == 0);
    }
    // codes that lost their leading zeros, or never had any
    for format in [KnownFormat::Siret, KnownFormat::Siren, KnownFormat::Prm] {
        let Some(candidate) = column.candidates.get(Guess::Known(format)) else { continue };
        if column.decimals == 0 && share(candidate) >= ENOUGH && named_so(format, words) != Some(false) {
            field.format = Some(format.id());
            field.confidence = sure(candidate.matched, candidate.tried);
            field.evidence.push(evidence(format.id(), candidate));
            return;
        }
    }
}

/// What numbers mean by their name and range.
fn numeric_format(words: &[String], least: f64, most: f64, whole: bool) -> Option<&'static str> {
    let within = |from: f64, to: f64| least >= from && most <= to;
    let lambert = names::has(words, &["lambert", "lambert93", "l93", "rgf93", "2154"]);
    let (x, y) = (names::has(words, &["x", "coordx"]), names::has(words, &["y", "coordy"]));
    if names::has(words, &["lat", "latitude"]) || (y && names::has(words, &["wgs84", "wgs"])) {
        return within(-90.0, 90.0).then_some("latitude");
    }
    if names::has(words, &["lon", "lng", "long", "longitude"]) || (x && names::has(words, &["wgs84", "wgs"]))
    {
        return within(-180.0, 180.0).then_some("longitude");
    }
    if (x || lambert) && within(99_000.0, 1_243_000.0) && least != most && !y {
        return Some("lambert93-x");
    }
    if (y || lambert) && within(6_046_000.0, 7_111_000.0) && least != most {
        return Some("lambert93-y");
    }
    if whole && names::has(words, &["annee", "year", "an", "millesime"]) && within(1_800.0, 2_200.0) {
        return Some("year");
    }
    let clock = names::has(words, &["time", "timestamp", "ts", "date", "at", "horodatage", "epoch", "unix"]);
    if clock && within(100_000_000.0, 4_000_000_000.0) {
        return Some("unix-seconds");
    }
    (clock && within(100_000_000_000.0, 4_000_000_000_000.0)).then_some("unix-milliseconds")
}

/// A field of text, or of codes some of which were read as numbers.
fn text(column: &Column, words: &[String], field: &mut InferredField) {
    field.r#type = "text";
    if let Some((least, most)) = column.lengths {
        (field.min_length, field.max_length) = (Some(least), Some(most));
    }
    let found = known_format(column, words, field)
        || clock(column, field)
        || boolean(column, field)
        || date(column, words, field)
        || numeric(column, words, field);
    if found {
        let marks = &column.candidates.marks;
        if marks.len() > 0 {
            // they stand in for values of another type: withheld, not values
            field.counts.masked += marks.total();
            field.counts.values = field.counts.values.saturating_sub(marks.total());
            field.masked.extend(marks.sorted());
        }
    } else {
        enumeration(&column.different, field);
    }
    near_guesses(column, field);
}

/// Whether the name says that this is (or that it is another than) the format.
fn named_so(format: KnownFormat, words: &[String]) -> Option<bool> {
    let mine: &[&str] = match format {
        KnownFormat::InseeCommune => &["insee", "codgeo", "commune", "depcom", "citycode", "com"],
        KnownFormat::PostalCode => &["postal", "cp", "zip", "postcode", "postalcode"],
        KnownFormat::Department => &["departement", "dep", "dept", "department"],
        KnownFormat::Siret => &["siret"],
        KnownFormat::Siren => &["siren"],
        KnownFormat::Prm => &["prm", "pdl", "rae"],
        KnownFormat::Pce => &["pce"],
        _ => return None,
    };
    if names::has(words, mine) {
        return Some(true);
    }
    let others = [
        "insee",
        "codgeo",
        "postal",
        "cp",
        "zip",
        "postcode",
        "departement",
        "siret",
        "siren",
        "prm",
        "pdl",
        "pce",
        "telephone",
        "tel",
        "phone",
    ];
    names::has(words, &others).then_some(false)
}

fn known_format(column: &Column, words: &[String], field: &mut InferredField) -> bool {
    for format in KnownFormat::ALL {
        let Some(candidate) = column.candidates.get(Guess::Known(format)) else { continue };
        if share(candidate) < ENOUGH || candidate.matched == 0 {
            continue;
        }
        let named = named_so(format, words);
        let codes = column.candidates.leading_zeros > 0
            || column.candidates.get(Guess::Integer).is_none_or(|all| all.matched < all.tried);
        let likely = match format {
            // other codes have as many digits: only a name, or a zero in front, tells them from numbers
            KnownFormat::InseeCommune | KnownFormat::PostalCode => {
                named == Some(true) || (named.is_none() && codes && fits_endings(column, format))
            }
            KnownFormat::Department => named == Some(true),
            KnownFormat::Prm => named != Some(false),
            KnownFormat::Pce => {
                named == Some(true) || column.examples.iter().any(|text| text.starts_with("GI"))
            }
            KnownFormat::Siren | KnownFormat::Siret => {
                named == Some(true) || (named.is_none() && candidate.tried >= 3)
            }
            _ => true,
        };
        if !likely {
            continue;
        }
        field.format = Some(format.id());
        field.confidence =
            sure(candidate.matched, candidate.tried) * if named == Some(true) { 1.0 } else { 0.9 };
        field.evidence.push(evidence(format.id(), candidate));
        return true;
    }
    false
}

/// Most postal codes end in 0, few INSEE codes do.
fn fits_endings(column: &Column, format: KnownFormat) -> bool {
    let round = column.examples.iter().filter(|text| text.ends_with('0')).count();
    let postal = 2 * round > column.examples.len();
    postal == (format == KnownFormat::PostalCode)
}

/// Times of day stay text: they are no points in time.
fn clock(column: &Column, field: &mut InferredField) -> bool {
    let Some(candidate) = column.candidates.get(Guess::Clock) else { return false };
    if share(candidate) < ENOUGH || candidate.matched == 0 {
        return false;
    }
    field.format = Some("time-of-day");
    field.confidence = sure(candidate.matched, candidate.tried);
    field.evidence.push(evidence("time-of-day", candidate));
    true
}

fn boolean(column: &Column, field: &mut InferredField) -> bool {
    let Some(candidate) = column.candidates.get(Guess::Boolean) else { return false };
    if share(candidate) < ENOUGH || candidate.matched == 0 || column.different.overflown {
        return false;
    }
    let words = column.different.sorted();
    let is_word = |counted: &Counted| super::candidates::boolean_word(&counted.value).is_some();
    let short = words.iter().filter(|counted| is_word(counted) && counted.value.len() == 1).count();
    // one letter or digit says yes or no only beside its opposite
    if short == 1 || (short > 0 && words.len() > 2 + column.candidates.marks.len()) {
        return false;
    }
    field.r#type = "boolean";
    field.values = words;
    field.confidence = sure(candidate.matched, candidate.tried) * if short > 0 { 0.7 } else { 1.0 };
    field.evidence.push(evidence("boolean", candidate));
    true
}

fn date(column: &Column, words: &[String], field: &mut InferredField) -> bool {
    let found = &column.candidates;
    let Some(candidate) = found.get(Guess::Date) else { return false };
    if share(candidate) < ENOUGH || candidate.matched == 0 {
        return false;
    }
    let digits = found.digit_dates * 2 > candidate.matched;
    let named = names::has(
        words,
        &["date", "jour", "day", "time", "heure", "horodatage", "timestamp", "debut", "fin"],
    );
    if digits && !named {
        return false;
    }
    field.r#type = if found.clock_dates == 0 { "date" } else { "time" };
    field.day_or_month_first = found.clear_dates == 0;
    field.confidence =
        sure(candidate.matched, candidate.tried) * if field.day_or_month_first { 0.8 } else { 1.0 };
    if let Some((first, last)) = found.time_range {
        (field.minimum, field.maximum) = (Some(first.to_string()), Some(last.to_string()));
    }
    let patterns = found.date_patterns.sorted();
    field.pattern = patterns.first().map(|pattern| pattern.value.clone());
    field.evidence.push(evidence(field.r#type, candidate));
    for pattern in patterns.into_iter().take(5) {
        let (guess, matched) = (pattern.value, pattern.count);
        field.evidence.push(Evidence { guess, matched, of: candidate.tried, counter_examples: Vec::new() });
    }
    true
}

fn numeric(column: &Column, words: &[String], field: &mut InferredField) -> bool {
    let found = &column.candidates;
    for guess in [Guess::Integer, Guess::Number, Guess::Quantity] {
        let Some(candidate) = found.get(guess) else { continue };
        if share(candidate) < ENOUGH || candidate.matched == 0 || found.leading_zeros > 0 {
            continue;
        }
        field.r#type = if guess == Guess::Integer { "integer" } else { "number" };
        // a few fractions among whole numbers are numbers, not mistakes
        if guess == Guess::Integer
            && found.get(Guess::Number).is_some_and(|all| all.matched > candidate.matched)
        {
            continue;
        }
        field.decimal_comma = found.decimal_commas > 0 && found.decimal_commas * 2 > found.fractions;
        field.confidence = sure(candidate.matched, candidate.tried);
        if let Some(((least, least_text), (most, most_text))) = &found.number_range {
            (field.minimum, field.maximum) = (Some(least_text.clone()), Some(most_text.clone()));
            field.format = numeric_format(words, *least, *most, guess == Guess::Integer);
        }
        if guess == Guess::Quantity {
            let unit =
                found.units.sorted().into_iter().next().and_then(|unit| unit.value.parse::<Unit>().ok());
            field.unit = unit.map(|unit| found_unit(&unit, "values"));
        }
        let name = match guess {
            Guess::Quantity => "number with a unit",
            _ => field.r#type,
        };
        field.evidence.push(evidence(name, candidate));
        return true;
    }
    field.r#type = "text";
    false
}

/// A few values that come again and again.
fn enumeration(different: &Tally, field: &mut InferredField) {
    let total = different.total();
    let few =
        !different.overflown && different.len() <= 40 && total >= 10 && total >= 3 * different.len() as u64;
    if few {
        field.values = different.sorted();
    }
}

/// What else the values could have been, mostly: what to look at when data should be of another type.
fn near_guesses(column: &Column, field: &mut InferredField) {
    for candidate in column.candidates.iter() {
        let name = match candidate.guess {
            Guess::Boolean => "boolean",
            Guess::Integer => "integer",
            Guess::Number => "number",
            Guess::Quantity => "number with a unit",
            Guess::Date => "date",
            Guess::Clock => "time-of-day",
            Guess::Known(format) => format.id(),
        };
        let told = field.evidence.iter().any(|evidence| evidence.guess == name) || field.r#type == name;
        let is_number = matches!(field.r#type, "integer" | "number")
            && matches!(candidate.guess, Guess::Integer | Guess::Number);
        let same_as_whole = candidate.guess == Guess::Number
            && column.candidates.get(Guess::Integer).is_some_and(|whole| whole.matched == candidate.matched);
        let is_date = field.pattern.is_some() && candidate.guess == Guess::Date;
        if share(candidate) >= NEAR && !told && !is_number && !same_as_whole && !is_date {
            field.evidence.push(evidence(name, candidate));
        }
    }
}
