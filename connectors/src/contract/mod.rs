//! What a connector is: settings that draw their own form, and one trait.
//!
//! ```ignore
//! pub(crate) static CONNECTOR: Connector = Connector::transform::<Upper>("upper");
//! ```

mod codec;
mod connector;
mod context;
mod io;
mod limits;
mod live;
mod place;
mod publish;

pub(crate) use codec::DynCodec;
pub use codec::{Codec, Decoded, Decoder, Encoder, Format, FormatError, Inside, Rejected};
pub use connector::{
    Connector, Division, Finished, InParts, Reading, Receipt, Sink, Source, Step, Transform,
};
pub use context::{Clock, Context, ContextParts, Counts, Meter, Secrets, Tap};
pub use io::{Inputs, Outputs, Wiring};
pub use limits::Limits;
pub use live::{
    Acknowledge, Arrived, Heard, Letter, Letters, Listening, Live, MESSAGE_BYTES, Mailbox, Room, Sample,
    WAITING_BYTES,
};
pub use publish::{Edition, Offer, Publisher};
