use std::sync::Arc;

/// Where one record stands in what it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In this line, from 1.
    Line(u64),
    /// So many records in, from 1.
    Record(u64),
}

/// Where the records of a batch stand in what they were read from: their lines or their numbers.
///
/// Records mostly follow each other, so this is a few runs and costs next to nothing. What puts records
/// together anew (sort, join, aggregate) or sends them elsewhere lets it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    lines: bool,
    /// Row and place of the first record of each run.
    runs: Vec<(usize, u64)>,
    rows: usize,
}

impl Places {
    /// Lines, none noted yet.
    #[must_use]
    pub const fn lines() -> Self {
        Self { lines: true, runs: Vec::new(), rows: 0 }
    }

    /// The numbers of `rows` records that follow each other from `first`.
    #[must_use]
    pub fn numbers(first: u64, rows: usize) -> Self {
        Self { lines: false, runs: vec![(0, first)], rows }
    }

    /// Notes the place of the next row.
    #[inline]
    pub fn note(&mut self, place: u64) {
        match self.runs.last() {
            Some((row, first)) if first + (self.rows - row) as u64 == place => {}
            _ => self.runs.push((self.rows, place)),
        }
        self.rows += 1;
    }

    /// How many rows have a place.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether none has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The place of a row, from 0.
    #[must_use]
    pub fn of(&self, row: usize) -> Option<Place> {
        let place = self.number(row)?;
        Some(if self.lines { Place::Line(place) } else { Place::Record(place) })
    }

    fn number(&self, row: usize) -> Option<u64> {
        let run = self.runs.partition_point(|(start, _)| *start <= row).checked_sub(1)?;
        let (start, first) = self.runs.get(run)?;
        (row < self.rows).then(|| first + (row - start) as u64)
    }

    /// The places of some rows, in that order; `None` if one has none.
    #[must_use]
    pub fn of_rows(&self, rows: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut some = Self { lines: self.lines, runs: Vec::new(), rows: 0 };
        for row in rows {
            some.note(self.number(row)?);
        }
        Some(some)
    }
}

/// Notes from which rows of other batches the records of a new one come, where those have places.
#[derive(Debug, Default)]
pub struct Trail {
    source: Option<Arc<Places>>,
    places: Option<Places>,
}

impl Trail {
    /// What follows comes from a batch with these places.
    pub fn follow(&mut self, source: Option<&Arc<Places>>) {
        self.source = source.cloned();
    }

    /// The new batch has `len` records now; those that are new come from this row.
    #[inline]
    pub fn note(&mut self, row: usize, len: usize) {
        let Some(source) = &self.source else { return };
        let places = self.places.get_or_insert_with(|| Places { lines: source.lines, ..Places::lines() });
        let place = source.number(row).filter(|_| places.lines == source.lines);
        while let Some(place) = place.filter(|_| places.rows < len) {
            places.note(place);
        }
    }

    /// The places of the new batch, if all of its records have one.
    pub fn take(&mut self, len: usize) -> Option<Arc<Places>> {
        self.places.take().filter(|places| places.rows == len).map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_lines() {
        let mut places = Places::lines();
        [2, 3, 4, 7, 8].into_iter().for_each(|line| places.note(line));
        assert_eq!(places.runs.len(), 2);
        assert_eq!(places.of(0), Some(Place::Line(2)));
        assert_eq!(places.of(4), Some(Place::Line(8)));
        assert_eq!(places.of(5), None);
        let some = places.of_rows([4, 1]);
        assert_eq!(some.and_then(|some| some.of(1)), Some(Place::Line(3)));
        assert_eq!(places.of_rows([5]), None);
        assert_eq!(Places::numbers(10, 2).of(1), Some(Place::Record(11)));
        assert_eq!(Places::numbers(10, 2).of(2), None);
    }

    #[test]
    fn a_trail_leads_back() {
        let source = Arc::new(Places::numbers(1, 3));
        let mut trail = Trail::default();
        trail.follow(Some(&source));
        trail.note(0, 1);
        trail.note(1, 1);
        trail.note(2, 3);
        let places = trail.take(3);
        assert_eq!(places.and_then(|places| places.of(2)), Some(Place::Record(3)));
        trail.note(0, 1);
        trail.follow(None);
        trail.note(0, 2);
        assert_eq!(trail.take(2), None, "a record without a place");
    }
}
