use std::fmt::Display;

/// The score of a conformance suite: printed, and held above a floor that only rises.
#[derive(Debug)]
pub struct Score {
    suite: &'static str,
    passed: usize,
    failed: Vec<String>,
}

impl Score {
    /// A score of nothing yet.
    #[must_use]
    pub const fn new(suite: &'static str) -> Self {
        Self { suite, passed: 0, failed: Vec::new() }
    }

    /// Notes one case: passed, or why not.
    pub fn case<E: Display>(&mut self, name: &str, outcome: Result<(), E>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(reason) => self.failed.push(format!("{name}: {reason}")),
        }
    }

    /// Prints `suite: passed/total` and what failed.
    ///
    /// `known` names the cases that are known to fail, with the reason of each.
    ///
    /// # Panics
    /// If fewer than `floor` passed, if a failing case is not among the known ones, or if a known one passes.
    #[expect(clippy::print_stdout, clippy::panic, reason = "a score is for the person who runs the tests")]
    pub fn finish(self, floor: usize, known: &[(&str, &str)]) {
        println!("{}: {}/{}", self.suite, self.passed, self.passed + self.failed.len());
        let of_known =
            |failure: &String| known.iter().any(|(name, _)| failure.starts_with(&format!("{name}: ")));
        let surprises: Vec<_> = self.failed.iter().filter(|failure| !of_known(failure)).collect();
        for surprise in surprises.iter().take(40) {
            println!("  failed: {surprise}");
        }
        let mended: Vec<_> = known
            .iter()
            .filter(|(name, _)| !self.failed.iter().any(|failure| failure.starts_with(&format!("{name}: "))))
            .collect();
        if self.passed < floor || !surprises.is_empty() || !mended.is_empty() {
            panic!(
                "{}: {} passed, floor {floor}; {} failed unexpectedly; no longer failing, take them off the list: {mended:?}",
                self.suite,
                self.passed,
                surprises.len(),
            );
        }
    }
}
