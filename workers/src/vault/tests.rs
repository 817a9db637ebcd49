use super::*;
use crate::testing::Node;
use serde_json::json;

const CANARY: &str = "canary-7f3a-very-secret";

fn key(digit: char) -> String {
    digit.to_string().repeat(64)
}

async fn vault(node: &Node, keys: &str) -> Result<Vault, BusError> {
    Vault::open(node.store(), node.clock(), Keys::read(keys)?).await
}

fn naming(names: &[&str]) -> Workflow {
    let mut workflow = Workflow::new("w");
    let headers: Vec<Value> = names.iter().map(|name| json!({ "value": { "secret": name } })).collect();
    let settings = json!({ "headers": headers }).as_object().cloned().expect("an object");
    workflow.steps = vec![bus_core::workflow::Step { settings, ..Default::default() }];
    workflow
}

fn secret(text: &str) -> Password {
    Password(text.to_owned())
}

#[tokio::test]
async fn a_run_finds_the_secrets_its_settings_name_and_no_others() {
    let node = Node::new();
    let vault = vault(&node, &key('1')).await.expect("opened");
    vault.set("anne", "ban key", &secret(CANARY)).await.expect("set");
    vault.set("anne", "other", &secret("x")).await.expect("set");
    vault.set("bob", "ban key", &secret("of bob")).await.expect("set");
    let run = vault.secrets("anne", &naming(&["ban key", "missing"]), &Map::new()).await.expect("loaded");
    assert_eq!(run.get("ban key").as_deref(), Some(CANARY));
    assert_eq!((run.get("other"), run.get("missing")), (None, None));
    let parameters = json!({ "which": "other" }).as_object().cloned().expect("an object");
    let run = vault.secrets("anne", &naming(&["${which}"]), &parameters).await.expect("loaded");
    assert_eq!(run.get("other").as_deref(), Some("x"));
    let names: Vec<String> =
        vault.names("anne").await.expect("listed").into_iter().map(|name| name.name).collect();
    assert_eq!(names, ["ban key", "other"]);
    vault.delete("anne", "other").await.expect("deleted");
    assert_eq!(vault.delete("anne", "other").await, Err(BusError::Missing));
}

#[tokio::test]
async fn nothing_shows_a_value() {
    let node = Node::new();
    let vault = vault(&node, &key('1')).await.expect("opened");
    vault.set("anne", "ban key", &secret(CANARY)).await.expect("set");
    let run = vault.secrets("anne", &naming(&["ban key"]), &Map::new()).await.expect("loaded");
    let shown = format!("{vault:?} {run:?} {:?} {:?}", vault.names("anne").await, Keys::read(&key('1')));
    assert!(!shown.contains(CANARY) && !shown.contains("1111"), "{shown}");
    let mut files = vec![node.folder().to_owned()];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).expect("listed").map(|entry| entry.expect("read").path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("read");
        read += bytes.len();
        for needle in [CANARY, "canary-7f3a", &key('1')] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{} holds {needle}", path.display());
        }
    }
    assert!(read > 1_000, "the store was looked through");
}

#[tokio::test]
async fn a_value_cannot_be_given_to_another_name_or_owner() {
    let node = Node::new();
    let vault = vault(&node, &key('1')).await.expect("opened");
    vault.set("anne", "a", &secret(CANARY)).await.expect("set");
    vault.set("bob", "b", &secret("of bob")).await.expect("set");
    let mut stolen = node.store().get(SECRETS, "anne/a").await.expect("read").expect("there").body.json();
    let load = async || vault.secrets("bob", &naming(&["b"]), &Map::new()).await.expect_err("refused");
    for (owner, name) in [("anne", "a"), ("bob", "b")] {
        stolen["owner"] = owner.into();
        stolen["name"] = name.into();
        node.store().save(SECRETS, "bob/b", stolen.clone().into(), Expect::Anything).await.expect("written");
        let BusError::Backplane(error) = load().await else { panic!("another error") };
        assert_eq!(error.trouble, Trouble::Corrupt);
        assert!(!error.to_string().contains(CANARY));
    }
}

#[tokio::test]
async fn another_key_does_not_open_the_vault() {
    let node = Node::new();
    vault(&node, &key('1')).await.expect("opened").set("anne", "a", &secret("x")).await.expect("set");
    let error = vault(&node, &key('2')).await.expect_err("another key").to_string();
    assert!(error.contains("the vault was locked with the key"), "{error}");
    assert!(vault(&node, &key('1')).await.is_ok(), "nothing was changed");
    for text in ["", "12", &"g".repeat(64), &"1".repeat(65)] {
        assert!(matches!(Keys::read(text), Err(BusError::Refused(_))), "{text}");
    }
}

#[tokio::test]
async fn a_new_key_takes_over_from_the_old() {
    let node = Node::new();
    let old = vault(&node, &key('1')).await.expect("opened");
    for n in 0..3 {
        old.set("anne", &n.to_string(), &secret(&format!("value {n}"))).await.expect("set");
    }
    let both = vault(&node, &format!("{}\n{}", key('2'), key('1'))).await.expect("opened");
    let of = async |vault: &Vault| {
        vault.secrets("anne", &naming(&["2"]), &Map::new()).await.expect("loaded").get("2")
    };
    assert_eq!(of(&both).await.as_deref(), Some("value 2"));
    assert_eq!(both.renew().await, Ok(3));
    assert_eq!(both.renew().await, Ok(0));
    let new = vault(&node, &key('2')).await.expect("opened");
    assert_eq!(of(&new).await.as_deref(), Some("value 2"));
    assert!(vault(&node, &key('1')).await.is_err());
}
