use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use backplane::{BackplaneError, Trouble};
use bus_core::{Language, Message, api, api::Finding, api::Severity, msg};
use workers::BusError;

/// What kind of problem a call met. Its name ends the `type` of the answer, `/problems/<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Nobody is signed in, or the session or key is not valid any more.
    SignIn,
    /// Whoever calls may not do this.
    Forbidden,
    /// The call does not come from a page of the bus.
    Foreign,
    /// There is no such thing, or whoever calls may not know of it.
    Missing,
    /// The path does not take this method.
    Method,
    /// No format that was asked for can be had.
    NotAcceptable,
    /// The request did not arrive in time.
    Slow,
    /// What is there does not allow it.
    Conflict,
    /// The link, session or data was there, but its time has passed.
    Expired,
    /// It was changed meanwhile.
    Changed,
    /// The body is too large.
    TooLarge,
    /// The body is not of a type that is taken here.
    MediaType,
    /// The request can be read, but not be followed.
    Invalid,
    /// The workflow's check found errors.
    Draft,
    /// The call must say which revision it changes.
    RevisionNeeded,
    /// Too many attempts.
    TooMany,
    /// The bus made a mistake.
    Ours,
    /// Not now.
    Unavailable,
}

impl Kind {
    /// All kinds, for the documentation.
    pub const ALL: [Self; 19] = [
        Self::Malformed,
        Self::SignIn,
        Self::Forbidden,
        Self::Foreign,
        Self::Missing,
        Self::Method,
        Self::NotAcceptable,
        Self::Slow,
        Self::Conflict,
        Self::Expired,
        Self::Changed,
        Self::TooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::Draft,
        Self::RevisionNeeded,
        Self::TooMany,
        Self::Ours,
        Self::Unavailable,
    ];

    /// The kind that stands for a status that something else than our code has given.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let same = |kind: &Self| kind.parts().1 == status && *kind != Self::Foreign && *kind != Self::Draft;
        let other = if status.is_server_error() { Self::Ours } else { Self::Malformed };
        Self::ALL.into_iter().find(same).unwrap_or(other)
    }

    /// Its status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.parts().1
    }

    fn parts(self) -> (&'static str, StatusCode, Message) {
        match self {
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, msg!("The request cannot be read")),
            Self::SignIn => ("sign-in", StatusCode::UNAUTHORIZED, msg!("Please sign in")),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, msg!("You may not do this")),
            Self::Foreign => {
                ("foreign", StatusCode::FORBIDDEN, msg!("The call does not come from a page of the bus"))
            }
            Self::Missing => ("missing", StatusCode::NOT_FOUND, msg!("There is no such thing")),
            Self::Method => {
                ("method", StatusCode::METHOD_NOT_ALLOWED, msg!("The path does not take this method"))
            }
            Self::NotAcceptable => (
                "not-acceptable",
                StatusCode::NOT_ACCEPTABLE,
                msg!("It cannot be had in a format that was asked for"),
            ),
            Self::Slow => ("slow", StatusCode::REQUEST_TIMEOUT, msg!("The request did not arrive in time")),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, msg!("What is there does not allow it")),
            Self::Expired => ("expired", StatusCode::GONE, msg!("It was there, but its time has passed")),
            Self::Changed => (
                "changed",
                StatusCode::PRECONDITION_FAILED,
                msg!("It was changed by somebody else meanwhile"),
            ),
            Self::TooLarge => {
                ("too-large", StatusCode::PAYLOAD_TOO_LARGE, msg!("What was sent is too large"))
            }
            Self::MediaType => (
                "media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                msg!("What was sent is not of a type that is taken here"),
            ),
            Self::Invalid => {
                ("invalid", StatusCode::UNPROCESSABLE_ENTITY, msg!("The request cannot be followed"))
            }
            Self::Draft => (
                "draft",
                StatusCode::UNPROCESSABLE_ENTITY,
                msg!("The workflow is a draft: its check found errors"),
            ),
            Self::RevisionNeeded => (
                "revision-needed",
                StatusCode::PRECONDITION_REQUIRED,
                msg!("Say with `If-Match` which revision you change"),
            ),
            Self::TooMany => ("too-many", StatusCode::TOO_MANY_REQUESTS, msg!("Too many attempts")),
            Self::Ours => ("ours", StatusCode::INTERNAL_SERVER_ERROR, msg!("The bus made a mistake")),
            Self::Unavailable => {
                ("unavailable", StatusCode::SERVICE_UNAVAILABLE, msg!("Not possible at the moment"))
            }
        }
    }
}

