//! Connectors that misbehave, and one that reads its inputs one after the other.

use bus_core::{
    catalogue::Input,
    error::{Reject, StepError},
    msg,
    record::BatchBuilder,
};
use connectors::contract::{Connector, Context, Inputs, Outputs, Reading, Source, Transform};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static ALL: &[&Connector] = &[
    &Connector::source::<Endless>("endless"),
    &Connector::source::<Deaf>("deaf"),
    &Connector::transform::<Fail>("fail"),
    &Connector::transform::<Break>("break"),
    &Connector::transform::<Refuse>("refuse"),
    &Connector::transform::<RightThenLeft>("right-then-left"),
];

#[derive(Deserialize, JsonSchema)]
struct Endless {}

impl Source for Endless {
    async fn read(self, mut out: Outputs, _: Context) -> Result<Reading, StepError> {
        let mut builder = BatchBuilder::new();
        loop {
            for number in 0..1_000 {
                builder.int(number);
            }
            out.send(builder.take()).await?;
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Deaf {}

impl Source for Deaf {
    async fn read(self, _: Outputs, _: Context) -> Result<Reading, StepError> {
        std::future::pending().await
    }
}

#[derive(Deserialize, JsonSchema)]
struct Fail {}

impl Transform for Fail {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        for _ in 0..100 {
            let Some(batch) = inputs.next().await else { break };
            out.send(batch).await?;
        }
        Err(StepError::data(msg!("{problem}", problem = "no more")))
    }
}

#[derive(Deserialize, JsonSchema)]
struct Break {}

impl Transform for Break {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        for _ in 0..100 {
            let Some(batch) = inputs.next().await else { break };
            out.send(batch).await?;
        }
        panic!("a defect");
    }
}

#[derive(Deserialize, JsonSchema)]
struct Refuse {}

impl Transform for Refuse {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        while let Some(batch) = inputs.next().await {
            for record in batch.records() {
                out.reject(record, &Reject::new(msg!("{problem}", problem = "no")));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema)]
struct RightThenLeft {}

impl Transform for RightThenLeft {
    const INPUTS: &'static [Input] = &[Input::required("left"), Input::required("right")];

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        for port in ["right", "left"] {
            while let Some(batch) = inputs.next_from(port).await {
                out.send(batch).await?;
            }
        }
        Ok(())
    }
}
