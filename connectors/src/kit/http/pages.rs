use super::{Request, link};
use bus_core::{
    error::StepError,
    msg,
    path::{FieldPath, Segment},
};
use reqwest::header::{HeaderMap, LINK};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::num::NonZeroU64;
use url::Url;

/// How an answer is continued by others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pages {
    /// # Page number
    Page(PageNumber),
    /// # Offset
    Offset(Offset),
    /// # Cursor
    Cursor(Cursor),
    /// # Address of the next page
    NextLink(NextLink),
    /// # Link header
    ///
    /// The next page stands in the header `Link` (RFC 8288).
    LinkHeader,
}

/// Pages are numbered; the first one without records is the end.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageNumber {
    /// # Parameter
    ///
    /// The member of the query that tells the number of the page.
    #[serde(default = "page")]
    parameter: String,
    /// # First page
    ///
    /// The number of the first page.
    #[serde(default = "one")]
    first: u64,
    /// # Records on a page
    ///
    /// If given, a page with fewer records is the last one.
    #[serde(default)]
    records: Option<NonZeroU64>,
    /// # Field for the number of all records
    ///
    /// Where the answer (JSON) tells how many records there are on all pages. If this and the number of records on a
    /// page are given, workers read many pages side by side.
    #[serde(default)]
    #[schemars(extend("examples" = ["total_count"]))]
    total: Option<FieldPath>,
}

/// Each page begins after so many records; a page with fewer records than asked for is the last one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// # Parameter
    ///
    /// The member of the query that tells how many records to leave out.
    #[serde(default = "offset")]
    parameter: String,
    /// # Parameter for the number of records
    ///
    /// The member of the query that tells how many records a page shall have; empty to send none.
    #[serde(default = "limit")]
    limit_parameter: String,
    /// # Records on a page
    ///
    /// How many records a page has.
    records: NonZeroU64,
    /// # Field for the number of all records
    ///
    /// Where the answer (JSON) tells how many records there are on all pages. If given, workers read many pages side by
    /// side.
    #[serde(default)]
    #[schemars(extend("examples" = ["total_count"]))]
    total: Option<FieldPath>,
}

/// Each answer holds a mark of where the next one begins.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// # Parameter
    ///
    /// The member of the query that takes the mark.
    #[serde(default = "cursor")]
    parameter: String,
    /// # Field
    ///
    /// Where the mark stands in the answer (JSON); the last page has none there.
    #[schemars(extend("examples" = ["meta.next_cursor"]))]
    field: FieldPath,
}

/// Each answer holds the address of the next one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextLink {
    /// # Field
    ///
    /// Where the address stands in the answer (JSON); the last page has none there.
    #[schemars(extend("examples" = ["links.next"]))]
    field: FieldPath,
}

fn page() -> String {
    "page".to_owned()
}

const fn one() -> u64 {
    1
}

fn offset() -> String {
    "offset".to_owned()
}

fn limit() -> String {
    "limit".to_owned()
}

fn cursor() -> String {
    "cursor".to_owned()
}

/// What the answer to one page says about the next one.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    /// The address that answered.
    pub url: &'a Url,
    /// The headers of the answer.
    pub headers: &'a HeaderMap,
    /// The body as JSON, if [`Pages::reads_body`].
    pub body: Option<&'a Value>,
    /// How many records the page had.
    pub records: u64,
    /// How many pages were read, with this one.
    pub pages: u64,
    /// How many records were read, with these.
    pub total: u64,
}

impl Pages {
    /// Whether the body (JSON) says where it goes on.
    #[must_use]
    pub const fn reads_body(&self) -> bool {
        matches!(self, Self::Cursor(_) | Self::NextLink(_))
    }

    /// Where the answer tells how many records there are, and how many a page has; nothing if pages follow only from
    /// each other.
    #[must_use]
    pub const fn countable(&self) -> Option<(&FieldPath, u64)> {
        match self {
            Self::Page(PageNumber { records: Some(records), total: Some(total), .. })
            | Self::Offset(Offset { records, total: Some(total), .. }) => Some((total, records.get())),
            Self::Page(_) | Self::Offset(_) | Self::Cursor(_) | Self::NextLink(_) | Self::LinkHeader => None,
        }
    }

    /// Makes a request the one of a page, counted from 0; of pages that follow from each other, there is only the first.
    pub fn go_to(&self, request: &mut Request, place: u64) {
        match self {
            Self::Page(page) => {
                request.query(&page.parameter, &page.first.saturating_add(place).to_string());
            }
            Self::Offset(offset) => {
                let before = place.saturating_mul(offset.records.get());
                request.query(&offset.parameter, &before.to_string());
                if !offset.limit_parameter.is_empty() {
                    request.query(&offset.limit_parameter, &offset.records.to_string());
                }
            }
            Self::Cursor(_) | Self::NextLink(_) | Self::LinkHeader => {}
        }
    }

    /// Makes a request the one of the next page; `false` if there is none.
    ///
    /// # Errors
    /// When the mark or address of the next page is none.
    pub fn next(&self, request: &mut Request, next: &Next<'_>) -> Result<bool, StepError> {
        match self {
            Self::Page(page) => {
                let least = page.records.map_or(1, NonZeroU64::get);
                if next.records < least {
                    return Ok(false);
                }
                request.query(&page.parameter, &page.first.saturating_add(next.pages).to_string());
            }
            Self::Offset(offset) => {
                if next.records < offset.records.get() {
                    return Ok(false);
                }
                request.query(&offset.parameter, &next.total.to_string());
            }
            Self::Cursor(cursor) => {
                let Some(mark) = text_at(next.body, &cursor.field)? else { return Ok(false) };
                request.query(&cursor.parameter, &mark);
            }
            Self::NextLink(link) => {
                let Some(target) = text_at(next.body, &link.field)? else { return Ok(false) };
                let target = next.url.join(&target);
                request.go_to(target.map_err(|problem| wrong(&link.field, &problem.to_string()))?);
            }
            Self::LinkHeader => {
                let headers = next.headers.get_all(LINK).iter().filter_map(|header| header.to_str().ok());
                let Some(target) = link::next(headers, next.url) else { return Ok(false) };
                request.go_to(target);
            }
        }
        Ok(true)
    }
}

fn wrong(field: &FieldPath, problem: &str) -> StepError {
    StepError::data(msg!(
        "`{field}` is not the next page: {problem}",
        field = field.to_string(),
        problem = problem
    ))
}

/// A number of records that an answer tells.
pub fn number_at(body: &Value, field: &FieldPath) -> Option<u64> {
    text_at(Some(body), field).ok()??.parse().ok()
}

/// What stands in a field as text; nothing for null, false, empty text or a field that is not there.
fn text_at(body: Option<&Value>, field: &FieldPath) -> Result<Option<String>, StepError> {
    let found = body.and_then(|body| {
        field.segments().iter().try_fold(body, |value, segment| match segment {
            Segment::Key(key) => value.get(&**key),
            Segment::Index(index) => {
                let items = value.as_array()?;
                let index = match usize::try_from(*index) {
                    Ok(index) => index,
                    Err(_) => items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
                };
                items.get(index)
            }
        })
    });
    match found {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(wrong(field, &other.to_string())),
    }
}
