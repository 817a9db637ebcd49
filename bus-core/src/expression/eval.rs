//! The evaluator: walks the program once per record and pays for every step it takes.

use super::{
    Scope,
    ast::Literal,
    error::Fail,
    functions::Args,
    kept::Kept,
    ops::{arithmetic, compare, equal, kind_message, lookup},
    program::{Node, Op},
    value::{Entries, Fuel, Type, Val},
};
use crate::{msg, record::Slot};
use std::borrow::Cow;

pub(super) type Evaluated<'a> = Result<Val<'a>, Fail>;

/// One evaluation under way.
pub(super) struct Run<'r, 'a> {
    pub(super) scope: &'r Scope<'a>,
    pub(super) names: &'a [Box<str>],
    pub(super) slots: &'r mut [Slot],
    pub(super) kept: &'r mut Kept,
    pub(super) fuel: Fuel,
    /// Variables of the macros around, innermost last.
    pub(super) locals: Vec<Val<'a>>,
}

/// Most values a function takes without a list on the heap.
const FEW: usize = 4;

impl<'a> Run<'_, 'a> {
    pub(super) fn eval(&mut self, node: &'a Node) -> Evaluated<'a> {
        self.fuel.spend(1)?;
        match &node.op {
            Op::Literal(literal) => Ok(constant(literal)),
            Op::Field { slot, kind } => self.field(node, *slot, *kind),
            Op::Local(place) => self.local(*place),
            Op::And(terms) => self.logic(terms, false),
            Op::Or(terms) => self.logic(terms, true),
            Op::Equal { negated, sides } => {
                let [a, b] = &**sides;
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                equal(&a, &b, &mut self.fuel).map(|same| Val::Bool(same != *negated))
            }
            Op::Compare(operator, sides) => {
                let [left, right] = &**sides;
                let (a, b) = (self.eval(left)?, self.eval(right)?);
                compare(*operator, &a, &b)
                    .map(Val::Bool)
                    .map_err(|fail| self.blame(fail, node, [(left, a.kind()), (right, b.kind())]))
            }
            Op::Arithmetic(operator, sides) => {
                let [left, right] = &**sides;
                let (a, b) = (self.eval(left)?, self.eval(right)?);
                let kinds = [a.kind(), b.kind()];
                arithmetic(*operator, a, b, &mut self.fuel)
                    .map_err(|fail| self.blame(fail, node, [(left, kinds[0]), (right, kinds[1])]))
            }
            Op::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                if self.truth(condition)? { self.eval(yes) } else { self.eval(no) }
            }
            Op::Not(operand) => self.truth(operand).map(|value| Val::Bool(!value)),
            Op::Call { function, args, regex } => {
                self.call(args, |args| function.run(args), regex.as_ref()).map_err(|fail| fail.at(node.span))
            }
            _ => self.rarer(node),
        }
    }

    /// Kept apart, so that the frame of [`Self::eval`] stays small.
    #[inline(never)]
    fn rarer(&mut self, node: &'a Node) -> Evaluated<'a> {
        match &node.op {
            Op::Type(kind) => Ok(Val::Type(*kind)),
            Op::Record => Ok(Val::of(self.scope.record)),
            Op::Parameters => Ok(Val::Map(Entries::Json(self.scope.parameters))),
            Op::Now => Ok(Val::Time(self.scope.now)),
            Op::Select { operand, slot, optional } => self.select(node, operand, *slot, *optional),
            Op::Has { operand, slot } => self.has(operand, *slot),
            Op::Index { operand, index, optional } => {
                let (operand, index) = (self.eval(operand)?, self.eval(index)?);
                self.index(operand, &index, *optional).map_err(|fail| fail.at(node.span))
            }
            Op::Negate(operand) => self.negate(node, operand),
            Op::In(sides) => self.is_in(node, sides),
            Op::List(items) => self.list(items),
            Op::Map(entries) => self.map(entries),
            Op::Loop(around) => self.looped(around),
            Op::Bind { value, body } => {
                let value = self.eval(value)?;
                self.with(value, body)
            }
            Op::IfPresent { optional, body, flat } => self.if_present(optional, body, *flat),
            Op::FirstOf { choices, errors } => self.first_of(choices, *errors),
            _ => Ok(Val::Null),
        }
    }

    fn field(&mut self, node: &Node, slot: usize, kind: Option<Type>) -> Evaluated<'a> {
        let (name, slot) = (self.names.get(slot), self.slots.get_mut(slot));
        let object = self.scope.record.as_object();
        if let (Some(object), Some(slot)) = (object, slot)
            && let Some(value) = slot.get(object)
        {
            return Ok(Val::of(value));
        }
        if let Some(kind) = kind {
            return Ok(Val::Type(kind));
        }
        let name = name.map(|name| &**name).unwrap_or_default();
        Err(Fail::no_field(name, object.map(|object| object.shape())).at(node.span))
    }

    fn local(&mut self, place: usize) -> Evaluated<'a> {
        let value = self.locals.get(place).cloned().unwrap_or(Val::Null);
        self.fuel.bytes(value.weight())?;
        Ok(value)
    }

    /// `&&` and `||`: one side that decides hides the failure of the other, whichever comes first.
    fn logic(&mut self, terms: &'a [Node], decides: bool) -> Evaluated<'a> {
        let mut failed = None;
        for term in terms {
            match self.truth(term) {
                Ok(value) if value == decides => return Ok(Val::Bool(decides)),
                Ok(_) => {}
                Err(fail) if self.fuel.is_spent() => return Err(fail),
                Err(fail) => {
                    failed.get_or_insert(fail);
                }
            }
        }
        failed.map_or(Ok(Val::Bool(!decides)), Err)
    }

    /// The value of a condition.
    pub(super) fn truth(&mut self, node: &'a Node) -> Result<bool, Fail> {
        match self.eval(node)? {
            Val::Bool(value) => Ok(value),
            other => Err(self.not_a_condition(node, &other)),
        }
    }

    #[cold]
    fn not_a_condition(&self, node: &Node, value: &Val<'_>) -> Fail {
        let fail = match value {
            Val::Null => Fail::null(msg!("a condition must be true or false; this is null")),
            other => {
                msg!("a condition must be true or false; this is {kind}", kind = kind_message(other.kind()))
                    .into()
            }
        };
        fail.at(node.span).of_field(node.path(self.names).as_deref())
    }

    /// Names the side that is null or masked, rather than the operator.
    #[cold]
    fn blame(&self, fail: Fail, node: &Node, sides: [(&Node, Type); 2]) -> Fail {
        let guilty = sides.into_iter().find(|(_, kind)| matches!(kind, Type::Null | Type::Masked));
        let Some((side, kind)) = guilty else { return fail.at(node.span) };
        let path = side.path(self.names);
        let shown = path.clone().unwrap_or_else(|| "…".to_owned());
        let fail = match kind {
            Type::Null => Fail::null(msg!(
                "`{field}` is null: give a value to use instead, such as default({field}, 0)",
                field = shown
            )),
            _ => msg!(
                "`{field}` is masked: it cannot be computed with; ask is_masked({field}) first",
                field = shown
            )
            .into(),
        };
        fail.at(side.span).of_field(path.as_deref())
    }

    fn select(&mut self, node: &'a Node, operand: &'a Node, slot: usize, optional: bool) -> Evaluated<'a> {
        let operand = self.eval(operand)?;
        let name = self.names.get(slot).map(|name| &**name).unwrap_or_default();
        let (operand, optional) = match operand {
            Val::Optional(None) => return Ok(Val::Optional(None)),
            Val::Optional(Some(inner)) => ((*inner).clone(), true),
            other => (other, optional),
        };
        let Val::Map(entries) = &operand else {
            if optional && matches!(operand, Val::Null) {
                return Ok(Val::Optional(None));
            }
            return Err(self.not_an_object(node, name, operand.kind()));
        };
        let found = match entries {
            Entries::Record(object) => {
                self.slots.get_mut(slot).and_then(|slot| slot.get(*object)).map(Val::of)
            }
            other => other.field(name, &mut self.fuel)?,
        };
        match found {
            Some(value) if optional => Ok(Val::some(value)),
            Some(value) => Ok(value),
            None if optional => Ok(Val::Optional(None)),
            None => {
                let shape = if let Entries::Record(object) = entries { Some(object.shape()) } else { None };
                let fail = match (entries, shape) {
                    (Entries::Record(_), shape) => Fail::no_field(name, shape),
                    _ => Fail::null(msg!("there is no `{name}` here", name = name)),
                };
                Err(fail.at(node.span).of_field(node.path(self.names).as_deref()))
            }
        }
    }

    #[cold]
    fn not_an_object(&self, node: &Node, name: &str, kind: Type) -> Fail {
        let fail = match kind {
            Type::Null => Fail::null(msg!("`{name}` is asked of null", name = name)),
            kind => msg!(
                "`{name}` is asked of {kind}, which has no fields",
                name = name,
                kind = kind_message(kind)
            )
            .into(),
        };
        fail.at(node.span).of_field(node.path(self.names).as_deref())
    }

    fn has(&mut self, operand: &'a Node, slot: usize) -> Evaluated<'a> {
        let operand = match &operand.op {
            // has(a.b.c) is false also when there is no a.b
            Op::Field { .. } | Op::Select { .. } => match self.eval(operand) {
                Ok(value) => value,
                Err(fail) if fail.is_missing() => return Ok(Val::Bool(false)),
                Err(fail) => return Err(fail),
            },
            _ => self.eval(operand)?,
        };
        let name = self.names.get(slot).map(|name| &**name).unwrap_or_default();
        let there = match &operand {
            Val::Map(Entries::Record(object)) => {
                self.slots.get_mut(slot).and_then(|slot| slot.get(*object)).is_some()
            }
            Val::Map(entries) => entries.field(name, &mut self.fuel)?.is_some(),
            Val::Optional(Some(inner)) => match &**inner {
                Val::Map(entries) => entries.field(name, &mut self.fuel)?.is_some(),
                _ => false,
            },
            _ => false,
        };
        Ok(Val::Bool(there))
    }

    fn index(&mut self, operand: Val<'a>, index: &Val<'a>, optional: bool) -> Evaluated<'a> {
        let (operand, optional) = match operand {
            Val::Optional(None) => return Ok(Val::Optional(None)),
            Val::Optional(Some(inner)) => ((*inner).clone(), true),
            other => (other, optional),
        };
        let found = match &operand {
            Val::List(items) => {
                let place = whole_index(index)?;
                let found = usize::try_from(place).ok().and_then(|place| items.get(place));
                if found.is_none() && !optional {
                    return Err(msg!(
                        "there is no item {index}: the list has {count}, counted from 0",
                        index = place,
                        count = items.len()
                    )
                    .into());
                }
                found
            }
            Val::Map(entries) => lookup(entries, index, &mut self.fuel)?,
            Val::Null if optional => None,
            other => {
                return Err(msg!("{kind} has no items", kind = kind_message(other.kind())).into());
            }
        };
        match found {
            Some(value) if optional => Ok(Val::some(value)),
            Some(value) => Ok(value),
            None if optional => Ok(Val::Optional(None)),
            None => {
                let mut key = String::new();
                index.plain_text(&mut key)?;
                match &operand {
                    Val::Map(Entries::Record(object)) => Err(Fail::no_field(&key, Some(object.shape()))),
                    _ => Err(Fail::null(msg!("there is no `{name}` here", name = key))),
                }
            }
        }
    }

    fn negate(&mut self, node: &'a Node, operand: &'a Node) -> Evaluated<'a> {
        let value = self.eval(operand)?;
        match &value {
            Val::Int(int) => int
                .checked_neg()
                .map(Val::Int)
                .ok_or_else(|| Fail::from(msg!("-({number}) is too large", number = *int)).at(node.span)),
            Val::Double(_) | Val::Decimal(_) => Ok(Val::Double(-value.as_f64().unwrap_or(f64::NAN))),
            Val::Duration(duration) => {
                super::duration::Duration::of_nanos(-duration.nanos()).map(Val::Duration).ok_or_else(|| {
                    Fail::from(msg!("-({number}) is too large", number = duration.to_string())).at(node.span)
                })
            }
            other => {
                let fail = msg!("`-` does not go with {kind}", kind = kind_message(other.kind()));
                Err(self.blame(fail.into(), node, [(operand, other.kind()), (operand, other.kind())]))
            }
        }
    }

    fn is_in(&mut self, node: &'a Node, sides: &'a [Node; 2]) -> Evaluated<'a> {
        let [needle, hay] = sides;
        let needle = self.eval(needle)?;
        if let Op::List(items) = &hay.op
            && items.iter().all(|(item, optional)| !optional && matches!(item.op, Op::Literal(_)))
        {
            for (item, _) in items {
                self.fuel.spend(1)?;
                if let Op::Literal(literal) = &item.op
                    && equal(&needle, &constant(literal), &mut self.fuel)?
                {
                    return Ok(Val::Bool(true));
                }
            }
            return Ok(Val::Bool(false));
        }
        let hay_value = self.eval(hay)?;
        match &hay_value {
            Val::List(items) => {
                for item in items.iter() {
                    self.fuel.spend(1)?;
                    if equal(&needle, &item, &mut self.fuel)? {
                        return Ok(Val::Bool(true));
                    }
                }
                Ok(Val::Bool(false))
            }
            Val::Map(entries) => Ok(Val::Bool(lookup(entries, &needle, &mut self.fuel)?.is_some())),
            other => {
                let fail = match other {
                    Val::Null => Fail::null(msg!("`in` needs a list or an object; this is null")),
                    other => msg!(
                        "`in` needs a list or an object; this is {kind}",
                        kind = kind_message(other.kind())
                    )
                    .into(),
                };
                Err(fail.at(hay.span).of_field(hay.path(self.names).as_deref()).at(node.span))
            }
        }
    }

    fn list(&mut self, items: &'a [(Node, bool)]) -> Evaluated<'a> {
        let mut made = Vec::with_capacity(items.len());
        for (item, optional) in items {
            match self.eval(item)? {
                Val::Optional(None) if *optional => {}
                Val::Optional(Some(value)) if *optional => made.push((*value).clone()),
                value => made.push(value),
            }
        }
        Ok(Val::list(made))
    }

    fn map(&mut self, entries: &'a [(Node, Node, bool)]) -> Evaluated<'a> {
        let mut made: Vec<(Val<'a>, Val<'a>)> = Vec::with_capacity(entries.len());
        for (key_node, value, optional) in entries {
            let key = self.eval(key_node)?;
            let value = match self.eval(value)? {
                Val::Optional(None) if *optional => continue,
                Val::Optional(Some(value)) if *optional => (*value).clone(),
                value => value,
            };
            self.insert(&mut made, key, value).map_err(|fail| fail.at(key_node.span))?;
        }
        Ok(Val::map(made))
    }

    pub(super) fn insert(
        &mut self,
        entries: &mut Vec<(Val<'a>, Val<'a>)>,
        key: Val<'a>,
        value: Val<'a>,
    ) -> Result<(), Fail> {
        if !matches!(key, Val::Text(_) | Val::Int(_) | Val::Uint(_) | Val::Bool(_)) {
            return Err(msg!("{kind} cannot be a key", kind = kind_message(key.kind())).into());
        }
        for (known, _) in entries.iter() {
            self.fuel.spend(1)?;
            if equal(known, &key, &mut self.fuel)? {
                return Err(msg!("a key comes twice in one object").into());
            }
        }
        entries.push((key, value));
        Ok(())
    }

    /// Evaluates `body` with one more variable.
    pub(super) fn with(&mut self, value: Val<'a>, body: &'a Node) -> Evaluated<'a> {
        let before = self.locals.len();
        self.locals.push(value);
        let result = self.eval(body);
        self.locals.truncate(before);
        result
    }

    fn if_present(&mut self, optional: &'a Node, body: &'a Node, flat: bool) -> Evaluated<'a> {
        match self.eval(optional)? {
            Val::Optional(None) => Ok(Val::Optional(None)),
            Val::Optional(Some(value)) => {
                let result = self.with((*value).clone(), body)?;
                Ok(if flat { result } else { Val::some(result) })
            }
            other => Err(Fail::from(msg!(
                "an optional value is needed; this is {kind}",
                kind = kind_message(other.kind())
            ))
            .at(optional.span)),
        }
    }

    fn first_of(&mut self, choices: &'a [Node], errors: bool) -> Evaluated<'a> {
        let mut last = Ok(Val::Null);
        for choice in choices {
            last = self.eval(choice);
            match &last {
                Ok(Val::Null | Val::Optional(None)) if !errors => {}
                Ok(_) => return last,
                Err(_) if self.fuel.is_spent() => return last,
                Err(fail) if errors || fail.is_missing() => {}
                Err(_) => return last,
            }
        }
        last
    }

    fn call(
        &mut self,
        nodes: &'a [Node],
        function: impl FnOnce(&mut Args<'_, 'a>) -> Evaluated<'a>,
        regex: Option<&'a regex::Regex>,
    ) -> Evaluated<'a> {
        let mut few: [Val<'a>; FEW] = [const { Val::Null }; FEW];
        let mut many: Vec<Val<'a>> = Vec::new();
        if nodes.len() <= FEW {
            for (value, node) in few.iter_mut().zip(nodes) {
                *value = self.eval(node)?;
            }
        } else {
            for node in nodes {
                many.push(self.eval(node)?);
            }
        }
        let values = if nodes.len() <= FEW { few.get_mut(..nodes.len()) } else { Some(many.as_mut_slice()) };
        function(&mut Args {
            values: values.unwrap_or_default(),
            nodes,
            names: self.names,
            fuel: &mut self.fuel,
            kept: self.kept,
            regex,
        })
    }
}

pub(super) fn constant(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Null => Val::Null,
        Literal::Bool(value) => Val::Bool(*value),
        Literal::Int(int) => Val::Int(*int),
        Literal::Uint(uint) => Val::Uint(*uint),
        Literal::Double(number) => Val::Double(*number),
        Literal::Text(text) => Val::Text(Cow::Borrowed(text)),
        Literal::Bytes(bytes) => Val::Bytes(Cow::Borrowed(bytes)),
    }
}

/// A list's index: a whole number, also one that came as a double.
#[expect(clippy::cast_possible_truncation, reason = "whole and small")]
pub(super) fn whole_index(index: &Val<'_>) -> Result<i64, Fail> {
    match index {
        Val::Int(int) => Ok(*int),
        other => match other.as_f64() {
            Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => Ok(number as i64),
            _ => Err(msg!(
                "an item is named by a whole number, not by {kind}",
                kind = kind_message(other.kind())
            )
            .into()),
        },
    }
}
