use super::Story;
use std::fmt::Write as _;

impl Story {
    /// What happened, for people.
    pub(super) fn report(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).unwrap_or_default();
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let found = &self.found;
        writeln!(
            out,
            "## {} schedules over the {} backplane, seed {}\n",
            self.schedules,
            self.plane.name(),
            self.seed
        )?;
        writeln!(out, "| | |\n|---|---:|")?;
        let seconds = self.time.as_secs_f64();
        let (calls, repeated) = self.calls;
        let failed: usize = found.failed.values().sum();
        let rows = [
            ("time", format!("{seconds:.0} s")),
            ("runs asked for", self.asked.to_string()),
            ("runs accepted", found.accepted.to_string()),
            ("… whose acceptance was not heard", found.unheard.to_string()),
            (
                "runs that have ended as they should",
                (found.accepted - found.wrong.len().min(found.accepted)).to_string(),
            ),
            ("… after they had failed and were resumed", failed.to_string()),
            ("records written by sinks", found.records.to_string()),
            ("calls at the HTTP sink", calls.to_string()),
            ("… repeated, under a key that it knew", repeated.to_string()),
            ("dead letters, all explained", found.letters.to_string()),
            ("longest way to rest", format!("{:.1} s", found.slowest.as_secs_f64())),
            ("records lost, doubled or in the wrong place; runs left hanging", found.wrong.len().to_string()),
        ];
        for (what, value) in rows {
            writeln!(out, "| {what} | {value} |")?;
        }
        writeln!(out, "\n| fault | times |\n|---|---:|")?;
        for (fault, times) in &self.struck {
            writeln!(out, "| {} | {times} |", fault.name())?;
        }
        if !found.failed.is_empty() {
            writeln!(out, "\n| why runs failed before they were resumed | runs |\n|---|---:|")?;
            for (reason, times) in &found.failed {
                writeln!(out, "| {reason} | {times} |")?;
            }
        }
        for missing in &self.left_out {
            writeln!(out, "\nLeft out: {missing}.")?;
        }
        for wrong in &found.wrong {
            writeln!(out, "\n**Wrong**: {wrong}")?;
        }
        Ok(())
    }
}
