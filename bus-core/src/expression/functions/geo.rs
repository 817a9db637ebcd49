//! Places on earth.

use super::{Args, Function, Group, function};
use crate::{
    expression::{error::Fail, eval::Evaluated, value::Val},
    msg,
};
use std::f64::consts::PI;

const GEOGRAPHY: Group = Group::Geography;

pub(super) const TABLE: &[Function] = &[
    function(
        GEOGRAPHY,
        ("distance_m(latitude, longitude, latitude2, longitude2)", 4, 4),
        (
            "The distance between two places in metres, along a great circle.",
            "round(distance_m(48.8566, 2.3522, 45.7640, 4.8357) / 1000.0)",
            "391",
        ),
        |args| {
            let (a, b) = (place(args, 0)?, place(args, 2)?);
            Ok(Val::Double(haversine(a, b)))
        },
    ),
    function(
        GEOGRAPHY,
        ("in_box(latitude, longitude, south, west, north, east)", 6, 6),
        (
            "Whether a place lies within a box; one that crosses the date line has its west east of its east.",
            "in_box(48.85, 2.35, 41.3, -5.2, 51.1, 9.6)",
            "true",
        ),
        |args| {
            let (latitude, longitude) = place(args, 0)?;
            let ((south, west), (north, east)) = (place(args, 2)?, place(args, 4)?);
            let between = if west <= east {
                (west..=east).contains(&longitude)
            } else {
                longitude >= west || longitude <= east
            };
            Ok(Val::Bool((south..=north).contains(&latitude) && between))
        },
    ),
    function(
        GEOGRAPHY,
        ("geohash(latitude, longitude, [length])", 2, 3),
        (
            "The geohash of a place: a short text whose start names the area around it.",
            "geohash(48.8566, 2.3522, 7)",
            r#""u09tvw0""#,
        ),
        |args| {
            let length = if args.len() > 2 { args.count(2)?.clamp(1, 12) } else { 9 };
            let at = place(args, 0)?;
            args.made(geohash(at, length))
        },
    ),
    function(
        GEOGRAPHY,
        ("lambert93(x, y)", 2, 2),
        (
            "The latitude and longitude (WGS 84) of coordinates in Lambert-93, the projection of French maps.",
            "lambert93(652469.02, 6862035.26).map(k, k)",
            r#"["latitude", "longitude"]"#,
        ),
        |args| {
            let (latitude, longitude) = of_lambert93(args.f64(0)?, args.f64(1)?);
            position(args, latitude, longitude)
        },
    ),
    function(
        GEOGRAPHY,
        ("to_lambert93(latitude, longitude)", 2, 2),
        (
            "The coordinates in Lambert-93, in metres, of a latitude and longitude (WGS 84).",
            "round(to_lambert93(46.5, 3.0).x)",
            "700000",
        ),
        |args| {
            let (x, y) = to_lambert93(place(args, 0)?);
            Ok(Val::map(vec![(Val::text("x"), Val::Double(x)), (Val::text("y"), Val::Double(y))]))
        },
    ),
];

/// A latitude and the longitude after it.
fn place(args: &Args<'_, '_>, at: usize) -> Result<(f64, f64), Fail> {
    let (latitude, longitude) = (args.f64(at)?, args.f64(at + 1)?);
    if !(-90.0..=90.0).contains(&latitude) {
        return Err(
            args.blame(at, msg!("{number} is no latitude: it lies between -90 and 90", number = latitude))
        );
    }
    if !(-180.0..=180.0).contains(&longitude) {
        let message = msg!("{number} is no longitude: it lies between -180 and 180", number = longitude);
        return Err(args.blame(at + 1, message));
    }
    Ok((latitude, longitude))
}

