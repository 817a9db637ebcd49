//! Batches as the bytes of a chunk: packed, one after the other, compressed together.

use bus_core::{error::StepError, msg, record::Batch};
use sha2::{Digest, Sha256};

/// The form of the bytes; stored chunks start with it.
const VERSION: u8 = 1;

/// Batches that wait to become a chunk.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    packed: Vec<u8>,
    records: u64,
}

impl Packer {
    pub(crate) fn push(&mut self, batch: &Batch) {
        let start = self.packed.len();
        self.packed.extend_from_slice(&[0; 4]);
        batch.pack(&mut self.packed);
        let length = u32::try_from(self.packed.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(head) = self.packed.get_mut(start..start + 4) {
            head.copy_from_slice(&length.to_le_bytes());
        }
        self.records += batch.len() as u64;
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Bytes so far, not compressed.
    pub(crate) fn size(&self) -> usize {
        self.packed.len()
    }

    /// What the records say, as a short text: the same records have the same.
    pub(crate) fn digest(&self) -> String {
        Sha256::digest(&self.packed).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes of the chunk.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&lz4_flex::block::compress_prepend_size(&self.packed));
        bytes
    }
}

/// The batches of a chunk.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<Batch>, StepError> {
    let damaged = || StepError::ours(msg!("records that were kept are damaged"));
    let (version, rest) = bytes.split_first().ok_or_else(damaged)?;
    if *version != VERSION {
        return Err(StepError::ours(msg!("records were kept by a newer version of the bus")));
    }
    let packed = lz4_flex::block::decompress_size_prepended(rest).map_err(|_| damaged())?;
    let (mut rest, mut batches) = (packed.as_slice(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (batch, behind) =
            behind.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
        batches.push(Batch::unpack(batch).map_err(|_| damaged())?);
        rest = behind;
    }
    if rest.is_empty() { Ok(batches) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::record::BatchBuilder;
    use serde_json::json;

    fn batch(from: i64, until: i64) -> Batch {
        let mut builder = BatchBuilder::new();
        for number in from..until {
            builder.json(&json!({ "number": number, "name": format!("n{number}") })).unwrap();
        }
        builder.take()
    }

    #[test]
    fn batches_come_back_as_they_were() {
        let mut packer = Packer::default();
        let batches = [batch(0, 10), batch(10, 11), Batch::default()];
        batches.iter().for_each(|batch| packer.push(batch));
        assert_eq!(packer.records(), 11);
        let back = unpack(&packer.finish()).unwrap();
        let json = |batches: &[Batch]| -> Vec<_> {
            batches.iter().flat_map(Batch::records).map(|record| record.to_json()).collect()
        };
        assert_eq!(json(&back), json(&batches));
    }

    #[test]
    fn the_digest_follows_from_the_records() {
        let digest = |until| {
            let mut packer = Packer::default();
            packer.push(&batch(0, until));
            packer.digest()
        };
        assert_eq!(digest(5), digest(5));
        assert_ne!(digest(5), digest(6));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let mut packer = Packer::default();
        packer.push(&batch(0, 100));
        let good = packer.finish();
        for cut in [0, 1, 5, good.len() - 1] {
            assert!(unpack(&good[..cut]).is_err(), "{cut}");
        }
        assert!(unpack(&[9, 0, 0]).unwrap_err().message.text(bus_core::Language::En).contains("newer"));
    }
}