/// Why a call is refused. Written in the caller's language on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind it is.
    pub kind: Kind,
    /// What exactly happened and what to do.
    pub detail: Option<Box<Message>>,
    /// What is wrong at which place of the request.
    pub places: Vec<(String, Message)>,
    /// What a check found, already in the caller's language.
    pub findings: Vec<Finding>,
    /// The revision that stands now.
    pub revision: Option<u64>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind, with nothing more to say.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            places: Vec::new(),
            findings: Vec::new(),
            revision: None,
            retry_after: None,
        }
    }

    /// A problem of this kind, and what exactly happened.
    #[must_use]
    pub fn of(kind: Kind, detail: Message) -> Self {
        Self { detail: Some(Box::new(detail)), ..Self::new(kind) }
    }

    /// Something in the request is wrong at a place (`settings.name`).
    #[must_use]
    pub fn at(mut self, place: impl Into<String>, message: Message) -> Self {
        self.places.push((place.into(), message));
        self
    }

    /// A request that can be read but not be followed, for one member of its body.
    #[must_use]
    pub fn invalid(place: impl Into<String>, message: Message) -> Self {
        Self::new(Kind::Invalid).at(place, message)
    }

    /// Not before so many seconds.
    #[must_use]
    pub const fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A defect: its reason goes to the log, not to the caller.
    pub(crate) fn ours(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(reason = %reason, "a call met a defect");
        Self::new(Kind::Ours)
    }

    /// What the caller reads.
    pub(crate) fn written(&self, language: Language, request: &str) -> api::Problem {
        let (name, status, title) = self.kind.parts();
        let place = |(path, message): &(String, Message)| Finding {
            severity: Severity::Error,
            step: None,
            path: path.clone(),
            message: message.text(language),
            advice: String::new(),
        };
        api::Problem {
            kind: format!("/problems/{name}"),
            title: title.text(language),
            status: status.as_u16(),
            detail: self.detail.as_ref().map(|detail| detail.text(language)).unwrap_or_default(),
            instance: format!("/requests/{request}"),
            findings: self.places.iter().map(place).chain(self.findings.iter().cloned()).collect(),
            revision: self.revision,
            retry_after: self.retry_after,
        }
    }
}

impl IntoResponse for Problem {
    /// The status and headers; the text is written by the outermost layer, which knows the language.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind.status();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::SignIn {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<BackplaneError> for Problem {
    fn from(error: BackplaneError) -> Self {
        match error.trouble {
            Trouble::Conflict => Self::new(Kind::Conflict),
            Trouble::Unavailable => {
                tracing::error!(reason = %error, "the store or the broker cannot be reached");
                Self::new(Kind::Unavailable).after(5)
            }
            Trouble::Refused => Self::of(Kind::Invalid, error.message),
            Trouble::Corrupt => Self::ours(&error),
        }
    }
}

impl From<BusError> for Problem {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Missing => Self::new(Kind::Missing),
            BusError::Conflict { revision } => Self { revision: Some(revision), ..Self::new(Kind::Changed) },
            BusError::Draft(findings) => Self { findings, ..Self::new(Kind::Draft) },
            BusError::Refused(message) => Self::of(Kind::Invalid, message),
            BusError::Expired(message) => Self::of(Kind::Expired, message),
            BusError::Backplane(error) => error.into(),
        }
    }
}
