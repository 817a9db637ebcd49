use yew_router::prelude::*;

/// The pages. What must survive a reload stands in the address.
#[derive(Debug, Clone, PartialEq, Routable)]
pub(crate) enum Route {
    #[at("/")]
    Workflows,
    #[at("/sign-in")]
    SignIn,
    #[at("/first")]
    First,
    #[at("/accept")]
    Accept,
    #[at("/reset")]
    Reset,
    #[at("/gallery")]
    Gallery,
    #[at("/settings")]
    Settings,
    #[at("/publications")]
    Publications,
    #[at("/groups")]
    Groups,
    #[at("/cache")]
    Cache,
    #[at("/tasks-given-up")]
    Letters,
    #[at("/audit")]
    Audit,
    #[at("/workflows/:id/shares")]
    Shares { id: String },
    #[at("/workflows/:id/versions")]
    Versions { id: String },
    #[at("/workflows/:id/audit")]
    WorkflowAudit { id: String },
    #[at("/workflows/:id")]
    Workflow { id: String },
    #[at("/workflows/:id/runs/:run")]
    Run { id: String, run: String },
    #[not_found]
    #[at("/404")]
    NotFound,
}