fn position<'a>(args: &Args<'_, 'a>, latitude: f64, longitude: f64) -> Evaluated<'a> {
    if !latitude.is_finite() || !longitude.is_finite() || longitude.abs() > 180.0 {
        return Err(args.blame(0, msg!("these are no coordinates in Lambert-93")));
    }
    // a tenth of a millimetre: what the formulas hold
    let rounded = |degrees: f64| Val::Double((degrees * 1e9).round() / 1e9);
    Ok(Val::map(vec![
        (Val::text("latitude"), rounded(latitude)),
        (Val::text("longitude"), rounded(longitude)),
    ]))
}

/// On a sphere of the earth's mean radius (IUGG).
fn haversine(a: (f64, f64), b: (f64, f64)) -> f64 {
    const RADIUS: f64 = 6_371_008.8;
    let (lat1, lat2) = (a.0.to_radians(), b.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (b.1 - a.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * RADIUS * h.sqrt().min(1.0).asin()
}

fn geohash((latitude, longitude): (f64, f64), length: usize) -> String {
    const DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let (mut lat, mut lon) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut even = true;
    let mut out = String::with_capacity(length);
    for _ in 0..length {
        let mut digit = 0_usize;
        for _ in 0..5 {
            let (range, value) = if even { (&mut lon, longitude) } else { (&mut lat, latitude) };
            let middle = (range.0 + range.1) / 2.0;
            digit = digit << 1 | usize::from(value >= middle);
            if value >= middle {
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            even = !even;
        }
        out.push(DIGITS.get(digit).map_or('0', |digit| char::from(*digit)));
    }
    out
}

/// Lambert-93 (EPSG:2154): constants of the projection as IGN publishes them (NTG_71), ellipsoid GRS 80.
mod lambert {
    pub(super) const N: f64 = 0.725_607_765_053_267_2;
    pub(super) const C: f64 = 11_754_255.426_096;
    pub(super) const XS: f64 = 700_000.0;
    pub(super) const YS: f64 = 12_655_612.049_876;
    /// First eccentricity.
    pub(super) const E: f64 = 0.081_819_191_042_815_79;
    /// Longitude of origin, in degrees.
    pub(super) const ORIGIN: f64 = 3.0;
}

fn of_lambert93(x: f64, y: f64) -> (f64, f64) {
    use lambert::{C, E, N, ORIGIN, XS, YS};
    let (dx, dy) = (x - XS, y - YS);
    let radius = dx.hypot(dy);
    let gamma = (dx / -dy).atan();
    let isometric = -(radius / C).abs().ln() / N;
    let mut latitude = 2.0 * isometric.exp().atan() - PI / 2.0;
    for _ in 0..12 {
        let sine = E * latitude.sin();
        latitude = 2.0 * (((1.0 + sine) / (1.0 - sine)).powf(E / 2.0) * isometric.exp()).atan() - PI / 2.0;
    }
    (latitude.to_degrees(), ORIGIN + (gamma / N).to_degrees())
}

fn to_lambert93((latitude, longitude): (f64, f64)) -> (f64, f64) {
    use lambert::{C, E, N, ORIGIN, XS, YS};
    let phi = latitude.to_radians();
    let sine = E * phi.sin();
    let isometric = ((PI / 4.0 + phi / 2.0).tan() * ((1.0 - sine) / (1.0 + sine)).powf(E / 2.0)).ln();
    let radius = C * (-N * isometric).exp();
    let angle = N * (longitude - ORIGIN).to_radians();
    (XS + radius * angle.sin(), YS - radius * angle.cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        // the Eiffel tower, as IGN's converter gives it
        let (x, y) = to_lambert93((48.858_4, 2.294_5));
        assert!((x - 648_237.3).abs() < 1.0 && (y - 6_862_271.7).abs() < 1.0, "{x} {y}");
        for at in [(48.858_37, 2.294_481), (41.5, 9.2), (51.0, 2.5), (43.0, -1.5)] {
            let (x, y) = to_lambert93(at);
            let (latitude, longitude) = of_lambert93(x, y);
            assert!((latitude - at.0).abs() < 1e-9 && (longitude - at.1).abs() < 1e-9);
        }
    }
}
