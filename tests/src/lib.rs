//! The one harness of the house's tests: where things stand, scores with floors, cases as files.

pub mod golden;
pub mod mutation;
pub mod records;
mod score;
pub mod server;
pub mod step;
mod yaml;

pub use score::Score;
pub use yaml::yaml;

use std::path::{Path, PathBuf};

/// The root of the checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A path in the folder of fixtures and conformance suites beside the checkout; where it is not there, says
/// so on standard error and gives `None`: the test then skips.
#[must_use]
#[expect(clippy::print_stderr, reason = "the person who runs the tests must know what was skipped")]
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = root().parent()?.join("shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}
