use super::{
    Path, Trouble, library, methods, operators,
    path::is_place,
    syntax::{Entry, Expr, Node},
    written::{Kind, Level, Missing, Written, entry, number, object_text, quoted},
};
use bus_core::{
    Message,
    expression::{Expression, RESERVED},
    msg,
};
use std::collections::BTreeSet;

/// What the placeholder `$` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) enum Root {
    /// The record, whose place in the data of the earlier bus was this.
    Record(Path),
    /// A variable around the expression.
    Local(&'static str),
}

/// Names that mean something else when they stand alone, besides the reserved words.
const TAKEN: [&str; 25] = [
    "true",
    "false",
    "null",
    "in",
    "record",
    "params",
    "now",
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "type",
    "masked",
    "null_type",
    "optional_type",
    "math",
    "strings",
    "optional",
    "cel",
    "lists",
    "sets",
];

/// Whether a name does not read the field of that name.
fn is_taken(name: &str) -> bool {
    RESERVED.contains(&name) || TAKEN.contains(&name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter == '_' || letter.is_alphabetic())
        && text.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
}

/// How deep what is written nests at most: more than ours read.
const MOST_DEPTH: usize = 90;

/// Writes expressions of the earlier bus as ours.
pub(in crate::import) struct Writer {
    pub(in crate::import) root: Root,
    /// Parameters of the run that are used, by the name they get.
    pub(in crate::import) parameters: BTreeSet<String>,
    /// What is not quite the same.
    pub(in crate::import) remarks: Vec<Message>,
    /// Variables of arrow functions: their name there, and here.
    pub(super) locals: Vec<(String, String)>,
    /// The language of the names of days and months.
    pub(super) language: &'static str,
    depth: usize,
}

pub(super) type Outcome = Result<Written, Trouble>;

impl Writer {
    pub(in crate::import) fn new(root: Root) -> Self {
        let (parameters, remarks) = (BTreeSet::new(), Vec::new());
        Self { root, parameters, remarks, locals: Vec::new(), language: "en", depth: 0 }
    }

    pub(in crate::import) fn remark(&mut self, remark: Message) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// The value of an expression; it is one of ours that can be read.
    pub(in crate::import) fn value(&mut self, expr: &Expr) -> Outcome {
        let written = self.write(expr)?;
        self.readable(written, expr.at)
    }

    /// A condition: true or false also where the earlier bus took other values for that.
    pub(in crate::import) fn condition(&mut self, expr: &Expr) -> Outcome {
        let written = self.truth(expr, false)?;
        self.readable(written, expr.at)
    }

    fn readable(&self, written: Written, at: usize) -> Outcome {
        match written.text.parse::<Expression>() {
            Ok(_) => Ok(written),
            Err(error) => Err(Trouble::new(at, error.message().clone())),
        }
    }

