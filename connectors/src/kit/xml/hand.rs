//! What writes values as elements, one after the other.

use super::{
    chars::{is_blank, is_plain_name},
    escape::{write_attribute, write_text},
    fields::{Field, Plans, Role},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus_core::{
    loss::{Loss, LossReport},
    record::{Key, List, Object, Value},
};

/// The hand that writes, with what it must keep in mind.
#[derive(Default)]
pub(super) struct Hand {
    indent: usize,
    plans: Plans,
    /// Prefixes and namespaces declared on the elements that are open, innermost last.
    bound: Vec<(String, String)>,
    /// How many of them stand on the element around the items.
    shared: usize,
    path: String,
    text: String,
}

pub(super) fn write_namespace(prefix: &str, address: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(b"=\"");
    write_attribute(address, out);
    out.push(b'"');
}

impl Hand {
    pub(super) fn new(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// The declarations in force: prefix and namespace.
    pub(super) fn bound(&self) -> &[(String, String)] {
        &self.bound
    }

    /// Declares the namespaces that the first record uses on the element around all.
    pub(super) fn share(&mut self, first: Object<'_>, item: &str) {
        let fields = self.plans.of(first.shape());
        for (position, field) in fields.iter().enumerate().filter(|(_, field)| field.role == Role::Namespace)
        {
            if let Some(Value::Text(address)) = first.at(position)
                && may_declare(&field.name, address)
                && (uses_prefix(Value::Object(first), &field.name) || uses(item, &field.name))
            {
                self.bound.push((field.name.clone(), address.to_owned()));
            }
        }
        self.shared = self.bound.len();
    }

    pub(super) fn record(
        &mut self,
        name: &str,
        record: Value<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        self.path.clear();
        match record {
            Value::Object(object) => self.object(name, object, level, level > 0, out, losses),
            _ => self.element(&self.bound_name(name), record, level, out, losses),
        }
        if self.indent == 0 || level == 0 {
            out.push(b'\n');
        }
    }

    /// The name, with its colon replaced where its prefix stands for nothing.
    pub(super) fn bound_name(&self, name: &str) -> String {
        match name.split_once(':') {
            Some((prefix, _)) if !self.is_bound(prefix) => name.replace(':', "_"),
            _ => name.to_owned(),
        }
    }

    fn is_bound(&self, prefix: &str) -> bool {
        prefix == "xml" || self.bound.iter().any(|(known, _)| known == prefix)
    }

    fn name_of<'f>(&self, field: &'f Field) -> (&'f str, bool) {
        match &field.unprefixed {
            Some(other) if !field.name.split_once(':').is_some_and(|(prefix, _)| self.is_bound(prefix)) => {
                (other, true)
            }
            _ => (&field.name, field.renamed),
        }
    }

    /// Begins a line, where lines are indented.
    pub(super) fn line(&self, level: usize, out: &mut Vec<u8>) {
        if self.indent > 0 && out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        if self.indent > 0 {
            out.resize(out.len() + level * self.indent, b' ');
        }
    }

    fn element(
        &mut self,
        name: &str,
        value: Value<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        match value {
            Value::Object(object) => self.object(name, object, level, false, out, losses),
            Value::List(list) => self.nested_list(name, list, level, out, losses),
            _ => self.scalar(name, value, level, out, losses),
        }
    }

    fn nested_list(
        &mut self,
        name: &str,
        list: List<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        losses.note(&self.path, Loss::Approximated, "a list in a list is written as `item` elements");
        self.line(level, out);
        out.extend_from_slice(format!("<{name}>").as_bytes());
        for item in list.iter() {
            self.element("item", item, level + 1, out, losses);
        }
        self.line(level, out);
        out.extend_from_slice(format!("</{name}>").as_bytes());
    }

    fn scalar(
        &mut self,
        name: &str,
        value: Value<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        self.line(level, out);
        out.push(b'<');
        out.extend_from_slice(name.as_bytes());
        let text = self.plain(value, losses);
        if text.is_empty() {
            if !value.is_null() {
                losses.note(&self.path, Loss::Approximated, "empty text and null are the same empty element");
            }
            out.extend_from_slice(b"/>");
        } else {
            out.push(b'>');
            if is_blank(&text) && text.contains('\n') {
                losses.note(&self.path, Loss::Approximated, "line breaks alone are read back as nothing");
            }
            self.words(&text, out, losses);
            out.extend_from_slice(b"</");
            out.extend_from_slice(name.as_bytes());
            out.push(b'>');
        }
        self.text = text;
    }

    /// The text of a scalar, in the buffer that [`Self::text`] lends.
    fn plain(&mut self, value: Value<'_>, losses: &mut LossReport) -> String {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        match value {
            Value::Bytes(bytes) => {
                losses.note(&self.path, Loss::Approximated, "bytes are written as base64");
                STANDARD.encode_string(bytes, &mut text);
            }
            Value::Masked(mark) => {
                losses.note(&self.path, Loss::Approximated, "a masked value is written as its mark");
                text.push_str(mark);
            }
            _ => {
                value.write_plain(&mut text);
            }
        }
        text
    }

    fn words(&self, text: &str, out: &mut Vec<u8>, losses: &mut LossReport) {
        if !write_text(text, out) {
            losses.note(&self.path, Loss::Approximated, "characters that XML does not allow become U+FFFD");
        }
    }

    fn object(
        &mut self,
        name: &str,
        object: Object<'_>,
        level: usize,
        is_item: bool,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        let fields = self.plans.of(object.shape());
        let bound = self.bound.len();
        for (key, field, value) in
            parts(object, &fields).filter(|(_, field, _)| field.role == Role::Namespace)
        {
            match value {
                Value::Text(address) if may_declare(&field.name, address) => {
                    self.bound.push((field.name.clone(), address.to_owned()));
                }
                _ => losses.note(key, Loss::Dropped, "not a namespace declaration that XML allows"),
            }
        }
        self.line(level, out);
        out.push(b'<');
        let name = self.bound_name(name);
        out.extend_from_slice(name.as_bytes());
        let bare = is_item && self.shared > 0 && (uses(&name, "") || uses_prefix(Value::Object(object), ""));
        self.namespaces(bound, is_item, bare, out);
        self.attributes(object, &fields, out, losses);
        out.push(b'>');
        let start = out.len();
        let inline = self.children(object, &fields, level + 1, out, losses);
        if out.len() == start {
            if object.shape().is_empty() && !is_item {
                losses.note(
                    &self.path,
                    Loss::Approximated,
                    "an empty object and null are the same empty element",
                );
            }
            out.pop();
            out.extend_from_slice(b"/>");
        } else {
            if !inline {
                self.line(level, out);
            }
            out.extend_from_slice(b"</");
            out.extend_from_slice(name.as_bytes());
            out.push(b'>');
        }
        self.bound.truncate(bound);
    }

    /// Writes the declarations of an element; an item leaves out what the element around it says, and
    /// undoes its default namespace for `bare` names, which are in none.
    fn namespaces(&self, from: usize, is_item: bool, bare: bool, out: &mut Vec<u8>) {
        let shared = if is_item { self.bound.get(..self.shared).unwrap_or_default() } else { &[] };
        let own = self.bound.get(from..).unwrap_or_default();
        for (prefix, address) in own.iter().filter(|own| !shared.contains(own)) {
            write_namespace(prefix, address, out);
        }
        let without_default = own.iter().all(|(prefix, _)| !prefix.is_empty());
        if bare && without_default && shared.iter().any(|(prefix, _)| prefix.is_empty()) {
            write_namespace("", "", out);
        }
    }

    fn attributes(
        &mut self,
        object: Object<'_>,
        fields: &[Field],
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        for (key, field, value) in parts(object, fields).filter(|(_, field, _)| field.role == Role::Attribute)
        {
            let before = self.enter(key);
            let (name, renamed) = self.name_of(field);
            match value {
                Value::Null => losses.note(&self.path, Loss::Dropped, "an attribute cannot be null"),
                Value::List(_) | Value::Object(_) => {
                    losses.note(&self.path, Loss::Dropped, "an attribute cannot hold a list or an object");
                }
                _ => {
                    if renamed {
                        losses.note(&self.path, Loss::Renamed, "not a name that XML allows");
                    }
                    out.push(b' ');
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(b"=\"");
                    let text = self.plain(value, losses);
                    if !write_attribute(&text, out) {
                        losses.note(
                            &self.path,
                            Loss::Approximated,
                            "characters that XML does not allow become U+FFFD",
                        );
                    }
                    self.text = text;
                    out.push(b'"');
                }
            }
            self.path.truncate(before);
        }
    }

    /// Writes what stands inside; whether it is text, so that nothing may be indented.
    fn children(
        &mut self,
        object: Object<'_>,
        fields: &[Field],
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> bool {
        let find = |role: Role| parts(object, fields).find(|(_, field, _)| field.role == role);
        let content = find(Role::Content);
        let text = find(Role::Text);
        let indent = self.indent;
        if content.is_some() || text.is_some() {
            self.indent = 0;
        }
        if let Some((key, _, value)) = text {
            let before = self.enter(key);
            if let Value::List(_) | Value::Object(_) = value {
                losses.note(&self.path, Loss::Dropped, "text cannot be a list or an object");
            }
            let text = self.plain(value, losses);
            self.words(&text, out, losses);
            self.text = text;
            self.path.truncate(before);
        }
        if let Some((key, _, value)) = content {
            let before = self.enter(key);
            self.content(value, level, out, losses);
            self.path.truncate(before);
        }
        match find(Role::Order) {
            Some((_, _, Value::List(order))) => self.ordered(object, fields, order, level, out, losses),
            _ => {
                for (key, field, value) in
                    parts(object, fields).filter(|(_, field, _)| field.role == Role::Element)
                {
                    self.child(key, field, value, level, out, losses);
                }
            }
        }
        self.indent = indent;
        content.is_some() || text.is_some()
    }

    fn child(
        &mut self,
        key: &Key,
        field: &Field,
        value: Value<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        let before = self.enter(key);
        match value {
            Value::List(list) => {
                if list.is_empty() {
                    losses.note(&self.path, Loss::Dropped, "an empty list has no elements");
                }
                list.iter().for_each(|item| self.one_child(field, item, level, out, losses));
            }
            _ => self.one_child(field, value, level, out, losses),
        }
        self.path.truncate(before);
    }

    fn one_child(
        &mut self,
        field: &Field,
        value: Value<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        // a prefix may be declared on the child itself
        let own = matches!(value, Value::Object(object) if declares(object, &field.name));
        let (name, renamed) = if own { (field.name.as_str(), field.renamed) } else { self.name_of(field) };
        if renamed {
            losses.note(&self.path, Loss::Renamed, "not a name that XML allows");
        }
        self.element(name, value, level, out, losses);
    }

    /// Mixed content: texts and objects of one element each, in order.
    fn content(&mut self, value: Value<'_>, level: usize, out: &mut Vec<u8>, losses: &mut LossReport) {
        match value {
            Value::List(list) => list.iter().for_each(|part| self.content(part, level, out, losses)),
            Value::Object(object) => {
                let fields = self.plans.of(object.shape());
                for (key, field, value) in
                    parts(object, &fields).filter(|(_, field, _)| field.role == Role::Element)
                {
                    self.child(key, field, value, level, out, losses);
                }
            }
            _ => {
                let text = self.plain(value, losses);
                self.words(&text, out, losses);
                self.text = text;
            }
        }
    }

    /// Children in the order that `#order` names; what it leaves out comes after.
    fn ordered(
        &mut self,
        object: Object<'_>,
        fields: &[Field],
        order: List<'_>,
        level: usize,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) {
        let mut used = vec![0_usize; fields.len()];
        let nth = |value: Value<'_>, index: usize| match value {
            Value::List(list) => list.get(index).is_some(),
            _ => index == 0,
        };
        let all = order.iter().filter_map(Value::as_text).filter_map(|name| object.shape().position(name));
        let rest = (0..fields.len()).flat_map(|position| {
            let count = match object.at(position) {
                Some(Value::List(list)) => list.len(),
                Some(_) => 1,
                None => 0,
            };
            std::iter::repeat_n(position, count)
        });
        for position in all.chain(rest) {
            let (Some(key), Some(field), Some(value), Some(index)) = (
                object.shape().keys().get(position),
                fields.get(position).filter(|field| field.role == Role::Element),
                object.at(position),
                used.get_mut(position),
            ) else {
                continue;
            };
            if !nth(value, *index) {
                continue;
            }
            let one = match value {
                Value::List(list) => list.get(*index).unwrap_or(Value::Null),
                _ => value,
            };
            *index += 1;
            self.child(key, field, one, level, out, losses);
        }
    }

    /// Goes into the field `key`; gives what to cut the path back to.
    fn enter(&mut self, key: &str) -> usize {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        before
    }
}

