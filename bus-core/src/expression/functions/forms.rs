/// What is written like a function but is part of the language: it does not need all its values, or names a
/// variable of its own.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// How it is written.
    pub signature: &'static str,
    /// What it does, in English; the French text stands in the translations.
    pub about: &'static str,
    /// An example.
    pub example: &'static str,
    /// What the example gives, as JSON.
    pub result: &'static str,
}

const fn form(
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    result: &'static str,
) -> Form {
    Form { signature, about, example, result }
}

/// Every form, for the manual.
pub static FORMS: [Form; 12] = [
    form("has(field)", "Whether the record, or the object, has the field.", r#"has({"a": 1}.b)"#, "false"),
    form(
        "default(value, other)",
        "The value, or another where it is absent or null.",
        r#"default({"a": 1}.b, 0)"#,
        "0",
    ),
    form(
        "coalesce(values…)",
        "The first of the values that is neither absent nor null.",
        "coalesce(null, 2, 3)",
        "2",
    ),
    form(
        "try(value, other)",
        "The value, or another where it cannot be computed.",
        r#"try(int("x"), -1)"#,
        "-1",
    ),
    form(
        "list.all(x, condition)",
        "Whether the condition is true of every item, called x.",
        "[1, 2].all(x, x > 0)",
        "true",
    ),
    form(
        "list.exists(x, condition)",
        "Whether the condition is true of an item, called x.",
        "[1, 2].exists(x, x > 1)",
        "true",
    ),
    form(
        "list.exists_one(x, condition)",
        "Whether the condition is true of exactly one item.",
        "[1, 2].exists_one(x, x > 1)",
        "true",
    ),
    form(
        "list.map(x, [condition], value)",
        "A list of the value for each item, called x, of which the condition is true.",
        "[1, 2].map(x, x * 10)",
        "[10, 20]",
    ),
    form(
        "list.filter(x, condition)",
        "The items of which the condition is true.",
        "[1, 2].filter(x, x > 1)",
        "[2]",
    ),
    form(
        "list.sortBy(x, value)",
        "The items in ascending order of the value.",
        r#"["bb", "a"].sortBy(x, size(x))"#,
        r#"["a", "bb"]"#,
    ),
    form(
        "object.transformMap(key, x, value)",
        "The object with each value replaced.",
        r#"{"a": 1}.transformMap(k, x, x + 1)"#,
        r#"{"a": 2}"#,
    ),
    form(
        "cel.bind(x, value, expression)",
        "The expression with a value named x in it, computed once.",
        "cel.bind(x, 3, x * x)",
        "9",
    ),
];