    pub(super) fn write(&mut self, expr: &Expr) -> Outcome {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Trouble::new(expr.at, msg!("it nests too deeply")));
        }
        let written = self.node(expr);
        self.depth -= 1;
        written
    }

    fn node(&mut self, expr: &Expr) -> Outcome {
        match &expr.node {
            Node::Number(text) => Ok(number(text)),
            Node::Text(text) => Ok(Written::call(quoted(text), Kind::Text).sure()),
            Node::Bool(value) => Ok(Written::call(value.to_string(), Kind::Bool).sure()),
            Node::Nothing => Ok(Written::call("null", Kind::Nothing).sure()),
            Node::Regex { source, .. } => Err(no_translation(expr.at, &format!("/{source}/"))),
            Node::Parts(parts) => operators::text_of(self, parts),
            Node::Item(path) => self.item(path, expr.at),
            Node::Parameter(path) => Ok(self.parameter(path)),
            Node::Name(name) => self.name(name, expr.at),
            Node::List(entries) => self.list(entries),
            Node::Object(entries) => self.object(entries),
            Node::Member(operand, name) => methods::member(self, operand, name, expr.at),
            Node::Index(operand, index) => methods::index(self, operand, index),
            Node::Call(callee, arguments) => library::call(self, callee, arguments, expr.at),
            Node::New(name, arguments) => library::made(self, name, arguments, expr.at),
            Node::Unary(operator, operand) => operators::unary(self, operator, operand, expr.at),
            Node::Binary(operator, left, right) => operators::binary(self, operator, left, right),
            Node::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.truth(condition, true)?;
                let (yes, no) = (self.write(yes)?, self.write(no)?);
                let text = format!(
                    "{} ? {} : {}",
                    condition.within(Level::Or),
                    yes.within(Level::Or),
                    no.within(Level::Conditional)
                );
                let kind = yes.kind.or(no.kind);
                let mut written = Written::new(text, kind, Level::Conditional);
                let sure = [&condition, &yes, &no].iter().all(|part| part.missing == Missing::Never);
                if sure {
                    written.missing = Missing::Never;
                }
                Ok(written)
            }
            Node::Arrow(..) => Err(no_translation(expr.at, "=>")),
        }
    }

    /// Something of the record.
    pub(in crate::import) fn item(&mut self, path: &Path, at: usize) -> Outcome {
        let (start, path) = match &self.root {
            Root::Local(name) => (*name, path.clone()),
            Root::Record(base) => match path.below(base) {
                Some(path) => ("record", path),
                None if path.is_empty() => {
                    self.remark(msg!("the whole item is the record here, without what came beside it"));
                    ("record", Path::default())
                }
                None => {
                    let (path, base) = (path.to_string(), base.to_string());
                    return Err(Trouble::new(
                        at,
                        msg!(
                            "`{path}` does not stand below `{base}`, which is what is read",
                            path = path,
                            base = base
                        ),
                    ));
                }
            },
        };
        Ok(self.along(start, path.names()))
    }

    /// What a path leads to from a variable or the record.
    pub(super) fn along(&self, start: &str, names: &[String]) -> Written {
        let mut text = start.to_owned();
        let mut missing = Missing::Field;
        let mut optional = start.to_owned();
        for (depth, name) in names.iter().enumerate() {
            let alone = depth == 0 && start == "record";
            let free = !is_taken(name) && !self.locals.iter().any(|(_, local)| local == name);
            let mark = if depth == 0 { "?" } else { "" };
            if is_place(name) {
                optional += &format!("[{mark}{name}]");
            } else if is_name(name) && !matches!(name.as_str(), "in" | "true" | "false" | "null") {
                optional += &format!(".{mark}{name}");
            } else {
                optional += &format!("[{mark}{}]", quoted(name));
            }
            if is_place(name) {
                text = format!("{text}[{name}]");
                missing = Missing::Fails;
            } else if alone && is_name(name) && free {
                text.clone_from(name);
            } else if is_name(name) && !matches!(name.as_str(), "in" | "true" | "false" | "null") {
                text = format!("{text}.{name}");
            } else {
                text = format!("{text}[{}]", quoted(name));
            }
        }
        let mut written = Written::call(text, Kind::Any);
        written.missing = if names.is_empty() { Missing::Never } else { missing };
        if !names.is_empty() {
            written.optional = Some(optional);
        }
        if names.is_empty() && start == "record" {
            written.kind = Kind::Object;
        }
        written
    }

    /// A field of the record itself.
    pub(in crate::import) fn start(&self, name: &str) -> String {
        self.along("record", &[name.to_owned()]).text
    }

    /// Something of the record, or null.
    pub(in crate::import) fn item_text(&self, path: &Path) -> String {
        self.along("record", path.names()).or_null().text
    }

    /// A parameter of the run.
    pub(in crate::import) fn parameter(&mut self, path: &Path) -> Written {
        let name = parameter_name(path);
        self.parameters.insert(name.clone());
        Written::call(format!("params.{name}"), Kind::Text).sure()
    }

    fn name(&mut self, name: &str, at: usize) -> Outcome {
        if let Some((_, here)) = self.locals.iter().rev().find(|(there, _)| there == name) {
            let mut written = Written::call(here.clone(), Kind::Any);
            written.missing = Missing::Never;
            return Ok(written);
        }
        Err(no_translation(at, name))
    }

    fn list(&mut self, entries: &[Entry]) -> Outcome {
        let (mut lists, mut items) = (Vec::new(), Vec::new());
        for entry in entries {
            let value = self.write(&entry.value)?;
            if entry.spread {
                if !items.is_empty() {
                    lists.push(format!("[{}]", items.join(", ")));
                    items.clear();
                }
                lists.push(value.within(Level::Product));
            } else {
                items.push(value.or_null().text);
            }
        }
        if !items.is_empty() || lists.is_empty() {
            lists.push(format!("[{}]", items.join(", ")));
        }
        let level = if lists.len() > 1 { Level::Sum } else { Level::Member };
        Ok(Written::new(lists.join(" + "), Kind::List, level))
    }

    fn object(&mut self, entries: &[(Option<String>, Expr)]) -> Outcome {
        let (mut objects, mut fields): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for (key, expr) in entries {
            let value = self.write(expr)?;
            match key {
                Some(key) => fields.push(entry(key, &value)),
                None => {
                    objects.push(object_text(&fields));
                    fields.clear();
                    objects.push(value.text);
                }
            }
        }
        if objects.is_empty() {
            return Ok(Written::call(object_text(&fields), Kind::Object));
        }
        objects.push(object_text(&fields));
        objects.retain(|object| object != "{}");
        Ok(Written::call(format!("merge({})", objects.join(", ")), Kind::Object))
    }

    /// Writes `body` with a variable in it; gives the name it has here.
    pub(super) fn with<T>(
        &mut self,
        names: &[String],
        body: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<(Vec<String>, T), Trouble> {
        let before = self.locals.len();
        for name in names {
            let root = matches!(&self.root, Root::Local(root) if root == name);
            let taken = is_taken(name) || !is_name(name) || root;
            let taken = taken || self.locals.iter().any(|(_, local)| local == name);
            let here = if taken { format!("x{}", self.locals.len() + 1) } else { name.clone() };
            self.locals.push((name.clone(), here));
        }
        let outcome = body(self);
        let here = self.locals.split_off(before).into_iter().map(|(_, here)| here).collect();
        Ok((here, outcome?))
    }
}

/// The name of a parameter for a path such as `query.city`.
pub(in crate::import) fn parameter_name(path: &Path) -> String {
    let names = path.names();
    let names = match names.split_first() {
        Some((first, rest)) if first == "query" && !rest.is_empty() => rest,
        _ => names,
    };
    let letters = |name: &String| -> String {
        name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect()
    };
    let name = names.iter().map(letters).collect::<Vec<_>>().join("_");
    match name.chars().next() {
        None => "parameters".to_owned(),
        Some(letter) if letter.is_ascii_digit() => format!("_{name}"),
        Some(_) => name,
    }
}

pub(super) fn no_translation(at: usize, text: &str) -> Trouble {
    Trouble::new(at, msg!("`{text}` has no translation", text = text))
}
