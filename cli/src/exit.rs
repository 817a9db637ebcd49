use bus_core::{Message, msg};

/// How the program ends; the numbers are promised in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// The run failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The workflow has errors.
    Refused = 3,
    /// A file cannot be read or written.
    File = 4,
    /// The data folder or the address is in use.
    InUse = 5,
    /// The run was interrupted.
    Interrupted = 130,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: Message,
}

impl Failure {
    /// The command line asks for something that does not exist.
    pub(crate) const fn usage(message: Message) -> Self {
        Self { exit: Exit::Usage, message }
    }

    /// A file cannot be read or written.
    pub(crate) fn file(name: &str, error: &std::io::Error) -> Self {
        let message = msg!("{file}: {problem}", file = name, problem = error.to_string());
        Self { exit: Exit::File, message }
    }
}
