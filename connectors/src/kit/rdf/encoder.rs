use super::{LineWriter, Naming, Prefix, Quad, QuadSink, TerseWriter};
use crate::{
    contract::{Encoder, FormatError},
    kit::jsonld::Emitter,
};
use bus_core::{
    loss::{Loss, LossReport},
    record::Batch,
};

/// A syntax that quads are written in.
pub(crate) trait Syntax: QuadSink + Send {
    /// What was written so far.
    fn out(&mut self) -> &mut Vec<u8>;

    /// Takes the prefixes of the context at hand.
    fn prefixes(&mut self, _: &[(&str, &str)]) {}

    /// Writes what ends the document.
    fn finish(&mut self, _: &mut LossReport) {}
}

impl Syntax for LineWriter {
    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}

impl Syntax for TerseWriter {
    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn prefixes(&mut self, prefixes: &[(&str, &str)]) {
        TerseWriter::prefixes(self, prefixes.iter().copied());
    }

    fn finish(&mut self, _: &mut LossReport) {
        TerseWriter::finish(self);
    }
}

/// Writes records as RDF in a syntax, by the context of their batch.
pub(crate) struct RdfEncoder<S> {
    emitter: Emitter,
    writer: S,
    /// Whether the syntax has named graphs.
    graphs: bool,
    /// Prefixes of the settings.
    prefixes: Vec<Prefix>,
}

impl<S: Syntax> RdfEncoder<S> {
    pub(crate) fn new(writer: S, graphs: bool, naming: &Naming) -> Self {
        let (emitter, prefixes) = (Emitter::new(naming.base.clone()), naming.prefixes.clone());
        Self { emitter, writer, graphs, prefixes }
    }

    /// Lends the writer the bytes of the caller.
    fn swap(&mut self, out: &mut Vec<u8>) {
        std::mem::swap(self.writer.out(), out);
    }

    fn write(&mut self, batch: &Batch, losses: &mut LossReport) -> Result<(), FormatError> {
        self.emitter.enter(batch)?;
        let given = self.prefixes.iter().map(|prefix| (prefix.prefix.as_str(), prefix.iri.as_str()));
        let prefixes: Vec<_> = given.chain(self.emitter.prefixes()).collect();
        self.writer.prefixes(&prefixes);
        if self.graphs {
            return self.emitter.emit(batch, &mut self.writer, losses);
        }
        let mut flat = Flat { writer: &mut self.writer, flattened: 0 };
        self.emitter.emit(batch, &mut flat, losses)?;
        if flat.flattened > 0 {
            let reason = bus_core::text!("this format has no named graphs: their statements stand without");
            losses.add("@graph", Loss::Approximated, reason, flat.flattened);
        }
        Ok(())
    }
}

/// Leaves out the names of graphs, and counts.
struct Flat<'a, S> {
    writer: &'a mut S,
    flattened: u64,
}

impl<S: Syntax> QuadSink for Flat<'_, S> {
    fn quad(&mut self, quad: &Quad<'_>) -> Result<(), FormatError> {
        self.flattened += u64::from(quad.graph.is_some());
        self.writer.quad(&Quad { graph: None, ..*quad })
    }
}

impl<S: Syntax> Encoder for RdfEncoder<S> {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        self.swap(out);
        let done = self.write(batch, losses);
        self.swap(out);
        done
    }

    fn finish(&mut self, out: &mut Vec<u8>, losses: &mut LossReport) -> Result<(), FormatError> {
        self.swap(out);
        if self.writer.out().is_empty() {
            let given: Vec<_> =
                self.prefixes.iter().map(|prefix| (prefix.prefix.as_str(), prefix.iri.as_str())).collect();
            self.writer.prefixes(&given);
        }
        self.writer.finish(losses);
        self.swap(out);
        Ok(())
    }
}
