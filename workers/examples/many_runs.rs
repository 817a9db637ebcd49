//! Fills a store with copies of a run that has ended, to measure lists of many.
//!
//! `cargo run -p workers --example many_runs URI DATABASE RUN COUNT`; instead of the address of a MongoDB, a data
//! folder of a server that does not run

use backplane::{
    Expect, Store,
    embedded::Embedded,
    mongo::{Mongo, MongoSettings},
};
use std::{env, error::Error, path::Path, sync::Arc};
use tokio::task::JoinSet;
use workers::{RUNS, SystemClock};

/// Copies saved at the same time.
const TOGETHER: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [uri, database, run, count] = arguments.as_slice() else {
        return Err("URI DATABASE RUN COUNT".into());
    };
    workers::runtime(None)?.block_on(async {
        let store: Arc<dyn Store> = if uri.starts_with("mongodb") {
            let settings = MongoSettings { database: database.clone(), ..MongoSettings::new(uri) };
            Mongo::connect(settings).await?
        } else {
            Arc::new(Embedded::open(Path::new(uri), Arc::new(|| workers::now(&SystemClock)))?)
        };
        fill(store, run, count.parse()?).await
    })
}

async fn fill(store: Arc<dyn Store>, run: &str, count: i64) -> Result<(), Box<dyn Error>> {
    let known = store.get(RUNS, run).await?.ok_or("there is no such run")?;
    let known = known.body.json();
    let accepted = known["accepted"].as_i64().ok_or("the run was never accepted")?;
    let mut saving = JoinSet::new();
    for number in 1..=count {
        let (store, mut body) = (Arc::clone(&store), known.clone());
        // a second apart, all before the one there is
        body["accepted"] = (accepted - number * 1_000).into();
        saving.spawn(async move {
            store.save(RUNS, &format!("copy-{number:08}"), body.into(), Expect::Anything).await
        });
        if saving.len() >= TOGETHER
            && let Some(saved) = saving.join_next().await
        {
            saved??;
        }
    }
    while let Some(saved) = saving.join_next().await {
        saved??;
    }
    Ok(())
}
