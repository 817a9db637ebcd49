//! `cargo xtask serve`: the editor and the server, built and started.

use crate::{
    tools::{cargo, run},
    ui,
};
use anyhow::{Context, Result, bail};

/// How to serve.
#[derive(clap::Args)]
#[group(id = "serve")]
pub(crate) struct Options {
    #[command(flatten)]
    ui: ui::Options,
    /// What `semantic-bus serve` is given, such as `--listen 127.0.0.1:8081`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the editor and the server and serves until stopped.
pub(crate) fn serve(options: &Options) -> Result<()> {
    ui::ui(&options.ui)?;
    run("compile the server", cargo().args(["build", "--release", "--locked", "--package", "semantic-bus"]))?;
    let program = crate::tools::target().join("release/semantic-bus");
    let status = std::process::Command::new(&program)
        .arg("serve")
        .args(&options.rest)
        .status()
        .with_context(|| program.display().to_string())?;
    if !status.success() {
        bail!("the server stopped: {status}");
    }
    Ok(())
}
