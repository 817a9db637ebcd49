//! Addresses of places.

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
    schema::{Checked, Kind, Rule},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU32, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<ReverseGeocode>("reverse-geocode");

/// # Reverse geocode
///
/// Finds the French address nearest to a place, with the national address base (BAN) of the Géoplateforme.
///
/// Each place is asked for once in a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "map-pinned", "x-group" = "geo", "x-outside" = true))]
struct ReverseGeocode {
    /// # Longitude
    ///
    /// The field with the longitude, in decimal degrees.
    #[serde(default = "ban::longitude")]
    longitude: FieldPath,
    /// # Latitude
    ///
    /// The field with the latitude, in decimal degrees.
    #[serde(default = "ban::latitude")]
    latitude: FieldPath,
    /// # Position
    ///
    /// A field with both, such as `[2.35, 48.85]`; then the two above do not count.
    #[serde(default)]
    position: Option<FieldPath>,
    /// # Into
    ///
    /// Where the address goes: its label, parts, codes and distance in metres.
    #[serde(default = "address")]
    into: FieldPath,
    /// # Farthest
    ///
    /// How many metres away an address may be. If empty, as far as the service looks.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    max_distance: Option<f64>,
    /// # One call a place
    ///
    /// Whether each place has its own call; if not, up to 1 000 go together.
    #[serde(default)]
    single: bool,
    /// # Calls a second
    ///
    /// How many calls are made at most. The public service takes 50 a second from one address.
    #[serde(default = "ban::calls_a_second")]
    rate: NonZeroU32,
    /// # No match
    ///
    /// What becomes of records near which there is no address.
    #[serde(default)]
    no_match: NoMatch,
    /// # Address of the service
    ///
    /// Where the geocoder stands. If empty, the public service, `https://data.geopf.fr/geocodage`.
    #[serde(default)]
    service: Option<Address>,
}

fn address() -> FieldPath {
    FieldPath::of_key("address")
}

impl Transform for ReverseGeocode {
    fn parts(&self) -> Parts {
        // the service is asked at one pace
        Parts::Whole
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let options = Options {
            base: ban::base(self.service.clone())?,
            bulk: !self.single,
            rate: self.rate,
            candidates: 1,
            kind: None,
        };
        let mut service = Service::new(options, context);
        let mut editor = Editor::new(vec![self.into.clone()]);
        let mut gather = Gather::default();
        while let Some(batch) = gather.next(&mut inputs).await {
            let questions: Vec<_> = batch.records().map(|record| self.question(record)).collect();
            let answers = service.ask(&questions).await?;
            let mut rows = questions.iter().zip(&answers);
            let change = |_: usize, _: Value<'_>, values: &mut BatchBuilder| match rows.next() {
                Some((question, places)) => self.change(question.as_ref(), places, values),
                None => Ok(()),
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

impl ReverseGeocode {
    fn question(&self, record: Value<'_>) -> Option<Question> {
        let rule = Rule { kind: Kind::Position, ..Rule::default() };
        let [longitude, latitude] = match &self.position {
            Some(field) => match rule.check(field.get(record)) {
                Ok(Checked::Position(numbers)) => numbers,
                _ => return None,
            },
            None => {
                let number = |field: &FieldPath| bus_core::numbers::read(&ban::plain(field.get(record)));
                [number(&self.longitude)?, number(&self.latitude)?]
            }
        };
        let within = |text: &str, limit: f64| text.parse::<f64>().is_ok_and(|number| number.abs() <= limit);
        (within(&longitude, 180.0) && within(&latitude, 90.0))
            .then_some(Question::Reverse { longitude, latitude })
    }

    fn change(
        &self,
        question: Option<&Question>,
        places: &Arc<[Place]>,
        values: &mut BatchBuilder,
    ) -> Result<(), Reject> {
        let near = |place: &&Place| match (self.max_distance, place.distance) {
            (Some(limit), Some(distance)) => distance <= limit,
            _ => true,
        };
        match places.first().filter(near) {
            Some(place) => place.write(&[], values),
            None if self.no_match == NoMatch::Null => values.null(),
            None => return Err(self.unmatched(question)),
        }
        Ok(())
    }

    fn unmatched(&self, question: Option<&Question>) -> Reject {
        let field = self.position.as_ref().unwrap_or(&self.longitude).to_string();
        match question {
            Some(Question::Reverse { longitude, latitude }) => Reject::field(
                field,
                msg!(
                    "there is no address near {longitude}, {latitude}",
                    longitude = longitude,
                    latitude = latitude
                ),
            ),
            _ => Reject::field(field, msg!("there is no position in decimal degrees")),
        }
    }
}
