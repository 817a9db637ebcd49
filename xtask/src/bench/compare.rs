//! Whether ours and a peer wrote the same.

use super::{
    cases::{Case, Same},
    measure,
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader},
    path::Path,
};

/// Runs ours and each peer once and compares what they wrote; this is also the warm-up.
pub(crate) fn outputs(case: &Case, data: &Path) -> Result<()> {
    measure::run(&case.ours, data)?;
    for peer in &case.peers {
        measure::run(&peer.command, data)?;
        let (ours, theirs) = (data.join(case.output), data.join(peer.output));
        let same = match peer.same {
            Same::Lines => lines(&ours)? == lines(&theirs)?,
            Same::Rows => rows(&ours)? == rows(&theirs)?,
            Same::Not => true,
        };
        if !same {
            bail!("{}: {} and {} differ", case.name, case.output, peer.output);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
    Ok(BufReader::new(File::open(path).with_context(|| path.display().to_string())?).lines())
}

fn lines(path: &Path) -> Result<usize> {
    Ok(read(path)?.count())
}

/// How many rows there are, and the sum of their hashes: the order does not matter.
fn rows(path: &Path) -> Result<(usize, u64)> {
    let (mut count, mut sum) = (0, 0_u64);
    for line in read(path)? {
        let row: BTreeMap<String, Value> = serde_json::from_str(&line?)?;
        let mut hasher = DefaultHasher::new();
        for (name, value) in row.iter().filter(|(_, value)| !value.is_null()) {
            // 1.50 and 1.5 are the same number
            let value = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
            (name, value).hash(&mut hasher);
        }
        count += 1;
        sum = sum.wrapping_add(hasher.finish());
    }
    Ok((count, sum))
}
