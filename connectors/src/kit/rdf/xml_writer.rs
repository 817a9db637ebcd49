use super::{Quad, QuadSink, Term, encoder::Syntax};
use crate::contract::FormatError;
use bus_core::loss::{Loss, LossReport};

/// Writes RDF/XML as quads come: those of one subject that follow each other stand in one element.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    out: Vec<u8>,
    /// Name and IRI of the namespaces that the root declares.
    namespaces: Vec<(String, String)>,
    started: bool,
    open: bool,
    blank: bool,
    subject: String,
    /// Statements whose property has no XML name.
    nameless: u64,
    /// Values with characters that XML cannot hold.
    mended: u64,
}

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

impl XmlWriter {
    fn start(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        self.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"");
        self.put(RDF);
        self.put("\"");
        for (name, iri) in std::mem::take(&mut self.namespaces) {
            self.put(" xmlns:");
            self.put(&name);
            self.put("=\"");
            self.escaped(&iri);
            self.put("\"");
            self.namespaces.push((name, iri));
        }
        self.put(">\n");
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn escaped(&mut self, text: &str) {
        for char in text.chars() {
            match char {
                '&' => self.put("&amp;"),
                '<' => self.put("&lt;"),
                '>' => self.put("&gt;"),
                '"' => self.put("&quot;"),
                '\t' => self.put("&#9;"),
                '\n' => self.put("&#10;"),
                '\r' => self.put("&#13;"),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.mended += 1;
                    self.put("\u{fffd}");
                }
                char => self.put(char.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.put("\t</rdf:Description>\n");
        }
    }

    fn enter(&mut self, subject: Term<'_>) {
        let (blank, text) = match subject {
            Term::Blank(label) => (true, label),
            Term::Iri(text) | Term::Plain(text) | Term::Language(text, _) | Term::Typed(text, _) => {
                (false, text)
            }
        };
        if self.open && self.blank == blank && self.subject == text {
            return;
        }
        self.close();
        self.put(if blank { "\t<rdf:Description rdf:nodeID=\"" } else { "\t<rdf:Description rdf:about=\"" });
        if blank {
            self.node_id(text);
        } else {
            self.escaped(text);
        }
        self.put("\">\n");
        (self.open, self.blank) = (true, blank);
        self.subject.clear();
        self.subject.push_str(text);
    }

    /// A label as an XML name: one that begins with a digit, `-` or `_` gets `_` before it, so that two
    /// labels stay two.
    fn node_id(&mut self, label: &str) {
        if !label.starts_with(char::is_alphabetic) {
            self.put("_");
        }
        self.escaped(label);
    }

    /// The element name of a property, and its namespace if the root does not declare it.
    fn element<'p>(&self, predicate: &'p str) -> Option<(String, Option<&'p str>)> {
        let at = predicate
            .char_indices()
            .rev()
            .take_while(|(_, char)| is_name_char(*char))
            .filter(|(_, char)| char.is_alphabetic() || *char == '_')
            .last()?
            .0;
        let (space, local) = (predicate.get(..at)?, predicate.get(at..)?);
        if space == RDF {
            return Some((format!("rdf:{local}"), None));
        }
        match self.namespaces.iter().find(|(_, iri)| iri == space) {
            Some((name, _)) => Some((format!("{name}:{local}"), None)),
            None => Some((format!("ns:{local}"), Some(space))),
        }
    }
}

fn is_name_char(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '\u{B7}')
}

impl QuadSink for XmlWriter {
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError> {
        self.start();
        let Some((name, space)) = self.element(quad.predicate) else {
            self.nameless += 1;
            return Ok(());
        };
        self.enter(quad.subject);
        self.put("\t\t<");
        self.put(&name);
        if let Some(space) = space {
            self.put(" xmlns:ns=\"");
            self.escaped(space);
            self.put("\"");
        }
        let value = match quad.object {
            Term::Iri(iri) => {
                self.put(" rdf:resource=\"");
                self.escaped(iri);
                self.put("\"/>\n");
                return Ok(());
            }
            Term::Blank(label) => {
                self.put(" rdf:nodeID=\"");
                self.node_id(label);
                self.put("\"/>\n");
                return Ok(());
            }
            Term::Plain(value) => value,
            Term::Language(value, tag) => {
                self.put(" xml:lang=\"");
                self.escaped(tag);
                self.put("\"");
                value
            }
            Term::Typed(value, datatype) => {
                self.put(" rdf:datatype=\"");
                self.escaped(datatype);
                self.put("\"");
                value
            }
        };
        self.put(">");
        self.escaped(value);
        self.put("</");
        self.put(&name);
        self.put(">\n");
        Ok(())
    }
}

impl Syntax for XmlWriter {
    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn prefixes(&mut self, prefixes: &[(&str, &str)]) {
        if self.started {
            return;
        }
        for (name, iri) in prefixes {
            let plain = name.starts_with(|char: char| char.is_alphabetic())
                && name.chars().all(is_name_char)
                && !name.to_ascii_lowercase().starts_with("xml")
                && !matches!(*name, "rdf" | "ns");
            if plain && super::is_iri(iri) && !self.namespaces.iter().any(|(known, _)| known == name) {
                self.namespaces.push(((*name).to_owned(), (*iri).to_owned()));
            }
        }
    }

    fn finish(&mut self, losses: &mut LossReport) {
        self.start();
        self.close();
        self.put("</rdf:RDF>\n");
        for (count, loss, reason) in [
            (self.nameless, Loss::Dropped, "the property has no name that XML could hold"),
            (self.mended, Loss::Approximated, "XML cannot hold some control characters"),
        ] {
            if count > 0 {
                losses.add("…", loss, reason, count);
            }
        }
    }
}
