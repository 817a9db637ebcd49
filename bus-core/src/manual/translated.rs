use crate::Language;
use serde_json::Value;

/// Members of a schema that hold data, not words.
const DATA: [&str; 4] = ["default", "examples", "const", "enum"];

/// A schema with its titles and descriptions in `language`; data within it stays as it is.
#[must_use]
pub fn translated(schema: &Value, language: Language) -> Value {
    match schema {
        Value::Object(members) => {
            let said = members.iter().map(|(name, member)| {
                let said = match member {
                    Value::String(text) if name == "title" || name == "description" => {
                        Value::from(language.text(text))
                    }
                    data if DATA.contains(&name.as_str()) => data.clone(),
                    other => translated(other, language),
                };
                (name.clone(), said)
            });
            Value::Object(said.collect())
        }
        Value::Array(items) => items.iter().map(|item| translated(item, language)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_translated_and_data_is_not() {
        let schema = json!({ "title": "Settings", "properties": {
            "title": { "description": "Settings", "default": { "title": "Settings" } },
        } });
        let french = translated(&schema, Language::Fr);
        assert_eq!(french["title"], "Réglages");
        assert_eq!(french["properties"]["title"]["description"], "Réglages");
        assert_eq!(french["properties"]["title"]["default"]["title"], "Settings");
        assert_eq!(translated(&schema, Language::En), schema);
    }
}