/// The fields that are there, with what they become.
fn parts<'a>(
    object: Object<'a>,
    fields: &'a [Field],
) -> impl Iterator<Item = (&'a Key, &'a Field, Value<'a>)> {
    let keys = object.shape().keys().iter().zip(fields).enumerate();
    keys.filter_map(move |(position, (key, field))| Some((key, field, object.at(position)?)))
}

fn may_declare(prefix: &str, address: &str) -> bool {
    let named = prefix.is_empty() || (is_plain_name(prefix) && !address.is_empty());
    named && !matches!(prefix, "xml" | "xmlns") && !address.starts_with("http://www.w3.org/2000/xmlns/")
}

fn uses(name: &str, prefix: &str) -> bool {
    name.split_once(':').map_or("", |(prefix, _)| prefix) == prefix
}

fn declares(object: Object<'_>, name: &str) -> bool {
    name.split_once(':').is_some_and(|(prefix, _)| object.get(&format!("@xmlns:{prefix}")).is_some())
}

/// Whether a name inside the value has the prefix; elements without one use the default (empty) one.
fn uses_prefix(value: Value<'_>, prefix: &str) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, value)| {
            let name = key.strip_prefix('@');
            let by_name = match name {
                Some(name) => name.contains(':') && uses(name, prefix),
                None => !key.starts_with('#') && uses(key, prefix),
            };
            by_name || uses_prefix(value, prefix)
        }),
        Value::List(list) => list.iter().any(|item| uses_prefix(item, prefix)),
        _ => false,
    }
}
