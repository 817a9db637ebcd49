use crate::texts::Texts;
use bus_core::api::{Column, Table};
use serde_json::Value;
use yew::prelude::*;

/// Records as a table: a column for each member, a row for each record.
pub(crate) fn records(table: &Table, texts: Texts) -> Html {
    let head = |column: &Column| {
        html! { <th scope="col"><span>{ &column.name }</span><span class="kind">{ kind(&column.kind, texts) }</span></th> }
    };
    let row = |(place, row): (usize, &Value)| {
        let number = table.from + u64::try_from(place).unwrap_or_default() + 1;
        // what is no object stands in a column without a name
        let member = |column: &Column| if row.is_object() { row.get(&column.name) } else { Some(row) };
        html! {
            <tr key={number.to_string()}>
                <th scope="row" class="number">{ texts.number(number) }</th>
                { for table.columns.iter().map(|column| cell(member(column), &column.kind, texts)) }
            </tr>
        }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={texts.data()}>
            <table class="records">
                <thead><tr><th scope="col"><span class="unseen">{ "#" }</span></th>{ for table.columns.iter().map(head) }</tr></thead>
                <tbody>{ for table.rows.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

fn cell(value: Option<&Value>, kind: &str, texts: Texts) -> Html {
    let right = matches!(kind, "integer" | "decimal").then_some("right");
    match value {
        None => html! { <td class="absent"><span class="unseen">{ texts.absent() }</span></td> },
        Some(Value::Null) => html! { <td class="absent">{ texts.null() }</td> },
        Some(Value::String(text)) => html! { <td class={classes!(right)} title={text.clone()}>{ text }</td> },
        Some(other) => {
            let text = other.to_string();
            html! { <td class={classes!(right)} title={text.clone()}>{ text }</td> }
        }
    }
}

fn kind(kind: &str, texts: Texts) -> String {
    match kind {
        "text" => texts.kind_text(),
        "integer" => texts.kind_integer(),
        "decimal" => texts.kind_decimal(),
        "boolean" => texts.kind_boolean(),
        "time" => texts.kind_time(),
        "list" => texts.kind_list(),
        "object" => texts.kind_object(),
        "mixed" => texts.kind_mixed(),
        other => return other.to_owned(),
    }
    .to_owned()
}
