//! Data from the web.

use crate::{
    contract::{Connector, Context, InParts, Outputs, Reading, Source},
    formats::FormatChoice,
    kit::{
        Damaged, Pattern, ReadOptions,
        http::{
            Address, Answer, Auth, Method, Next, Pages, Pair, Request, Retry, number_at, of_status, shown,
        },
        read,
        transport::{Whole, changed},
    },
};
use bus_core::{
    error::StepError,
    msg,
    plan::{Extent, ends},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

pub(crate) static CONNECTOR: Connector = Connector::source_in_parts::<Http>("http");

/// # Read from the web
///
/// Fetches data over HTTP, of any format; gzip and zip are opened on the way.
///
/// When the server is busy or does not answer, the call is repeated after a while. If the server says that
/// nothing has changed since the last run, nothing is read and nothing downstream runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "globe", "x-group" = "input", "x-outside" = true))]
struct Http {
    /// # Address
    ///
    /// Where the data is.
    #[schemars(extend("examples" = ["https://www.data.gouv.fr/fr/datasets/r/stations.csv"]))]
    url: Address,
    /// # Method
    ///
    /// What to do there.
    #[serde(default)]
    method: Method,
    /// # Query
    ///
    /// What to add to the address, after its `?`.
    #[serde(default)]
    query: Vec<Pair>,
    /// # Headers
    ///
    /// Headers to send. Passwords and keys belong in the authentication.
    #[serde(default)]
    headers: Vec<Pair>,
    /// # Body
    ///
    /// What to send along, such as a question in JSON.
    #[serde(default)]
    #[schemars(extend("x-form" = "text"))]
    body: Option<String>,
    /// # Authentication
    ///
    /// How to show who is calling.
    #[serde(default)]
    auth: Option<Auth>,
    /// # Pages
    ///
    /// How the data is continued, if it comes in pages.
    #[serde(default)]
    pages: Option<Pages>,
    /// # Most pages
    ///
    /// The step fails if there are more pages than this.
    #[serde(default = "most_pages")]
    most_pages: NonZeroU32,
    /// # Format
    ///
    /// The format of the data. If not chosen, the content type, the name and then the first bytes tell.
    #[serde(default)]
    format: Option<FormatChoice>,
    /// # Files in archives
    ///
    /// Which files of a zip archive to read, as a pattern; all if empty.
    #[serde(default)]
    #[schemars(extend("examples" = ["*.csv"]))]
    entries: Option<Pattern>,
    /// # Field for the address
    ///
    /// A field that is added to each record and tells the address it comes from.
    #[serde(default)]
    address_field: Option<String>,
    /// # Patience
    ///
    /// How many seconds to wait for the answer, and then for each piece of it.
    #[serde(default = "patience")]
    timeout: NonZeroU32,
    /// # Further attempts
    ///
    /// How often to try again when the server is busy or does not answer.
    #[serde(default = "attempts")]
    retries: u32,
    /// # Most bytes
    ///
    /// The step fails if an answer is larger than this. If not given, the limit of the program counts.
    #[serde(default)]
    most_bytes: Option<NonZeroU64>,
    /// # Damaged data
    ///
    /// What to do with an answer that cannot be read to its end.
    #[serde(default)]
    damaged: Damaged,
}

const fn most_pages() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(9_999)
}

const fn patience() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(29)
}

const fn attempts() -> u32 {
    3
}

/// What a server said of the state of its data.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Source for Http {
    async fn read(self, mut out: Outputs, context: Context) -> Result<Reading, StepError> {
        let mut request = self.request(&context)?;
        match &self.pages {
            None => Box::pin(self.read_once(&mut request, &mut out, &context)).await,
            Some(pages) => {
                let all = Stretch { from: 0, pages: None };
                Box::pin(self.read_pages((pages, all), request, &mut out, &context)).await?;
                Ok(Reading::Complete)
            }
        }
    }
}

/// Pages that are read one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    /// The first of them, from 0.
    from: u64,
    /// How many; if not given, all that are left.
    pages: Option<u64>,
}

impl InParts for Http {
    const FAR: bool = true;
    /// How many pages there are.
    type Seen = u64;
    type Part = Stretch;

