use crate::exit::{Exit, Failure};
use bus_core::{Language, Message, msg};
use std::io::{self, ErrorKind, Write};

/// Where the program speaks: data on standard output, everything else on standard error.
#[derive(Debug)]
pub(crate) struct Terminal {
    language: Language,
}

impl Terminal {
    pub(crate) const fn new(language: Language) -> Self {
        Self { language }
    }

    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// Writes data to standard output. A reader that has had enough (`| head`) is no error.
    pub(crate) fn data(&self, text: &str) -> Result<Exit, Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::file("-", &error)),
            _ => Ok(Exit::Done),
        }
    }

    /// Says something to the person.
    pub(crate) fn say(&self, message: &Message) {
        self.note(&message.text(self.language));
    }

    /// Writes a line to standard error; when that is gone there is nobody left to tell.
    pub(crate) fn note(&self, line: &str) {
        drop(writeln!(io::stderr().lock(), "{line}"));
    }

    /// Says why nothing came of it.
    pub(crate) fn failed(&self, failure: &Failure) -> Exit {
        self.say(&msg!("error: {problem}", problem = failure.message.clone()));
        failure.exit
    }

    /// Shows help, the version, or what is wrong with the command line.
    pub(crate) fn usage(&self, error: &clap::Error) -> Exit {
        if !error.use_stderr() {
            drop(error.print());
            return Exit::Done;
        }
        self.note(crate::arguments::explain(error, self.language).trim_end());
        Exit::Usage
    }
}
