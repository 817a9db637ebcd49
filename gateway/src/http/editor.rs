//! What is not in the route table.

use crate::{Kind, Problem};
use axum::http::Uri;

/// Everything that is no call of the API is a page of the editor.
pub(crate) async fn page(_uri: Uri) -> Problem {
    Problem::new(Kind::Missing)
}

/// The path is known, but not with this method.
pub(crate) async fn wrong_method() -> Problem {
    Problem::new(Kind::Method)
}
