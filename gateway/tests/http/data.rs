//! Published data.

use crate::{
    place::Person,
    working::{Working, towns},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// The towns, published.
fn published(access: &str) -> Value {
    let mut document = towns();
    let settings = json!({ "slug": "villes", "access": access });
    document["steps"][2] = json!({ "id": "end", "connector": "publish", "settings": settings });
    document
}

const GET: Method = Method::GET;

#[tokio::test]
async fn everybody_reads_what_is_public_in_the_form_they_ask_for() {
    let bus = Working::new().await;
    let id = bus.workflow(published("public")).await;
    bus.ran(&id, json!({})).await;
    let nobody = Person::nobody();
    let read = async |path: &str, headers: &[(&str, &str)]| bus.call(&nobody, (GET, path), headers, "").await;
    let answer = read("/data/villes", &[]).await;
    assert_eq!(answer.json(), json!([{ "town": "Brest", "people": 139_456 }]), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("age"), "0");
    for (path, accept) in
        [("/data/villes.csv", "*/*"), ("/data/villes?format=csv", "*/*"), ("/data/villes", "text/csv")]
    {
        let answer = read(path, &[("accept", accept)]).await;
        assert_eq!(answer.text(), "town,people\nBrest,139456\n", "{path}");
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    }
    for extension in ["geojson", "ndjson", "xml"] {
        let answer = read(&format!("/data/villes.{extension}"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{extension}");
    }
    // without a context there is no graph
    let graph = read("/data/villes.ttl", &[("accept-language", "fr")]).await;
    assert_eq!(graph.status, StatusCode::NOT_ACCEPTABLE);
    assert!(graph.text().contains("les enregistrements n’ont pas de contexte"), "{}", graph.text());
    let head = bus.call(&nobody, (Method::HEAD, "/data/villes.csv"), &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    let unwanted = read("/data/villes", &[("accept", "image/png")]).await;
    assert_eq!(unwanted.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(read("/data/nothing", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn with_a_context_it_is_a_graph() {
    let bus = Working::new().await;
    let mut document = published("public");
    let context = json!({ "context": { "@vocab": "https://example.org/" } });
    let steps = document["steps"].as_array_mut().expect("steps");
    steps.push(json!({ "id": "meaning", "connector": "set-context", "settings": context }));
    document["links"] = json!(["towns -> large -> meaning -> end"]);
    let id = bus.workflow(document).await;
    bus.ran(&id, json!({})).await;
    for extension in ["ttl", "jsonld", "nt"] {
        let path = format!("/data/villes.{extension}");
        let answer = bus.call(&Person::nobody(), (GET, path.as_str()), &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{extension}: {}", answer.text());
        assert!(answer.text().contains("Brest"), "{extension}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_tag_lasts_as_long_as_the_data() {
    let bus = Working::new().await;
    let id = bus.workflow(published("public")).await;
    bus.ran(&id, json!({})).await;
    let nobody = Person::nobody();
    let read =
        async |headers: &[(&str, &str)]| bus.call(&nobody, (GET, "/data/villes.csv"), headers, "").await;
    let tag = read(&[]).await.header("etag").to_owned();
    assert_eq!(read(&[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
    bus.ran(&id, json!({ "parameters": { "least": 1 } })).await;
    // what is known of a publication is believed for a moment
    let changed = async {
        loop {
            let answer = read(&[("if-none-match", &tag)]).await;
            if answer.status == StatusCode::OK {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(5), changed).await.expect("in a moment");
    assert_eq!(answer.text(), "town,people\nBrest,139456\nQuimper,63283\n");
}

#[tokio::test]
async fn what_is_not_public_needs_somebody_who_may_see_its_workflow() {
    let bus = Working::new().await;
    let id = bus.workflow(published("key")).await;
    bus.ran(&id, json!({})).await;
    let eve = bus.place.invited(&bus.admin, "Eve").await;
    for person in [&Person::nobody(), &eve] {
        let answer = bus.call(person, (GET, "/data/villes"), &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let answer = bus.call(&bus.admin, (GET, "/data/villes"), &[], "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let listed = bus.admin.get(&bus.place, "/publications").await.json();
    assert_eq!((&listed[0]["slug"], &listed[0]["public"]), (&json!("villes"), &json!(false)));
    assert_eq!(eve.get(&bus.place, "/publications").await.json(), json!([]));
}
