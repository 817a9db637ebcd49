//! Questions as the service takes them.

use super::Question;
use url::Url;

/// The question as the query of an address.
pub(super) fn query(url: &mut Url, question: &Question, kind: Option<&str>, limit: u8) {
    let mut query = url.query_pairs_mut();
    match question {
        Question::Search { text, postcode, citycode } => {
            query.append_pair("q", text);
            for (name, value) in [("postcode", postcode), ("citycode", citycode)] {
                if !value.is_empty() {
                    query.append_pair(name, value);
                }
            }
            query.append_pair("autocomplete", "0");
        }
        Question::Reverse { longitude, latitude } => {
            query.append_pair("lon", longitude).append_pair("lat", latitude);
        }
    }
    if let Some(kind) = kind {
        query.append_pair("type", kind);
    }
    query.append_pair("limit", &limit.to_string());
}

/// The questions as a form with a CSV file: its media type and its bytes.
///
/// A first column numbers the rows, so that answers find their question whatever their order.
pub(super) fn multipart(questions: &[Question], kind: Option<&str>) -> (String, Vec<u8>) {
    let reverse = matches!(questions.first(), Some(Question::Reverse { .. }));
    let mut csv =
        String::from(if reverse { "row,longitude,latitude\n" } else { "row,q,postcode,citycode\n" });
    for (row, question) in questions.iter().enumerate() {
        csv.push_str(&row.to_string());
        let cells: [&str; 3] = match question {
            Question::Search { text, postcode, citycode } => [text, postcode, citycode],
            Question::Reverse { longitude, latitude } => [longitude, latitude, ""],
        };
        for cell in cells.iter().take(if reverse { 2 } else { 3 }) {
            csv.push(',');
            quoted(cell, &mut csv);
        }
        csv.push('\n');
    }
    let mut fields: Vec<(&str, &str)> = Vec::new();
    if !reverse {
        fields.push(("columns", "q"));
        for (name, is_used) in [("postcode", used(questions, true)), ("citycode", used(questions, false))] {
            if is_used {
                fields.push((name, name));
            }
        }
    }
    fields.extend(kind.map(|kind| ("type", kind)));
    let boundary = boundary(&csv);
    let mut body = String::with_capacity(csv.len() + 512);
    for (name, value) in fields {
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"data\"; filename=\"data.csv\"\r\n\
         Content-Type: text/csv; charset=utf-8\r\n\r\n{csv}\r\n--{boundary}--\r\n"
    ));
    (format!("multipart/form-data; boundary={boundary}"), body.into_bytes())
}

fn used(questions: &[Question], want_postcode: bool) -> bool {
    questions.iter().any(|question| match question {
        Question::Search { postcode, citycode, .. } => {
            !if want_postcode { postcode } else { citycode }.is_empty()
        }
        Question::Reverse { .. } => false,
    })
}

fn quoted(cell: &str, out: &mut String) {
    if cell.contains(['"', ',', '\n', '\r']) {
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

/// A line that does not stand in the text.
fn boundary(text: &str) -> String {
    let mut boundary = "semantic-bus-form".to_owned();
    while text.contains(&boundary) {
        boundary.push('-');
    }
    boundary
}
