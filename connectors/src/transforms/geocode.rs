//! Places of addresses.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        ban::{self, Gather, NoMatch, Options, Place, Question, Service},
        edit::Editor,
        http::Address,
    },
};
use bus_core::{
    catalogue::Parts,
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU32, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Geocode>("geocode");

/// # Geocode
///
/// Finds where French addresses are, with the national address base (BAN) of the Géoplateforme.
///
/// Each address is asked for once in a run. Paris, Lyon and Marseille give the INSEE code of the arrondissement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "map-pin", "x-group" = "geo", "x-outside" = true))]
struct Geocode {
    /// # Address
    ///
    /// The fields that make up the address, in the order it is written: street, postal code, town.
    address: Vec<FieldPath>,
    /// # Postal code
    ///
    /// A field with the postal code, to look only there.
    #[serde(default)]
    postcode: Option<FieldPath>,
    /// # INSEE code
    ///
    /// A field with the INSEE code of the commune, to look only there.
    #[serde(default)]
    citycode: Option<FieldPath>,
    /// # Longitude
    ///
    /// Where the longitude goes, in decimal degrees.
    #[serde(default = "ban::longitude")]
    longitude: FieldPath,
    /// # Latitude
    ///
    /// Where the latitude goes, in decimal degrees.
    #[serde(default = "ban::latitude")]
    latitude: FieldPath,
    /// # Details
    ///
    /// Where the address that was found goes, with its score and codes. If empty, it goes nowhere.
    #[serde(default)]
    details: Option<FieldPath>,
    /// # Least score
    ///
    /// How well an address must fit at least, from 0 to 1. Below 0.5 it is mostly another one.
    #[serde(default = "half")]
    #[schemars(range(min = 0.0, max = 1.0))]
    min_score: f64,
    /// # Only
    ///
    /// What may be found.
    #[serde(default)]
    only: Only,
    /// # Candidates
    ///
    /// How many other addresses that fit are listed in the details. More than none needs a call for each address.
    #[serde(default)]
    #[schemars(range(max = 20))]
    candidates: u8,
    /// # One call an address
    ///
    /// Whether each address has its own call; if not, up to 1 000 go together.
    #[serde(default)]
    single: bool,
    /// # Calls a second
    ///
    /// How many calls are made at most. The public service takes 50 a second from one address.
    #[serde(default = "ban::calls_a_second")]
    rate: NonZeroU32,
    /// # No match
    ///
    /// What becomes of records whose address is not found.
    #[serde(default)]
    no_match: NoMatch,
    /// # Address of the service
    ///
    /// Where the geocoder stands. If empty, the public service, `https://data.geopf.fr/geocodage`.
    #[serde(default)]
    service: Option<Address>,
}

/// What may be found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Only {
    /// # Anything
    #[default]
    Anything,
    /// # House numbers
    Housenumber,
    /// # Streets
    Street,
    /// # Localities
    Locality,
    /// # Towns
    Municipality,
}

const fn half() -> f64 {
    0.5
}

impl Transform for Geocode {
    fn parts(&self) -> Parts {
        // the service is asked at one pace
        Parts::Whole
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let options = Options {
            base: ban::base(self.service.clone())?,
            bulk: !self.single && self.candidates == 0,
            rate: self.rate,
            candidates: self.candidates.saturating_add(1),
            kind: self.only.kind(),
        };
        let mut service = Service::new(options, context);
        let mut targets = vec![self.longitude.clone(), self.latitude.clone()];
        targets.extend(self.details.clone());
        let mut editor = Editor::new(targets);
        let mut gather = Gather::default();
        while let Some(batch) = gather.next(&mut inputs).await {
            let questions: Vec<_> = batch.records().map(|record| self.question(record)).collect();
            let answers = service.ask(&questions).await?;
            let mut rows = questions.iter().zip(&answers);
            let mut row = None;
            let change = |target: usize, _: Value<'_>, values: &mut BatchBuilder| {
                if target == 0 {
                    row = rows.next();
                }
                let (question, places) = row.unwrap_or((&None, &NONE));
                self.change(target, question.as_ref(), places, values)
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

static NONE: std::sync::LazyLock<Arc<[Place]>> = std::sync::LazyLock::new(Arc::default);

impl Geocode {
    fn question(&self, record: Value<'_>) -> Option<Question> {
        let parts =
            self.address.iter().map(|field| ban::plain(field.get(record))).filter(|part| !part.is_empty());
        let text = parts.collect::<Vec<_>>().join(" ");
        let code = |field: &Option<FieldPath>| {
            field.as_ref().map(|field| ban::plain(field.get(record))).unwrap_or_default()
        };
        (!text.is_empty()).then(|| Question::Search {
            text,
            postcode: code(&self.postcode),
            citycode: code(&self.citycode),
        })
    }

    fn change(
        &self,
        target: usize,
        question: Option<&Question>,
        places: &[Place],
        values: &mut BatchBuilder,
    ) -> Result<(), Reject> {
        let good = places.first().filter(|place| place.score >= self.min_score);
        match (good, target) {
            (Some(place), 0) => ban::decimal(&place.longitude, values),
            (Some(place), 1) => ban::decimal(&place.latitude, values),
            (Some(place), _) => place.write(places.get(1..).unwrap_or_default(), values),
            (None, _) if self.no_match == NoMatch::Null => values.null(),
            (None, _) => return Err(self.unmatched(question, places)),
        }
        Ok(())
    }

    fn unmatched(&self, question: Option<&Question>, places: &[Place]) -> Reject {
        let field = self.address.first().map(ToString::to_string).unwrap_or_default();
        let Some(Question::Search { text, .. }) = question else {
            return Reject::field(field, msg!("there is no address"));
        };
        let problem = match places.first() {
            Some(place) => msg!(
                "the best match for `{address}` fits only to {score}: `{label}`",
                address = text,
                score = format!("{:.2}", place.score),
                label = place.label()
            ),
            None => msg!("no match for the address `{address}`", address = text),
        };
        Reject::field(field, problem)
    }
}

impl Only {
    const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Anything => None,
            Self::Housenumber => Some("housenumber"),
            Self::Street => Some("street"),
            Self::Locality => Some("locality"),
            Self::Municipality => Some("municipality"),
        }
    }
}
