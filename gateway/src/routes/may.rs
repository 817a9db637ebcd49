use crate::{App, Caller, Kind, Problem, access};
use bus_core::api::Role;

/// Lets a caller go on who has this role on a workflow that its path does not name. What may not be seen is not there.
pub(super) async fn may(app: &App, caller: &Caller, workflow: &str, needed: Role) -> Result<Role, Problem> {
    let role = match caller.key_covers(workflow) {
        true => access::on_workflow(app, &caller.account()?.id, workflow).await?,
        false => None,
    };
    match role {
        None => Err(Problem::new(Kind::Missing)),
        Some(role) if role < needed => Err(Problem::new(Kind::Forbidden)),
        Some(role) => Ok(role),
    }
}
