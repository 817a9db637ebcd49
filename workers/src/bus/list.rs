//! The runs of a workflow, latest first.

use super::{
    Bus, BusError,
    record::{RUNS, RunRecord},
};
use backplane::{Document, Query};
use bus_core::api::{Page, RunSummary};

/// How far back is looked, ms, one after the other until there are enough: an hour, a day, thirty days, then
/// everything. Not every store stops where a query's limit is: what it could read is bounded as well.
const REACHES: [i64; 3] = [3_600_000, 24 * 3_600_000, 30 * 24 * 3_600_000];

impl Bus {
    /// The runs of a workflow, latest first; `after` is what the page before gave as its next.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn runs(
        &self,
        workflow: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RunSummary>, BusError> {
        let after = match after {
            Some(run) => self.store().get(RUNS, run).await?,
            None => None,
        };
        let end = match &after {
            Some(run) => RunRecord::read(&run.body)?.accepted,
            None => self.now(),
        };
        let query = Query::of("of-workflow", vec![workflow.into()]);
        let query = Query { descending: true, after, limit, ..query };
        let mut found = Vec::new();
        for from in REACHES.map(|reach| Some(end.saturating_sub(reach).into())).into_iter().chain([None]) {
            found = self.store().find(RUNS, Query { from, ..query.clone() }).await?;
            if found.len() >= limit {
                break;
            }
        }
        let next = found.last().filter(|_| found.len() == limit).map(|run| run.id.clone());
        let summary = |run: Document| Ok(RunRecord::read(&run.body)?.summary(&run.id));
        let items = found.into_iter().map(summary).collect::<Result<_, BusError>>()?;
        Ok(Page { items, next })
    }
}
