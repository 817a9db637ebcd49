//! What RFC 7946 §3.1 asks of a geometry.

use bus_core::{
    Message, msg,
    record::{List, Object, Value},
};

/// How wrong a geometry is.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is no geometry: nothing can draw it.
    Form(Message),
    /// It can be drawn, but breaks a rule: a ring that is not closed or runs the wrong way.
    Ring(Message),
}

/// Collections in collections go no deeper.
const DEEPEST: usize = 8;

/// Checks a geometry; of several problems the worst is told.
pub(crate) fn check(value: Value<'_>) -> Result<(), Problem> {
    let Some(geometry) = value.as_object() else {
        return Err(Problem::Form(msg!("a geometry is an object with a type and coordinates")));
    };
    let mut rings = None;
    geometry_of(geometry, DEEPEST, &mut rings).map_err(Problem::Form)?;
    rings.map_or(Ok(()), |message| Err(Problem::Ring(message)))
}

fn geometry_of(geometry: Object<'_>, depth: usize, rings: &mut Option<Message>) -> Result<(), Message> {
    let kind = geometry.get("type").and_then(Value::as_text).unwrap_or_default();
    if kind == "GeometryCollection" {
        let Some(parts) = geometry.get("geometries").and_then(Value::as_list).filter(|_| depth > 0) else {
            return Err(msg!("a geometry collection needs a list of geometries"));
        };
        for part in parts.iter() {
            let part = part.as_object();
            geometry_of(
                part.ok_or_else(|| msg!("a geometry is an object with a type and coordinates"))?,
                depth - 1,
                rings,
            )?;
        }
        return Ok(());
    }
    let levels = match kind {
        "Point" => 0,
        "MultiPoint" | "LineString" => 1,
        "MultiLineString" | "Polygon" => 2,
        "MultiPolygon" => 3,
        _ => return Err(msg!("`{kind}` is not a type of geometry of RFC 7946", kind = kind)),
    };
    let Some(coordinates) = geometry.get("coordinates") else {
        return Err(msg!("the geometry has no coordinates"));
    };
    let least = if kind == "LineString" || kind == "MultiLineString" { 2 } else { 0 };
    walk(coordinates, levels, least, kind)?;
    let Value::List(list) = coordinates else { return Ok(()) };
    match kind {
        "Polygon" => check_rings(list, rings),
        "MultiPolygon" => {
            list.iter().filter_map(Value::as_list).for_each(|polygon| check_rings(polygon, rings));
        }
        _ => {}
    }
    Ok(())
}

/// Checks lists of lists of positions; lines (the innermost lists) have at least `least` positions.
fn walk(value: Value<'_>, levels: usize, least: usize, kind: &str) -> Result<(), Message> {
    let Value::List(list) = value else {
        return Err(msg!("the coordinates of a {kind} are not nested as they should be", kind = kind));
    };
    if levels == 0 {
        let numbers = list.len() >= 2 && list.iter().all(|number| number.as_number().is_some());
        return if numbers || (list.is_empty() && kind == "Point") {
            Ok(())
        } else {
            Err(msg!("a position is a list of longitude and latitude"))
        };
    }
    if levels == 1 && !list.is_empty() && list.len() < least {
        return Err(msg!("a line needs at least two positions"));
    }
    list.iter().try_for_each(|inner| walk(inner, levels - 1, least, kind))
}

fn check_rings(polygon: List<'_>, found: &mut Option<Message>) {
    for (index, ring) in polygon.iter().filter_map(Value::as_list).enumerate() {
        let open = ring.len() < 4 || ring.get(0) != ring.get(ring.len() - 1);
        if open {
            found.get_or_insert_with(|| {
                msg!("a ring must have at least four positions, the last one equal to the first")
            });
        } else if (area(ring) < 0.0) != (index > 0) && area(ring) != 0.0 && found.is_none() {
            *found = Some(msg!("a ring runs the wrong way: outer rings counterclockwise, holes clockwise"));
        }
    }
}

/// Twice the area inside a ring; negative if it runs clockwise.
fn area(ring: List<'_>) -> f64 {
    let at = |index: usize| -> (f64, f64) {
        let position = ring.get(index).and_then(Value::as_list);
        let number =
            |place: usize| position.and_then(|position| position.get(place)?.as_f64()).unwrap_or(0.0);
        (number(0), number(1))
    };
    (1..ring.len())
        .map(|index| {
            let ((x1, y1), (x2, y2)) = (at(index - 1), at(index));
            x1 * y2 - x2 * y1
        })
        .sum()
}
