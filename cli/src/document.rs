//! Workflow documents named on the command line: reading them, and showing what is wrong with them.

use crate::{
    exit::{Exit, Failure},
    library::{self, MOST_BYTES},
    terminal::Terminal,
};
use bus_core::{
    Language,
    check::{Problem, Severity, Whole, check_whole},
    msg,
    workflow::{Loaded, Workflow},
};
use connectors::Connectors;
use std::{
    fmt::Write as _,
    fs,
    io::{self, Read as _},
};

/// The text of a file, or of standard input (`-`), and no more of it than so many bytes.
pub(crate) fn text(name: &str, most: u64) -> Result<String, Failure> {
    let failure = |error: io::Error| Failure::file(name, &error);
    let mut bytes = Vec::new();
    let read = if name == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        fs::File::open(name).map_err(failure)?.take(most).read_to_end(&mut bytes)
    };
    read.map_err(failure)?;
    String::from_utf8(bytes).map_err(|_| Failure {
        exit: Exit::File,
        message: msg!("{file}: this is not text in UTF-8", file = name),
    })
}

/// A workflow document and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its name, as given.
    pub(crate) name: String,
    text: String,
    /// What runs: the workflow with those it uses in their places, if nothing is wrong.
    runs: Option<Workflow>,
    /// What is wrong, in the order of the text.
    pub(crate) problems: Vec<Problem>,
}

impl Document {
    /// Reads and checks a document; `-` is standard input.
    pub(crate) fn read(name: &str) -> Result<Self, Failure> {
        Self::read_and(name, |_| Ok(()))
    }

    /// Checks a workflow that was made, not read.
    pub(crate) fn made(workflow: Workflow) -> Self {
        let name = workflow.name.clone();
        Self::checked(name, String::new(), &Loaded::from(workflow))
    }

    fn checked(name: String, text: String, loaded: &Loaded) -> Self {
        let mut find = |around: &str, used: &str| library::find(&name, around, used);
        let Whole { problems, runs } = check_whole(loaded, &Connectors, &mut find);
        Self { name, text, runs, problems }
    }

    /// Reads a document, changes it, and checks what it then is.
    pub(crate) fn read_and(
        name: &str,
        change: impl FnOnce(&mut Workflow) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let text = text(name, MOST_BYTES)?;
        let name = name.to_owned();
        match Workflow::load(&text) {
            Ok(mut loaded) => {
                change(&mut loaded.workflow)?;
                Ok(Self::checked(name, text, &loaded))
            }
            Err(problems) => Ok(Self { name, text, runs: None, problems }),
        }
    }

    /// How many errors and warnings there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let errors = self.problems.iter().filter(|problem| problem.is_error()).count();
        (errors, self.problems.len() - errors)
    }

    /// What is wrong, for a person: each with its line and a caret.
    pub(crate) fn report(&self, language: Language) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            self.show(problem, language, &mut out);
        }
        out
    }

    fn show(&self, problem: &Problem, language: Language, out: &mut String) {
        let line = Problem { advice: None, ..problem.clone() }.text(language);
        let line = match problem.severity {
            Severity::Error => msg!("error: {problem}", problem = line),
            Severity::Warning => msg!("warning: {problem}", problem = line),
        };
        writeln!(out, "{}", line.text(language)).unwrap_or_default();
        let place = problem.place.and_then(|place| {
            let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
            Some((place, self.text.lines().nth(line)?))
        });
        if let Some((place, text)) = place {
            // a tab stays a tab, so that the caret stands under its letter
            let blank = |letter: char| if letter == '\t' { '\t' } else { ' ' };
            let before = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
            let margin: String = text.chars().take(before).map(blank).collect();
            let shown: String = text.chars().take(before + 100).collect();
            writeln!(out, "{:>6} | {shown}\n       | {margin}^", place.line).unwrap_or_default();
        }
        if let Some(advice) = &problem.advice {
            writeln!(out, "       = {}", advice.text(language)).unwrap_or_default();
        }
    }

    /// What runs of the workflow, if it can; otherwise says on standard error what is wrong.
    ///
    /// Warnings alone are not said to who wants it quiet.
    pub(crate) fn sound(&self, quiet: bool, terminal: &Terminal) -> Option<&Workflow> {
        if self.counts().0 > 0 || (!quiet && !self.problems.is_empty()) {
            terminal.note(self.report(terminal.language()).trim_end());
        }
        if self.counts().0 > 0 {
            let message = msg!("{file}: mend the errors above first", file = &self.name);
            terminal.say(&message);
            return None;
        }
        self.runs.as_ref()
    }
}
