use super::ByteSink;
use crate::{
    contract::{Context, Inputs},
    formats::FormatChoice,
};
use bus_core::{error::StepError, loss::LossReport, msg};

/// Enough to be worth handing over.
const BLOCK: usize = 256 << 10;

/// Writes all batches of the input in a format; gives the number of records written.
///
/// What the format cannot hold exactly goes to the loss report of the step.
///
/// # Errors
/// When the other side does not take the bytes, or a value cannot be written at all.
pub async fn write<W: ByteSink>(
    input: &mut Inputs,
    format: &FormatChoice,
    sink: &mut W,
    context: &Context,
) -> Result<u64, StepError> {
    let Some(mut encoder) = format.encoder() else {
        return Err(StepError::settings(msg!(
            "the format {format} can only be read",
            format = format.format().id()
        )));
    };
    let mut losses = LossReport::default();
    let mut bytes = Vec::with_capacity(BLOCK + BLOCK / 4);
    let mut written = 0;
    while let Some(batch) = input.next().await {
        let encoded = encoder.encode(&batch, &mut bytes, &mut losses);
        encoded.map_err(|error| StepError::data(error.placed()))?;
        written += batch.len() as u64;
        if bytes.len() >= BLOCK {
            hand_over(&mut bytes, sink, context).await?;
        }
    }
    let ended = encoder.finish(&mut bytes, &mut losses);
    ended.map_err(|error| StepError::data(error.placed()))?;
    hand_over(&mut bytes, sink, context).await?;
    context.report_losses(losses);
    sink.finish().await?;
    Ok(written)
}

async fn hand_over<W: ByteSink>(
    bytes: &mut Vec<u8>,
    sink: &mut W,
    context: &Context,
) -> Result<(), StepError> {
    context.meter().wrote(bytes.len());
    sink.write(bytes).await
}
