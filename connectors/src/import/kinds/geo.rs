//! Addresses and places.

use crate::import::{
    script::Path,
    work::{Done, Scope, Work},
};
use bus_core::msg;
use serde_json::{Value, json};

pub(super) fn french(work: &mut Work<'_>) -> Done {
    geocode(work)
}

pub(super) fn google(work: &mut Work<'_>) -> Done {
    geocode(work)?;
    work.differs(msg!(
        "the French national address base is asked instead of Google: it knows addresses in France only"
    ));
    Ok(())
}

/// The field that a setting of one of these names leads to.
fn field(work: &mut Work<'_>, words: &[&str]) -> Result<Option<String>, bus_core::Message> {
    let found = work.component.settings.iter().find_map(|(name, value)| {
        let name = name.to_lowercase();
        let text = value.as_str().filter(|text| !text.trim().is_empty())?;
        words.iter().any(|word| name.starts_with(word)).then(|| text.to_owned())
    });
    let Some(path) = found else { return Ok(None) };
    let path = Path::read(&path);
    let path = match work.scope.clone() {
        Scope::Within(at) => at.join(&path),
        Scope::Records => work.field(&path)?,
    };
    Ok(Some(path.field()))
}

fn geocode(work: &mut Work<'_>) -> Done {
    let mut address = Vec::new();
    for words in [
        &["street", "adress", "address", "voie"][..],
        &["postcode", "postalcode", "zip", "codepostal"],
        &["town", "city", "ville", "commune"],
    ] {
        address.extend(field(work, words)?);
    }
    if address.is_empty() {
        return Err(msg!("it does not say which fields make up the address"));
    }
    let mut settings = json!({ "address": address, "no_match": "null" });
    for (words, name) in
        [(&["latitude", "lat"][..], "latitude"), (&["longitude", "lng", "lon"][..], "longitude")]
    {
        if let Some(path) = field(work, words)? {
            settings[name] = path.into();
        }
    }
    if field(work, &["country"])?.is_some() {
        work.differs(msg!("the country is not asked for"));
    }
    if matches!(work.scope, Scope::Within(_)) {
        work.differs(msg!("its focus must be one object in each record, and no list"));
    }
    work.step("", "geocode", settings);
    Ok(())
}

pub(super) fn reverse(work: &mut Work<'_>) -> Done {
    let mut settings = json!({ "no_match": "null" });
    for (words, name) in
        [(&["latitude", "lat"][..], "latitude"), (&["longitude", "lng", "lon"][..], "longitude")]
    {
        if let Some(path) = field(work, words)? {
            settings[name] = path.into();
        }
    }
    if let Scope::Within(path) = &work.scope {
        let into: Value = path.then("address").field().into();
        settings["into"] = into;
        work.differs(msg!("its focus must be one object in each record, and no list"));
    }
    work.differs(msg!("what is found stands in one field, `address`, with its parts and codes"));
    work.step("", "reverse-geocode", settings);
    Ok(())
}
