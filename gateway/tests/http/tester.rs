//! A property-based tester of HTTP APIs tries what the description allows and what it does not.

use crate::{listener::served, place::Place};
use serde_json::json;
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};
use tokio::task::{JoinSet, spawn_blocking};

/// Where `cargo xtask test` has installed it.
fn program() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    target.with_file_name("schemathesis").join("bin/schemathesis")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tester_of_apis_finds_no_defect() {
    let program = program();
    if !program.exists() {
        eprintln!("skipped: {} is not there, `cargo xtask test` installs it", program.display());
        return;
    }
    let (place, mut tasks) = (Place::new().await, JoinSet::new());
    let admin = place.first().await;
    let key = admin.post(&place, "/keys", json!({ "name": "tester", "scope": "write" })).await.json();
    let address = served(&place, &mut tasks).await;
    let (cookie, csrf) = (admin.cookie.expect("a cookie"), admin.csrf.expect("a token"));
    let key = format!("Authorization: Bearer {}", key["key"].as_str().expect("a key"));
    let session = [format!("Cookie: {cookie}"), format!("X-Csrf-Token: {csrf}")];
    // the key first: the session may delete it
    for headers in [&[key][..], &session[..]] {
        let mut command = Command::new("timeout");
        command.arg("60").arg(&program).arg("run").arg(format!("http://{address}/api/v1/openapi.json"));
        command.args(["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"]);
        command.args(["--max-examples", "4", "--phases", "fuzzing", "--workers", "2", "--seed", "1"]);
        // these would end the session that the tester calls with
        for operation in ["session.end", "session.end-all"] {
            command.args(["--exclude-operation-id", operation]);
        }
        for header in headers {
            command.args(["--header", header]);
        }
        command.current_dir(place.folder.path()).stdin(Stdio::null());
        let ran = spawn_blocking(move || command.output()).await.expect("ended").expect("started");
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
    place.stop.cancel();
    tasks.join_all().await;
}
