//! Tells a collection from a single feature by the first keys of the document, as its bytes come.

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outline {
    /// A FeatureCollection.
    Collection,
    /// One feature or geometry, a list of them, or one a line.
    Other,
}

/// The outline of the document that begins so; `None` while more bytes must tell.
pub(super) fn outline(start: &[u8], ended: bool) -> Option<Outline> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if !ended && start.len() < MARK.len() && MARK.starts_with(start) {
        return None;
    }
    let start = start.strip_prefix(MARK).unwrap_or(start);
    let mut walk = Walk { bytes: start, at: 0 };
    let found = walk.outline();
    if ended { Some(found.unwrap_or(Outline::Other)) } else { found }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn outline(&mut self) -> Option<Outline> {
        self.spaces();
        if self.next()? != b'{' {
            return Some(Outline::Other);
        }
        loop {
            self.spaces();
            if *self.bytes.get(self.at)? != b'"' {
                return Some(Outline::Other);
            }
            let key = self.string()?;
            self.spaces();
            if self.next()? != b':' {
                return Some(Outline::Other);
            }
            self.spaces();
            match key {
                b"features" => return Some(Outline::Collection),
                b"geometry" | b"properties" | b"coordinates" | b"geometries" => return Some(Outline::Other),
                b"type" if *self.bytes.get(self.at)? == b'"' => {
                    let collection = self.string()? == b"FeatureCollection";
                    return Some(if collection { Outline::Collection } else { Outline::Other });
                }
                _ => self.value()?,
            }
            self.spaces();
            if self.next()? != b',' {
                return Some(Outline::Other);
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn spaces(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// What stands between the quotes, escapes and all.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.next()? {
                b'"' => return self.bytes.get(start..self.at - 1),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// Goes over a value; its inside need not be right.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                    if depth == 0 {
                        return Some(());
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' if depth == 0 => return Some(()),
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}
