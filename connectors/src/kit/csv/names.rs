use std::collections::HashSet;

/// The names of columns: trimmed, never empty, each once. Says which were changed, and to what.
pub(super) fn unique(raw: &[String]) -> (Vec<String>, Vec<(String, String)>) {
    let trimmed: Vec<String> = raw.iter().map(|name| name.trim().to_owned()).collect();
    let mut taken: HashSet<String> = trimmed.iter().cloned().collect();
    let mut seen = HashSet::new();
    let mut renamed = Vec::new();
    let mut names = Vec::with_capacity(raw.len());
    for (place, name) in trimmed.into_iter().enumerate() {
        if !name.is_empty() && seen.insert(name.clone()) {
            names.push(name);
            continue;
        }
        let stem = if name.is_empty() { "column".to_owned() } else { name.clone() };
        let mut number = if name.is_empty() { place + 1 } else { 2 };
        let mut made = format!("{stem}_{number}");
        while !taken.insert(made.clone()) {
            number += 1;
            made = format!("{stem}_{number}");
        }
        if !name.is_empty() {
            renamed.push((name, made.clone()));
        }
        seen.insert(made.clone());
        names.push(made);
    }
    (names, renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_once() {
        let names = ["a", " b ", "a", "", "a", "a_2", ""].map(str::to_owned);
        let (names, renamed) = unique(&names);
        assert_eq!(names, ["a", "b", "a_3", "column_4", "a_4", "a_2", "column_7"]);
        assert_eq!(renamed.len(), 2);
    }
}
