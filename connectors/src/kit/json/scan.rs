use super::plain::plain_prefix;

/// Finds the end of one value by its quotes and brackets, in as many goes as bytes come.
///
/// Where brackets do not match or a quote is missing it still ends somewhere sensible: the item is then
/// refused when it is read, and the next one found.
#[derive(Debug)]
pub(super) struct Scan {
    kind: Kind,
    listed: bool,
    /// The brackets that are open.
    open: Vec<u8>,
    in_string: bool,
    /// Bytes looked at, of those that are still in the buffer.
    at: usize,
    /// Bytes looked at and forgotten.
    forgotten: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Brackets,
    String,
    /// A number, a word, or what should have been one.
    Word,
}

impl Scan {
    pub(super) const fn new(first: u8, listed: bool) -> Self {
        let kind = match first {
            b'{' | b'[' => Kind::Brackets,
            b'"' => Kind::String,
            _ => Kind::Word,
        };
        Self { kind, listed, open: Vec::new(), in_string: false, at: 0, forgotten: 0 }
    }

    /// Bytes seen so far.
    pub(super) const fn size(&self) -> usize {
        self.forgotten + self.at
    }

    pub(super) const fn listed(&self) -> bool {
        self.listed
    }

    /// Whether the end of the document ends the value too.
    pub(super) const fn ends_with_document(&self) -> bool {
        matches!(self.kind, Kind::Word)
    }

    /// Takes the bytes seen so far as gone; says how many.
    pub(super) const fn forget(&mut self) -> usize {
        self.forgotten += self.at;
        std::mem::replace(&mut self.at, 0)
    }

    /// Goes on in `bytes`, which start at the first byte not forgotten; the length of the value in them,
    /// once its end is found.
    pub(super) fn go_on(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.kind {
            Kind::Word => self.word(bytes),
            Kind::String => {
                if self.at == 0 && self.forgotten == 0 && !bytes.is_empty() {
                    self.at = 1;
                    self.in_string = true;
                }
                self.string(bytes).then_some(self.at)
            }
            Kind::Brackets => self.brackets(bytes),
        }
    }

    fn word(&mut self, bytes: &[u8]) -> Option<usize> {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t' | b':');
        match rest.iter().position(ends) {
            Some(len) => {
                self.at += len;
                Some(self.at)
            }
            None => {
                self.at = bytes.len();
                None
            }
        }
    }

    /// Goes to the end of a string; whether it was found.
    fn string(&mut self, bytes: &[u8]) -> bool {
        loop {
            self.at += plain_prefix(bytes.get(self.at..).unwrap_or_default());
            match bytes.get(self.at) {
                Some(b'\\') if bytes.len() > self.at + 1 => self.at += 2,
                // the escaped byte has not come yet: look at the backslash again then
                Some(b'\\') | None => return false,
                // a raw line end cannot be in a string: a quote is missing before it
                Some(b'"' | b'\n') => {
                    self.at += 1;
                    self.in_string = false;
                    return true;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn brackets(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            if self.in_string && !self.string(bytes) {
                return None;
            }
            let rest = bytes.get(self.at..).unwrap_or_default();
            let mark = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
            let Some(skip) = rest.iter().position(mark) else {
                self.at = bytes.len();
                return None;
            };
            self.at += skip + 1;
            match rest.get(skip) {
                Some(b'"') => self.in_string = true,
                Some(open @ (b'{' | b'[')) => self.open.push(*open),
                Some(close) => {
                    let opener = if *close == b'}' { b'{' } else { b'[' };
                    if let Some(place) = self.open.iter().rposition(|open| *open == opener) {
                        self.open.truncate(place);
                    }
                    if self.open.is_empty() {
                        return Some(self.at);
                    }
                }
                None => return None,
            }
        }
    }
}
