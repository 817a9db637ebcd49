//! The command line. Help texts are the doc comments; `read` says them in the person's language.

use crate::{
    changes::pair,
    exit::Failure,
    limits::NodeLimits,
    node::{HealthArguments, NodeArguments, WorkerArguments},
};
use bus_core::{
    Language,
    limits::{Known, Limited, unknown},
    msg,
};
use clap::{
    Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use clap_complete::Shell;
use connectors::{
    contract::Limits,
    kit::http::{Http, HttpOptions},
};
use std::ffi::OsString;

/// Moves data from anywhere to anywhere, and changes it on the way.
#[derive(Debug, Parser)]
#[command(name = "semantic-bus", version)]
struct Everything {
    /// The language to speak: fr or en; without it, that of the locale.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = ["fr", "en"], hide_possible_values = true)]
    lang: Option<String>,
    #[command(subcommand)]
    command: Command,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the editor and the API, and runs workflows: all in one process, or with workers.
    Serve(ServeArguments),
    /// Takes tasks from RabbitMQ and does them, beside servers and other workers.
    Worker(WorkerArguments),
    /// Asks a server or worker whether it is ready.
    Health(HealthArguments),
    /// Runs a workflow.
    Run(RunArguments),
    /// Converts a file from one format to another.
    Convert(ConvertArguments),
    /// Says everything that is wrong with a workflow.
    Check(CheckArguments),
    /// Shows how a workflow is executed: its stages.
    Plan(PlanArguments),
    /// Says what the data of a file looks like: types, codes, dates, units, with what speaks for each guess.
    Infer(InferArguments),
    /// Makes a workflow of an export of the Node.js Semantic Bus.
    Import(ImportArguments),
    /// Lists the connectors.
    Connectors(ConnectorsArguments),
    /// Shows the manual page of a connector.
    Manual(ManualArguments),
    /// Prints the JSON Schema of workflows, or of a connector's settings.
    Schema(SchemaArguments),
    /// Prints the completions for a shell.
    Completions(CompletionsArguments),
}

// How a run goes and what is told of it. (A doc comment would become the help of the command.)
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Writes the report of the run as data; the form is json.
    #[arg(long, value_name = "FORM", value_parser = ["json"], hide_possible_values = true)]
    pub(crate) report: Option<String>,
    /// The folder where all refused records are written, one file a step.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) errors: Option<String>,
    /// How many threads to use; without it, one a core.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<usize>,
    /// Says nothing unless something goes wrong.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

// What may be called and taken from outside.
#[derive(Debug, Args)]
pub(crate) struct Outside {
    /// A host of this machine or of a private network that may be called; all of them with `*`; may be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    pub(crate) allowed_hosts: Vec<String>,
    /// Another limit on what is taken from outside, of those listed below; may be repeated.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
}

impl Outside {
    /// The limits with those given on the command line in their place.
    pub(crate) fn limits(&self) -> Result<Limits, Failure> {
        let mut limits = Limits::default();
        for text in &self.limits {
            let (name, value) = pair(text, "--limit name=value")?;
            if !limits.set(&name, &value).map_err(Failure::usage)? {
                return Err(Failure::usage(unknown(&name, &Limits::known())));
            }
        }
        Ok(limits)
    }

    /// The HTTP client that may call what was allowed.
    pub(crate) fn http(&self) -> Http {
        Http::new(HttpOptions { allowed_hosts: self.allowed_hosts.clone(), ..HttpOptions::default() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) node: NodeArguments,
    /// The address to listen to, 127.0.0.1:8080 unless said: of this machine only.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// The address by which browsers reach the server, where it is another one.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// A proxy before the server that is believed when it says who calls; may be repeated.
    #[arg(long = "proxy", value_name = "ADDRESS")]
    pub(crate) proxies: Vec<std::net::IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The workflow document; - for standard input.
    #[arg(value_name = "WORKFLOW")]
    pub(crate) workflow: String,
    /// The value of a parameter; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// The file or address a source reads instead of what stands in the workflow; - for standard input.
    #[arg(long = "input", value_name = "STEP=FILE")]
    pub(crate) inputs: Vec<String>,
    /// The file a sink writes instead of what stands in the workflow; - for standard output.
    #[arg(long = "output", value_name = "STEP=FILE")]
    pub(crate) outputs: Vec<String>,
    /// The file where steps remember what they have read, so that what has not changed is not read again.
    #[arg(long, value_name = "FILE")]
    pub(crate) remember: Option<String>,
    #[command(flatten)]
    pub(crate) manner: Manner,
    #[command(flatten)]
    pub(crate) outside: Outside,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArguments {
    /// The file to read, or its address on the web; - for standard input.
    #[arg(value_name = "IN")]
    pub(crate) input: String,
    /// The file to write; - for standard output.
    #[arg(value_name = "OUT")]
    pub(crate) output: String,
    /// The format of the input, also with settings, as in a workflow; without it, the name and the first bytes tell.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<String>,
    /// The format of the output, also with settings, as in a workflow; without it, the name tells.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// The JSON-LD context the records get: a file, or the context itself.
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    #[command(flatten)]
    pub(crate) manner: Manner,
    #[command(flatten)]
    pub(crate) outside: Outside,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The workflow document; - for standard input.
    #[arg(value_name = "WORKFLOW", required = true)]
    pub(crate) workflows: Vec<String>,
    /// Writes what was found as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The workflow document; - for standard input.
    #[arg(value_name = "WORKFLOW")]
    pub(crate) workflow: String,
    /// Writes the plan as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InferArguments {
    /// The file to look at, or its address on the web; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// The format of the input, also with settings, as in a workflow; without it, the name and the first bytes tell.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<String>,
    /// How many records to look at, 100000 unless said.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, hide_default_value = true)]
    pub(crate) records: u64,
    /// Writes what was found as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) outside: Outside,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The export: JSON with components and links; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// The workflow document to write; without it, standard output.
    #[arg(short, long, value_name = "WORKFLOW")]
    pub(crate) output: Option<String>,
    /// Writes the report of the import as data; the form is json.
    #[arg(long, value_name = "FORM", value_parser = ["json"], hide_possible_values = true)]
    pub(crate) report: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConnectorsArguments {
    /// Writes the whole catalogue, with the schemas of the settings, as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ManualArguments {
    /// The connector's id, as semantic-bus connectors lists it.
    #[arg(value_name = "CONNECTOR")]
    pub(crate) connector: String,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The connector's id; without it, the schema is that of workflow documents.
    #[arg(value_name = "CONNECTOR")]
    pub(crate) connector: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell: bash, elvish, fish, powershell or zsh.
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub(crate) shell: Shell,
}

/// What stands under the help of the whole program.
const EXIT_CODES: &str = "0 done, 1 the run failed, 2 wrong command line, 3 the workflow has errors, 4 a file cannot be read or written, 5 the data folder or the address is in use, 130 interrupted";

/// Reads the command line.
///
/// # Errors
/// What is wrong with it, or the help or version that was asked for.
pub(crate) fn read(arguments: Vec<OsString>, language: Language) -> Result<Command, clap::Error> {
    let mut command = command(language);
    let matches = command.try_get_matches_from_mut(arguments)?;
    Ok(Everything::from_arg_matches(&matches)?.command)
}

/// The command line as clap knows it, in a language.
pub(crate) fn command(language: Language) -> clap::Command {
    let command = translated(Everything::command(), language);
    let exit_codes = msg!("Exit codes: {codes}.", codes = language.text(EXIT_CODES));
    command.after_help(exit_codes.text(language)).disable_version_flag(true).arg(
        Arg::new("version")
            .long("version")
            .action(ArgAction::Version)
            .help(language.text("Prints the version"))
            .help_heading(language.text("Options").to_owned()),
    )
}

fn translated(command: clap::Command, language: Language) -> clap::Command {
    let say = |text: Option<&clap::builder::StyledStr>| {
        text.map(|text| language.text(&text.to_string()).to_owned()).unwrap_or_default()
    };
    let about = say(command.get_about());
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        language.text("Usage:")
    );
    let headings = (language.text("Arguments").to_owned(), language.text("Options").to_owned());
    let limits = command.get_arguments().any(|arg| arg.get_id() == "limits");
    let command = match (limits, command.get_name()) {
        (false, _) => command,
        (true, "serve" | "worker") => command.after_help(limits_help(&NodeLimits::known(), language)),
        (true, _) => command.after_help(limits_help(&Limits::known(), language)),
    };
    command
        .about(about)
        .help_template(template)
        .subcommand_value_name(language.text("COMMAND").to_owned())
        .subcommand_help_heading(language.text("Commands").to_owned())
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .mut_args(|arg| {
            let help = say(arg.get_help());
            let heading = if arg.is_positional() { headings.0.clone() } else { headings.1.clone() };
            arg.help(help).help_heading(heading)
        })
        .mut_subcommands(|command| translated(command, language))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(language.text("Prints this help"))
                .help_heading(headings.1.clone()),
        )
}

/// The limits that `--limit` sets, each with what it means and what it is unless said.
fn limits_help(known: &[Known], language: Language) -> String {
    let width = known.iter().map(|limit| limit.name.len()).max().unwrap_or(0);
    let mut help = msg!("Limits (values as 500000, 64M or 2G):").text(language);
    for limit in known {
        let meaning = language.text(&limit.meaning);
        help += &format!("\n  {:width$}  {meaning} [{}]", limit.name, limit.usual);
    }
    help
}

/// What is wrong with the command line, in the person's language; clap's own words where it has more to say.
pub(crate) fn explain(error: &clap::Error, language: Language) -> String {
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let near = |kind: ContextKind| context(kind).rsplit(", ").next().unwrap_or_default().to_owned();
    let (argument, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    let (message, near) = match error.kind() {
        ErrorKind::InvalidSubcommand => (
            msg!("there is no command `{command}`", command = context(ContextKind::InvalidSubcommand)),
            near(ContextKind::SuggestedSubcommand),
        ),
        ErrorKind::UnknownArgument => {
            (msg!("`{argument}` means nothing here", argument = argument), near(ContextKind::SuggestedArg))
        }
        ErrorKind::MissingRequiredArgument => {
            (msg!("missing: {arguments}", arguments = argument), String::new())
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (msg!("`{argument}` needs a value", argument = argument), String::new())
        }
        ErrorKind::InvalidValue => (
            msg!("`{value}` is not possible for `{argument}`", value = value, argument = argument),
            near(ContextKind::SuggestedValue),
        ),
        ErrorKind::ValueValidation => (
            msg!("`{value}` is not possible for `{argument}`", value = value, argument = argument),
            String::new(),
        ),
        _ => return error.to_string(),
    };
    let mut out = msg!("error: {problem}", problem = message).text(language);
    if !near.is_empty() {
        out += &msg!("; {advice}", advice = msg!("did you mean `{name}`?", name = near)).text(language);
    }
    out.push('\n');
    out += &msg!("`{command}` says what can be asked", command = "semantic-bus --help").text(language);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::message::french;

    fn texts(command: &clap::Command, out: &mut Vec<String>) {
        out.extend(command.get_about().map(ToString::to_string));
        out.extend(command.get_arguments().filter_map(|arg| arg.get_help()).map(ToString::to_string));
        for command in command.get_subcommands() {
            texts(command, out);
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        command(Language::En).debug_assert();
        command(Language::Fr).debug_assert();
    }

    #[test]
    fn all_help_speaks_french() {
        let mut all = vec![EXIT_CODES.to_owned()];
        texts(&command(Language::En), &mut all);
        all.extend(["Usage:", "Options", "Arguments", "Commands"].map(str::to_owned));
        all.extend(NodeLimits::known().into_iter().map(|limit| limit.meaning));
        let missing: Vec<_> = all.into_iter().filter(|text| french(text).is_none()).collect();
        assert!(missing.is_empty(), "no line in bus-core/translations/fr.toml for {missing:#?}");
    }
}
