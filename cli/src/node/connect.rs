//! Meets the others, and waits for them if they are not there yet.

use super::Backplane;
use crate::{
    exit::{Exit, Failure},
    node::refused,
    settings,
    signals::interrupted,
};
use backplane::{
    BackplaneError, Trouble,
    amqp::{Amqp, AmqpSettings},
    mongo::{Mongo, MongoSettings},
};
use connectors::contract::Clock;
use std::{sync::Arc, time::Duration};

/// How long one attempt lasts; the adapters try again within it.
const ATTEMPT: Duration = Duration::from_secs(15);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Connects to broker and store; waits for those that cannot be reached yet.
pub(super) async fn connect(
    amqp: &str,
    mongodb: &str,
    node: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Backplane, Failure> {
    let clock = Arc::clone(clock);
    let amqp = AmqpSettings {
        name: node.to_owned(),
        declare: settings::of("AMQP_DECLARE").as_deref() != Some("no"),
        certificates: settings::of("AMQP_CA"),
        start: ATTEMPT,
        ..AmqpSettings::new(amqp, Arc::new(move || workers::now(&*clock)))
    };
    let usual = MongoSettings::new(mongodb);
    let mongo = MongoSettings {
        database: database_of(mongodb).unwrap_or_else(|| usual.database.clone()),
        name: node.to_owned(),
        start: ATTEMPT,
        ..usual
    };
    let store = patiently(|| Mongo::connect(mongo.clone())).await?;
    let broker = patiently(|| Amqp::connect(amqp.clone())).await?;
    Ok(Backplane { broker, store, embedded: None })
}

/// Tries until it works; what waiting cannot mend ends it.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, BackplaneError>>,
{
    let stopped = interrupted();
    tokio::pin!(stopped);
    loop {
        let error = tokio::select! {
            tried = attempt() => match tried {
                Ok(made) => return Ok(made),
                Err(error) if error.trouble != Trouble::Unavailable => return Err(refused(error)),
                Err(error) => error,
            },
            () = &mut stopped => return Err(stopping()),
        };
        tracing::error!(%error, "the node waits");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = &mut stopped => return Err(stopping()),
        }
    }
}

fn stopping() -> Failure {
    Failure { exit: Exit::Interrupted, message: bus_core::msg!("the server is stopping") }
}

/// The database that an address names: what stands between the host and `?`.
fn database_of(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let name = path.split('?').next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::database_of;

    #[test]
    fn an_address_may_name_the_database() {
        assert_eq!(database_of("mongodb://bus:p@mongo/bus?authSource=bus").as_deref(), Some("bus"));
        assert_eq!(database_of("mongodb://a,b,c/?replicaSet=rs"), None);
        assert_eq!(database_of("mongodb://mongo"), None);
    }
}
