//! What each kind of component becomes.

mod combine;
mod fields;
mod geo;
mod rows;
mod shape;
mod triggers;
mod web;

use super::{
    script::Path,
    work::{Done, Scope, Work},
};
use bus_core::{Message, msg};

/// How a kind of component is translated.
type Translate = fn(&mut Work<'_>) -> Done;

/// The kind a module is known by today.
pub(super) fn canonical(module: &str) -> &str {
    match module {
        "postConsumer" | "restGetJson" | "httpGet" | "httpConsumerFile" => "httpConsumer",
        "restApiGet" | "restApiPost" => "httpProvider",
        "gouvFrGeoLocaliserMass" => "gouvFrGeoLocaliser",
        other => other,
    }
}

/// Whether a kind takes a second stream of records.
pub(super) fn has_second_input(module: &str) -> bool {
    matches!(canonical(module), "joinByField" | "valueMapping")
}

/// Whether components of this kind only start runs: links that leave them carry no records.
pub(super) fn starts_runs(module: &str) -> bool {
    module == "timer"
}

fn find(module: &str) -> Option<Translate> {
    Some(match canonical(module) {
        "httpConsumer" => web::consumer,
        "framcalcGetCsv" => web::ethercalc,
        "googleGetJson" => web::google_sheet,
        "sparqlRequest" => web::sparql,
        "httpProvider" => triggers::provider,
        "timer" => triggers::timer,
        "upload" => triggers::upload,
        "gouvFrGeoLocaliser" => geo::french,
        "googleGeoLocaliser" => geo::google,
        "gouvFrInverseGeo" => geo::reverse,
        "objectTransformer" => fields::transform,
        "valueMapping" => fields::value_mapping,
        "jsEvaluation" => fields::evaluation,
        "regex" => fields::regex,
        "slugify" => fields::slugify,
        "jsonLdConversion" => fields::json_ld,
        "valueFromPath" => shape::value_from_path,
        "keyToArray" => shape::key_to_array,
        "flat" => shape::flat,
        "propertiesMatrix" => shape::matrix,
        "binaryExtractor" | "xmlToObject" => shape::extractor,
        "cacheNosql" => shape::cache,
        "filter" => rows::filter,
        "sort" => rows::sort,
        "slice" => rows::slice,
        "unicity" => rows::unicity,
        "simpleAgregator" => combine::aggregate,
        "joinByField" => combine::join,
        _ => return None,
    })
}

/// Why a kind that is known has no translation.
fn reason(module: &str) -> Message {
    match module {
        "sftpConsumer" | "sftpUploader" => msg!("there is no connector for SFTP yet"),
        "mongoConnector" => msg!("there is no connector for MongoDB yet"),
        "sqlConnector" => msg!("there is no connector for SQL databases yet"),
        "influxdbConnector" => msg!("there is no connector for InfluxDB yet"),
        "imap" => msg!("there is no connector for mailboxes yet"),
        "googleAuth" => msg!("there is no sign-in at Google yet"),
        "scrapper" => msg!("pages are not driven in a browser here"),
        "queryParamsCreation" => {
            msg!("parameters of a run do not change while it runs: give them when it starts")
        }
        "arraySplitByCondition" => msg!("there is no step that cuts a list where a condition is met"),
        "incrementTable" => msg!("a step here keeps no table from one run to the next"),
        "deeperFocusOpeningBracket" => {
            msg!("the focus stands in each component now: this old one opened it for those that follow")
        }
        "" => msg!("it does not say what kind of component it is"),
        module => msg!("`{module}` is no component that is known", module = module),
    }
}

/// Makes steps of a component, or says why there are none.
pub(super) fn translate(work: &mut Work<'_>) -> Done {
    let module = work.component.called.clone();
    let Some(translate) = find(&module) else { return Err(reason(&module)) };
    work.focus()?;
    translate(work)
}

impl Work<'_> {
    /// Finds where the focus is, seen from the records.
    fn focus(&mut self) -> Done {
        let Some(focus) = &self.component.focus else { return Ok(()) };
        let path = focus.path.clone();
        if focus.pause > 0.0 {
            self.differs(msg!("there is no pause between items"));
        }
        if path.is_empty() || self.around.inputs == 0 {
            return Ok(());
        }
        match path.below(&self.base) {
            Some(below) if below.is_empty() => {
                // `$` is an item of what stands there, and the result is put back there
                self.base = Path::default();
                self.focused = true;
                Ok(())
            }
            Some(below) => {
                self.scope = Scope::Within(below);
                Ok(())
            }
            None => {
                let (path, base) = (path.to_string(), self.base.to_string());
                Err(msg!(
                    "what stands at `{path}` is not read: the records are what stands at `{base}`",
                    path = path,
                    base = base
                ))
            }
        }
    }

    /// Whether the whole of the focus was worked on at once.
    fn is_whole(&self) -> bool {
        self.component.focus.as_ref().is_some_and(|focus| focus.whole)
    }

    /// For kinds that work on lists: says where each item was worked on by itself.
    fn on_lists(&mut self) {
        let item_by_item =
            self.component.focus.as_ref().is_some_and(|focus| !focus.whole && !focus.path.is_empty());
        if item_by_item && self.scope == Scope::Records {
            self.differs(msg!("it worked on each item by itself, and works on all records here"));
        }
    }

    /// For kinds that only work on records.
    fn on_records_only(&self) -> Done {
        match &self.scope {
            Scope::Records => Ok(()),
            Scope::Within(path) => {
                let path = path.to_string();
                Err(msg!(
                    "its focus is on `{path}` within the records, where this step cannot work",
                    path = path
                ))
            }
        }
    }
}
