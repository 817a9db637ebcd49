//! The programs ours is measured against, from package registries.

use crate::tools::{run, target};
use anyhow::Result;
use std::{path::PathBuf, process::Command};

/// Where the peers are.
pub(crate) struct Peers {
    /// A Python with Polars and morph-kgc.
    pub(crate) python: PathBuf,
    /// Modules for Node.js, with csvtojson; `None` where there is no Node.js.
    pub(crate) node: Option<PathBuf>,
}

/// Finds the peers, and installs those that are missing.
pub(crate) fn find() -> Result<Peers> {
    let there = |name: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .output()
            .is_ok_and(|found| found.status.success())
    };
    if !(there("mlr") && there("rapper")) {
        let packages = ["miller", "raptor2-utils", "python3-venv"];
        run(
            "peers",
            Command::new("apt-get").args(["install", "-y", "--no-install-recommends"]).args(packages),
        )?;
    }
    let environment = target().join("bench/python");
    let python = environment.join("bin/python");
    if !environment.join("installed").exists() {
        run("Python", Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(
            "Python peers",
            Command::new(&python).args(["-m", "pip", "install", "--quiet", "polars", "morph-kgc"]),
        )?;
        std::fs::write(environment.join("installed"), "")?;
    }
    let node = target().join("bench/node");
    let with_node = there("node") && there("npm");
    if with_node && !node.join("node_modules/csvtojson").exists() {
        std::fs::create_dir_all(&node)?;
        let install = ["install", "--silent", "--no-audit", "--no-fund", "csvtojson", "--prefix"];
        run("Node.js peers", Command::new("npm").args(install).arg(&node))?;
    }
    Ok(Peers { python, node: with_node.then(|| node.join("node_modules")) })
}