    async fn look(&self, context: &Context) -> Result<Option<(Extent, u64)>, StepError> {
        let Some((pages, (total, on_page))) = self.pages.as_ref().and_then(|it| Some((it, it.countable()?)))
        else {
            return Ok(None);
        };
        let mut request = self.request(context)?;
        pages.go_to(&mut request, 0);
        let answer = accepted(self.fetch(&request, context).await?).await?;
        let first = answer.bytes(context.limits().document_bytes, context).await?;
        let body: Option<serde_json::Value> = serde_json::from_slice(&first).ok();
        let count = body.and_then(|body| number_at(&body, total)).map(|all| all.div_ceil(on_page));
        // whoever reads more than may be read says so
        let count = count.filter(|count| *count <= u64::from(self.most_pages.get()));
        let extent = |count: u64| Extent { bytes: count.saturating_mul(first.len() as u64), undivided: None };
        Ok(count.map(|count| (extent(count), count)))
    }

    async fn divide(&self, pages: u64, count: u32, _: &Context) -> Result<Vec<Stretch>, StepError> {
        let mut from = 0;
        let part = |to: u64| {
            // the last one reads on: there may be more by then
            let stretch = Stretch { from, pages: (to < pages).then_some(to - from) };
            from = to;
            stretch
        };
        Ok(ends(pages, count).map(part).collect())
    }

    async fn read_part(self, stretch: Stretch, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let Some(pages) = &self.pages else { return Err(changed()) };
        let request = self.request(&context)?;
        Box::pin(self.read_pages((pages, stretch), request, &mut out, &context)).await
    }
}

impl Http {
    fn request(&self, context: &Context) -> Result<Request, StepError> {
        let mut request = Request::new(self.method, self.url.url().clone());
        request.timeout = Duration::from_secs(self.timeout.get().into());
        request.most_bytes = self.most_bytes.map_or(context.limits().download_bytes, NonZeroU64::get);
        for pair in &self.query {
            request.url.query_pairs_mut().append_pair(&pair.name, &pair.value);
        }
        if let Some(body) = &self.body {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
            request.header("content-type", if is_json { "application/json" } else { "text/plain" })?;
            request.body = Some(body.clone().into_bytes());
        }
        for pair in &self.headers {
            request.header(&pair.name, &pair.value)?;
        }
        Ok(request)
    }

    /// Makes a call, with who is calling; once more with a new token if the server no longer takes the old.
    async fn fetch(&self, request: &Request, context: &Context) -> Result<Answer, StepError> {
        let (http, retry) = (context.http(), Retry::times(self.retries));
        let ours = request.url.origin() == self.url.url().origin();
        let Some(auth) = self.auth.as_ref().filter(|_| ours) else {
            return http.fetch(request, retry, context).await;
        };
        let mut signed = request.clone();
        auth.apply(&mut signed, http, context).await?;
        let answer = http.fetch(&signed, retry, context).await?;
        if answer.status().as_u16() == 401 && auth.renew(http).await {
            let mut signed = request.clone();
            auth.apply(&mut signed, http, context).await?;
            return http.fetch(&signed, retry, context).await;
        }
        Ok(answer)
    }

