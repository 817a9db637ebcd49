//! Every workflow of the gallery runs through the binary and writes what stands in `workflows/attendus`.
//! `BLESS=1` rewrites the expectations: the diff is the review.

use house_tests::{
    root,
    server::{Exchange, Server},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a workflow on a copy of the gallery and compares its results.
fn check(workflow: &str, arguments: &[String], folder: &Path) {
    let ran = Command::new(env!("CARGO_BIN_EXE_semantic-bus"))
        .args(["--lang", "en", "run", &format!("{workflow}.yaml")])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    assert!(ran.status.success(), "{workflow}: {}", String::from_utf8_lossy(&ran.stderr));
    let (results, expected) =
        (files(&folder.join("resultats")), root().join("workflows/attendus").join(workflow));
    if env::var_os("BLESS").is_some() {
        for (name, text) in &results {
            let path = expected.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
    }
    let expected = files(&expected);
    assert_eq!(results.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{workflow}");
    for (name, text) in expected {
        assert_eq!(results[&name], text, "{workflow}: {name}");
    }
}

/// The files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("read").map(|entry| entry.expect("an entry").path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            found
                .insert(path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/"), text);
        }
    }
    found
}

/// A copy of the gallery, to run in.
fn gallery() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut waiting = vec![(root().join("workflows"), folder.path().to_owned())];
    while let Some((from, to)) = waiting.pop() {
        fs::create_dir_all(&to).expect("made");
        for entry in fs::read_dir(&from).expect("read").map(|entry| entry.expect("an entry")) {
            let (path, copy): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
            match entry.file_name().to_str() {
                Some("resultats" | "attendus") => {}
                _ if path.is_dir() => waiting.push((path, copy)),
                _ => drop(fs::copy(path, copy).expect("copied")),
            }
        }
    }
    folder
}

#[test]
fn bornes_de_recharge() {
    check("bornes-de-recharge", &[], gallery().path());
}

#[test]
fn production_solaire() {
    check("production-solaire", &[], gallery().path());
}

#[test]
fn conversion_and_back() {
    let folder = gallery();
    check("conversion", &[], folder.path());
    check("conversion-retour", &[], folder.path());
    let original = fs::read_to_string(folder.path().join("donnees/mesures.csv")).expect("read");
    for (name, text) in files(&folder.path().join("resultats/retour")) {
        assert_eq!(text.replace("\r\n", "\n"), original, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tableur_vers_carte() {
    let folder = gallery();
    let sheet = fs::read_to_string(folder.path().join("donnees/evenements.csv")).expect("read");
    // a published sheet redirects before it answers
    let exchange = |given: serde_json::Value| serde_json::from_value::<Exchange>(given).expect("an exchange");
    let server = Server::start(vec![
        exchange(json!({ "path": "/pub?output=csv", "status": 307, "headers": { "location": "{server}/sheet" } })),
        exchange(json!({ "path": "/sheet", "headers": { "content-type": "text/csv" }, "body": sheet })),
        exchange(json!({ "method": "POST", "path": "/geocodage/search/csv", "headers": { "content-type": "text/csv" }, "body": GEOCODED })),
    ])
    .await
    .expect("a server");
    let arguments = [
        "--allow-host".to_owned(),
        "127.0.0.1".to_owned(),
        "--param".to_owned(),
        format!("tableur={}/pub?output=csv", server.address()),
        "--param".to_owned(),
        format!("geocodeur={}/geocodage", server.address()),
    ];
    tokio::task::spawn_blocking(move || check("tableur-vers-carte", &arguments, folder.path()))
        .await
        .expect("checked");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

/// What the geocoder answers to a table of addresses, one of them unknown.
const GEOCODED: &str = r#"row,q,postcode,citycode,latitude,longitude,result_score,result_label,result_type,result_citycode,result_context,result_status
0,8 boulevard du Port 80000 Amiens,80000,,49.897443,2.290084,0.96,8 Boulevard du Port 80000 Amiens,housenumber,80021,"80, Somme, Hauts-de-France",ok
1,12 rue de la Paix 75002 Paris,75002,,48.869565,2.331447,0.97,12 Rue de la Paix 75002 Paris,housenumber,75102,"75, Paris, Île-de-France",ok
2,1 place de l'Hôtel de Ville 38000 Grenoble,38000,,45.188529,5.724523,0.71,Place de Verdun 38000 Grenoble,street,38185,"38, Isère, Auvergne-Rhône-Alpes",ok
3,Place du Marché 56100 Lorient,56100,,,,,,,,,not-found
"#;
