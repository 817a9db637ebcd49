//! Macros: `all`, `exists`, `exists_one`, `map`, `filter` and their forms with two variables.

use super::{
    error::Fail,
    eval::{Evaluated, Run},
    ops::{kind_message, order},
    program::{Loop, LoopKind, Node},
    value::{Type, Val},
};
use crate::msg;
use std::cmp::Ordering;

/// What came of the items so far.
#[derive(Default)]
struct Gathered<'a> {
    items: Vec<Val<'a>>,
    entries: Vec<(Val<'a>, Val<'a>)>,
    count: u64,
    failed: Option<Fail>,
    decided: bool,
}

impl<'a> Run<'_, 'a> {
    pub(super) fn looped(&mut self, around: &'a Loop) -> Evaluated<'a> {
        let range = self.eval(&around.range)?;
        let range = if let Val::Optional(Some(inner)) = &range { (**inner).clone() } else { range };
        let mut gathered = Gathered::default();
        let before = self.locals.len();
        let outcome = match &range {
            Val::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                let index = Val::Int(i64::try_from(index).unwrap_or(i64::MAX));
                self.visit(around, (index, item), &mut gathered)
            }),
            Val::Map(entries) => entries.iter().try_for_each(|(key, value)| {
                let pair = if around.two { (key, value) } else { (Val::Null, key) };
                self.visit(around, pair, &mut gathered)
            }),
            Val::Null => Err(Fail::null(msg!("a list is needed here; this is null")).at(around.range.span)),
            other => Err(Fail::from(msg!(
                "a list is needed here; this is {kind}",
                kind = kind_message(other.kind())
            ))
            .at(around.range.span)),
        };
        self.locals.truncate(before);
        outcome.map_err(|fail| fail.of_field(around.range.path(self.names).as_deref()))?;
        self.conclude(around.kind, gathered)
    }

    /// One turn, for an index (or key) and an item (or value).
    fn visit(
        &mut self,
        around: &'a Loop,
        pair: (Val<'a>, Val<'a>),
        gathered: &mut Gathered<'a>,
    ) -> Result<(), Fail> {
        if gathered.decided {
            return Ok(());
        }
        self.fuel.spend(1)?;
        let before = self.locals.len();
        let (first, second) = pair;
        let key = first.clone();
        let item = second.clone();
        if around.two {
            self.locals.push(first);
        }
        self.locals.push(second);
        let outcome = self.turn(around, (key, item), gathered);
        self.locals.truncate(before);
        outcome
    }

    fn turn(
        &mut self,
        around: &'a Loop,
        pair: (Val<'a>, Val<'a>),
        gathered: &mut Gathered<'a>,
    ) -> Result<(), Fail> {
        if let Some(filter) = &around.filter
            && !self.truth(filter)?
        {
            return Ok(());
        }
        let body = &around.body;
        match around.kind {
            LoopKind::All => self.quantify(body, false, gathered)?,
            LoopKind::Exists => self.quantify(body, true, gathered)?,
            LoopKind::ExistsOne => gathered.count += u64::from(self.truth(body)?),
            LoopKind::List => {
                let value = self.eval(body)?;
                gathered.items.push(value);
            }
            LoopKind::Filter => {
                if self.truth(body)? {
                    gathered.items.push(pair.1);
                }
            }
            LoopKind::Values => {
                let value = self.eval(body)?;
                self.insert(&mut gathered.entries, pair.0, value)?;
            }
            LoopKind::Entries => {
                let made = self.eval(body)?;
                let Val::Map(entries) = &made else {
                    return Err(Fail::from(msg!("an object is needed here")).at(body.span));
                };
                for (key, value) in entries.iter() {
                    self.insert(&mut gathered.entries, key, value)?;
                }
            }
            LoopKind::SortBy => {
                let key = self.eval(body)?;
                gathered.entries.push((key, pair.1));
            }
        }
        Ok(())
    }

    /// `all` and `exists`: an item that decides hides the failure of the others.
    fn quantify(&mut self, body: &'a Node, decides: bool, gathered: &mut Gathered<'a>) -> Result<(), Fail> {
        match self.truth(body) {
            Ok(value) if value == decides => gathered.decided = true,
            Ok(_) => {}
            Err(fail) if self.fuel.is_spent() => return Err(fail),
            Err(fail) => {
                gathered.failed.get_or_insert(fail);
            }
        }
        Ok(())
    }

    fn conclude(&mut self, kind: LoopKind, gathered: Gathered<'a>) -> Evaluated<'a> {
        let Gathered { items, entries, count, failed, decided } = gathered;
        match kind {
            LoopKind::All | LoopKind::Exists => {
                let decides = kind == LoopKind::Exists;
                match failed {
                    _ if decided => Ok(Val::Bool(decides)),
                    Some(fail) => Err(fail),
                    None => Ok(Val::Bool(!decides)),
                }
            }
            LoopKind::ExistsOne => Ok(Val::Bool(count == 1)),
            LoopKind::List | LoopKind::Filter => Ok(Val::list(items)),
            LoopKind::Values | LoopKind::Entries => Ok(Val::map(entries)),
            LoopKind::SortBy => {
                self.fuel.items(entries.len() * 8)?;
                sorted(entries)
            }
        }
    }
}

/// The values in the order of their keys.
pub(super) fn sorted<'a>(mut entries: Vec<(Val<'a>, Val<'a>)>) -> Evaluated<'a> {
    // only keys of one kind are sorted: the order must be total
    if let Some((first, _)) = entries.first() {
        let first = first.clone();
        for (key, _) in &entries {
            if order(key, key).is_none() || order_class(key) != order_class(&first) {
                return Err(msg!(
                    "{left} and {right} have no order",
                    left = kind_message(first.kind()),
                    right = kind_message(key.kind())
                )
                .into());
            }
        }
    }
    entries.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(Ordering::Equal));
    Ok(Val::list(entries.into_iter().map(|(_, value)| value).collect()))
}

fn order_class(value: &Val<'_>) -> Type {
    match value.kind() {
        Type::Int | Type::Uint | Type::Double => Type::Double,
        kind => kind,
    }
}