    async fn read_once(
        &self,
        request: &mut Request,
        out: &mut Outputs,
        context: &Context,
    ) -> Result<Reading, StepError> {
        let known: Option<Validators> =
            context.remembered().and_then(|known| serde_json::from_value(known).ok());
        let conditional = self.method == Method::Get;
        if let Some(known) = known.filter(|_| conditional) {
            let pairs = [("if-none-match", known.etag), ("if-modified-since", known.last_modified)];
            for (name, value) in pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
                request.header(name, value)?;
            }
        }
        let answer = self.fetch(request, context).await?;
        if answer.status().as_u16() == 304 {
            return Ok(Reading::Unchanged);
        }
        let answer = accepted(answer).await?;
        let text = |name: &str| answer.header(name).map(str::to_owned);
        let validators = Validators { etag: text("etag"), last_modified: text("last-modified") };
        self.read_answer(answer, out, context).await?;
        if conditional && validators != Validators::default() && !out.is_done() {
            context.remember(serde_json::to_value(validators).unwrap_or_default());
        }
        Ok(Reading::Complete)
    }

    async fn read_pages(
        &self,
        (pages, stretch): (&Pages, Stretch),
        mut request: Request,
        out: &mut Outputs,
        context: &Context,
    ) -> Result<(), StepError> {
        let (mut count, mut visited) = (stretch.from, HashSet::new());
        let mut total = pages.countable().map_or(0, |(_, on_page)| stretch.from.saturating_mul(on_page));
        let end = stretch.pages.map_or(u64::MAX, |pages| stretch.from.saturating_add(pages));
        pages.go_to(&mut request, stretch.from);
        out.behind(total);
        while !out.is_done() && count < end {
            if !visited.insert(request.url.clone()) {
                return Err(StepError::data(msg!("the pages go in a circle: this one was read before"))
                    .at(shown(&request.url)));
            }
            if count == u64::from(self.most_pages.get()) {
                return Err(StepError::data(msg!(
                    "there are more than {count} pages: raise the setting if that is meant",
                    count = count
                ))
                .at(shown(&request.url)));
            }
            let answer = self.fetch(&request, context).await?;
            if count > 0 && !pages.reads_body() && answer.status().as_u16() == 404 {
                // many servers have no page behind the last one rather than an empty one
                return Ok(());
            }
            let answer = accepted(answer).await?;
            let (url, headers) = (answer.url().clone(), answer.headers().clone());
            let before = handled(context);
            let body = self.read_page(pages, answer, out, context).await?;
            count += 1;
            let records = handled(context) - before;
            total += records;
            let next =
                Next { url: &url, headers: &headers, body: body.as_ref(), records, pages: count, total };
            if !pages.next(&mut request, &next).map_err(|error| error.at(shown(&url)))? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads one page; gives its body where that says how it goes on.
    async fn read_page(
        &self,
        pages: &Pages,
        answer: Answer,
        out: &mut Outputs,
        context: &Context,
    ) -> Result<Option<serde_json::Value>, StepError> {
        if !pages.reads_body() {
            self.read_answer(answer, out, context).await?;
            return Ok(None);
        }
        let (name, media_type) = (shown(answer.url()), answer.media_type().map(str::to_owned));
        let bytes = answer.bytes(context.limits().document_bytes, context).await?;
        let body = serde_json::from_slice(&bytes).map_err(|problem| {
            StepError::data(msg!(
                "the answer is not JSON, in which the next page could be found: {problem}",
                problem = problem.to_string()
            ))
            .at(name.clone())
        })?;
        let name = name.to_string();
        let options = ReadOptions { media_type: media_type.as_deref(), ..self.options(&name) };
        read(Whole::new(bytes), &options, out, context).await?;
        Ok(Some(body))
    }

    async fn read_answer(
        &self,
        answer: Answer,
        out: &mut Outputs,
        context: &Context,
    ) -> Result<(), StepError> {
        answer.check_encoding()?;
        let name = shown(answer.url()).to_string();
        let media_type = answer.media_type().map(str::to_owned);
        let by_file = || answer.file_name().and_then(|file| FormatChoice::of_name(&file));
        let told =
            self.format.clone().or_else(|| media_type.as_deref().and_then(FormatChoice::of_media_type));
        let format = told.or_else(|| FormatChoice::of_name(&name)).or_else(by_file);
        let options = ReadOptions { format: format.as_ref(), ..self.options(&name) };
        read(answer, &options, out, context).await
    }

    fn options<'a>(&'a self, name: &'a str) -> ReadOptions<'a> {
        ReadOptions {
            format: self.format.as_ref(),
            name,
            media_type: None,
            entries: self.entries.as_deref(),
            name_field: self.address_field.as_deref(),
            damaged: self.damaged,
            path: None,
        }
    }
}

/// The answer, if the server did what it was asked.
async fn accepted(answer: Answer) -> Result<Answer, StepError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (status, place) = (answer.status(), shown(answer.url()));
    Err(of_status(status, &answer.snippet().await).at(place))
}

/// Records sent on or refused so far.
fn handled(context: &Context) -> u64 {
    let counts = context.meter().counts();
    counts.records_out + counts.errors
}
