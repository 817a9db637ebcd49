//! Files that somebody has given for the sources of a workflow: they stand for what those would read.

use super::Catalogue;
use crate::{
    browser,
    bus::use_bus,
    components::{FileButton, Icon},
    moment::{now, when},
    texts::Texts,
};
use bus_core::{
    api::{Time, Upload},
    catalogue::Kind,
    workflow::{Step, Workflow},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

/// Which uploads stand for which sources, by step. Kept in this browser for as long as the server keeps the files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Given(BTreeMap<String, Upload>);

impl Given {
    /// Those of a workflow, without those whose time has passed.
    fn of(workflow: &str, now: Time) -> Self {
        let kept = browser::kept(&key(workflow)).and_then(|text| serde_json::from_str::<Self>(&text).ok());
        kept.unwrap_or_default().fresh(now)
    }

    fn fresh(mut self, now: Time) -> Self {
        self.0.retain(|_, upload| upload.until > now);
        self
    }

    /// What stands for a source.
    pub(crate) fn get(&self, step: &str) -> Option<&Upload> {
        self.0.get(step)
    }

    /// Step by step the upload that stands for it, for the steps that a document has.
    pub(crate) fn inputs(&self, document: &Workflow) -> BTreeMap<String, String> {
        let known = self.0.iter().filter(|(step, _)| document.step(step).is_some());
        known.map(|(step, upload)| (step.clone(), upload.id.clone())).collect()
    }

    /// The same with another file for a source, or with none.
    fn with(&self, step: String, upload: Option<Upload>) -> Self {
        let mut all = self.0.clone();
        match upload {
            Some(upload) => drop(all.insert(step, upload)),
            None => drop(all.remove(&step)),
        }
        Self(all)
    }

    fn keep(&self, workflow: &str) {
        let text = serde_json::to_string(self).unwrap_or_default();
        browser::keep(&key(workflow), (!self.0.is_empty()).then_some(text.as_str()));
    }
}

fn key(workflow: &str) -> String {
    format!("given.{workflow}")
}

/// A file for a source, or that it goes back to what it reads by itself.
pub(crate) type Give = Callback<(String, Option<Upload>)>;

/// The files given for a workflow, and a way to give others.
#[hook]
pub(crate) fn use_given(workflow: &AttrValue) -> (Rc<Given>, Give) {
    let state = use_state(|| Rc::new(Given::of(workflow, now())));
    let give = Callback::from({
        let (state, workflow) = (state.clone(), workflow.clone());
        move |(step, upload)| {
            let given = state.with(step, upload);
            given.keep(&workflow);
            state.set(Rc::new(given));
        }
    });
    (Rc::clone(&state), give)
}

/// The steps for which a file can be given: sources that read what stands in some format.
pub(crate) fn open_to_files<'a>(
    document: &'a Workflow,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a Step> {
    document.steps.iter().filter(|step| takes_a_file(step, catalogue) && !step.disabled)
}

/// Whether a file can be given for a step.
pub(crate) fn takes_a_file(step: &Step, catalogue: &Catalogue) -> bool {
    catalogue.get(&step.connector).is_some_and(|connector| {
        connector.kind == Kind::Source && connector.schema.pointer("/properties/format").is_some()
    })
}

/// For which source.
#[derive(Properties, PartialEq)]
pub(crate) struct OwnFileProps {
    /// The step.
    pub(crate) step: AttrValue,
    /// What people call it, if that does not stand above.
    #[prop_or_default]
    pub(crate) name: AttrValue,
    /// The files given so far.
    pub(crate) given: Rc<Given>,
    /// Gives another.
    pub(crate) give: Give,
    /// Hears of the name of a file that was given.
    #[prop_or_default]
    pub(crate) named: Callback<String>,
}

/// A file of one's own for a source: to be chosen, seen and taken back.
#[component]
pub(crate) fn OwnFile(props: &OwnFileProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let busy = use_state(|| false);
    let chosen = Callback::from({
        let (bus, busy, give, named, step) =
            (bus.clone(), busy.clone(), props.give.clone(), props.named.clone(), props.step.to_string());
        move |file: File| {
            let (bus, busy, give, named, step) =
                (bus.clone(), busy.clone(), give.clone(), named.clone(), step.clone());
            busy.set(true);
            spawn_local(async move {
                match bus.api.upload::<Upload>("/uploads", &file).await {
                    Ok(upload) => {
                        named.emit(upload.name.clone());
                        give.emit((step, Some(upload)));
                    }
                    Err(refusal) => bus.refused(&refusal),
                }
                busy.set(false);
            });
        }
    });
    let upload = props.given.get(&props.step);
    let back = props.give.reform({
        let step = props.step.to_string();
        move |_: MouseEvent| (step.clone(), None)
    });
    let label = if upload.is_some() { texts.other_file() } else { texts.own_file() };
    html! {
        <div class="own-file">
            if !props.name.is_empty() { <strong>{ &props.name }</strong> }
            <div class="row">
                if let Some(upload) = upload { { file(upload, back, texts) } }
                <FileButton id={format!("file-of-{}", props.step)} {label} about={props.name.clone()} {chosen} />
                if *busy { <span class="quiet-text" role="status">{ texts.uploading() }</span> }
            </div>
            <p class="help">
                if let Some(upload) = upload { { texts.own_file_until(when(upload.until, texts)) } }
                else { { texts.own_file_help() } }
            </p>
        </div>
    }
}

fn file(upload: &Upload, back: Callback<MouseEvent>, texts: Texts) -> Html {
    html! {
        <span class="file" role="status">
            <Icon name="file-text" /><span class="file-name">{ &upload.name }</span>
            <span class="quiet-text">{ texts.size(upload.size) }</span>
            <button type="button" class="quiet" aria-label={texts.no_own_file(&upload.name)} title={texts.no_own_file(&upload.name)} onclick={back}><Icon name="x" /></button>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: &str, until: i64) -> Upload {
        Upload {
            id: id.to_owned(),
            name: "a.csv".to_owned(),
            size: 1,
            format: "csv".to_owned(),
            until: Time(until),
        }
    }

    #[test]
    fn files_are_given_until_their_time_has_passed() {
        let given = Given::default().with("a".to_owned(), Some(upload("1", 10)));
        let given = given.with("b".to_owned(), Some(upload("2", 20)));
        let mut document = Workflow::new("w");
        for id in ["a", "b"] {
            document.steps.push(Step { id: id.to_owned(), ..Step::default() });
        }
        assert_eq!(given.inputs(&document).len(), 2);
        let later = given.fresh(Time(10));
        assert_eq!(later.inputs(&document), BTreeMap::from([("b".to_owned(), "2".to_owned())]));
        document.steps.pop();
        assert_eq!(later.inputs(&document), BTreeMap::new(), "a step that is gone is given nothing");
    }
}
