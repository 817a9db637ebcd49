use super::{ByteStream, HEAD, ReadOptions, Whole, gzip, read};
use crate::contract::{Context, Decoded};
use bus_core::{error::StepError, record::Timestamp};

/// Reads one message that is all there; gzip is opened. Nothing is sent: what it holds is given back, or why it
/// cannot be read to its end.
///
/// # Errors
/// When it cannot be read to its end.
pub(crate) async fn decode_whole(
    bytes: Vec<u8>,
    received: Timestamp,
    options: &ReadOptions<'_>,
    context: &Context,
) -> Result<Decoded, StepError> {
    context.meter().read(bytes.len());
    let bytes = match bytes.starts_with(gzip::MAGIC) {
        true => read::opened(Whole::new(bytes), context.limits().document_bytes, context).await?,
        false => bytes,
    };
    let mut whole = Whole::new(bytes);
    let bytes = whole.next().await?.unwrap_or_default();
    let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or_default();
    let mut decoder = read::decoder(head, options, context)?;
    decoder.received(received);
    let mut decoded = Decoded::default();
    decoder.push(bytes, &mut decoded).map_err(read::of_format)?;
    decoder.finish(&mut decoded).map_err(read::of_format)?;
    decoded.cut();
    Ok(decoded)
}
