//! The real binary, running workflows and converting files.

use crate::program::{Folder, semantic_bus};
use serde_json::{Value, json};
use std::fs;

const WORKFLOW: &str = "version: 1
name: Stations
parameters:
  most: { type: integer, default: 10 }
  place: { default: here }
steps:
  - { id: stations, connector: file, settings: { path: data/stations.ndjson } }
  - { id: first, connector: limit, settings: { records: '${most}' } }
  - { id: written, connector: file-out, settings: { path: 'out/${place}.ndjson' } }
links:
  - stations -> first -> written
";

fn folder() -> Folder {
    let folder = Folder::with(&[("stations.yaml", WORKFLOW)]);
    fs::create_dir(folder.path("data")).expect("a folder");
    fs::write(folder.path("data/stations.ndjson"), "{\"n\":1}\n{\"n\":2}\nnonsense\n{\"n\":3}\n")
        .expect("a file");
    folder
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path(name)).unwrap_or_default()
}

#[test]
fn a_workflow_runs() {
    let folder = folder();
    let done = folder.run(&["run", "stations.yaml"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);
    assert_eq!(read(&folder, "out/here.ndjson"), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    assert!(done.err.contains("line 3, column 1"), "{}", done.err);
    let done = folder.run(&["run", "stations.yaml", "--param", "most=1", "--param=place=there", "--lang=fr"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(read(&folder, "out/there.ndjson"), "{\"n\":1}\n");
    assert!(done.err.contains("terminé en "), "{}", done.err);
}

#[test]
fn other_files_and_the_report_as_data() {
    let folder = folder();
    fs::write(folder.path("other.json"), "[{\"n\": 7}]").expect("a file");
    let files = ["--input=stations=other.json", "--output=written=x.json"];
    let done = folder.run(&["run", "stations.yaml", files[0], files[1], "--report=json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let report: Value = serde_json::from_str(&done.out).unwrap_or_default();
    assert_eq!(report["outcome"], "done");
    assert_eq!(report["steps"][2]["receipt"]["written"], 1);
    assert_eq!(
        serde_json::from_str::<Value>(&read(&folder, "x.json")).unwrap_or_default(),
        json!([{ "n": 7 }])
    );
}

#[test]
fn refused_records_are_kept() {
    let folder = folder();
    let done = folder.run(&["run", "stations.yaml", "--errors", "refused", "--quiet"]);
    assert_eq!(done.code, 0);
    let refused: Value = serde_json::from_str(&read(&folder, "refused/stations.ndjson")).unwrap_or_default();
    assert_eq!((&refused["line"], &refused["record"]), (&json!(3), &json!("nonsense")));
    assert!(done.err.contains("refused/stations.ndjson"), "{}", done.err);
}

const VERIFIED: &str = "version: 1
steps:
  - { id: read, connector: file, settings: { path: places.csv } }
  - { id: named, connector: map, settings: { fields: [{ name: kw, value: { field: power } }] } }
  - { id: far, connector: filter, settings: { expression: place != \"here\" } }
  - { id: sound, connector: validate, settings: { fields: [{ field: kw, type: number }] } }
  - { id: gone, connector: discard }
links:
  - read -> named -> far -> sound -> gone
";

/// A row over two lines, a blank line, rows that a step leaves out: the line is that of the file all the same.
#[test]
fn records_refused_by_a_step_know_their_line() {
    let table = "place,power\nA,1\n\"B\nb\",2\nhere,3\n\nC,many\nD\nE,5\nF,few\n";
    let folder = Folder::with(&[("verified.yaml", VERIFIED), ("places.csv", table)]);
    let done = folder.run(&["run", "verified.yaml", "--errors", "refused", "--lang=fr"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("ligne 7 : champ `kw`"), "{}", done.err);
    let refused = read(&folder, "refused/sound.ndjson");
    let lines: Vec<Value> = refused
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["line"].clone())
        .collect();
    assert_eq!(lines, [json!(7), json!(10)]);
    // where a format has no lines to speak of, the record is counted
    folder.write("places.json", "[{\"place\":\"A\",\"power\":1},{\"place\":\"B\",\"power\":\"many\"}]");
    let done = folder.run(&["run", "verified.yaml", "--input=read=places.json"]);
    assert!(done.err.contains("record 2: field `kw`"), "{}", done.err);
    let lines = "{\"place\":\"A\",\"power\":1}\n\n{\"place\":\"B\",\"power\":\"many\"}\n";
    folder.write("places.ndjson", lines);
    let done = folder.run(&["run", "verified.yaml", "--input=read=places.ndjson"]);
    assert!(done.err.contains("line 3: field `kw`"), "{}", done.err);
}

#[test]
fn a_field_that_no_record_has_is_told() {
    let folder = Folder::with(&[("verified.yaml", VERIFIED), ("places.csv", "place,powre\nA,1\n")]);
    let done = folder.run(&["run", "verified.yaml"]);
    assert!(done.err.contains("field `power` dropped 1 times: no record has this field"), "{}", done.err);
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let folder = folder();
    let arguments = ["run", "stations.yaml", "--remember", "memory.json"];
    assert_eq!(folder.run(&arguments).code, 0);
    let again = folder.run(&arguments);
    assert!(again.code == 0 && again.err.contains("nothing has changed since the last run"), "{}", again.err);
}

#[test]
fn ways_to_fail() {
    let folder = folder();
    folder.write("wrong.yaml", "version: 1\nsteps:\n  - { id: a, connector: fil }\n");
    for (arguments, code, said) in [
        (&["run", "nowhere.yaml"][..], 4, "error: nowhere.yaml: "),
        (&["run", "wrong.yaml"], 3, "there is no connector `fil`"),
        (
            &["run", "stations.yaml", "--param", "most=many"],
            2,
            "parameter `most`: `many` is not a whole number",
        ),
        (
            &["run", "stations.yaml", "--param", "mots=1"],
            2,
            "there is no parameter `mots`: did you mean `most`?",
        ),
        (&["run", "stations.yaml", "--param", "most"], 2, "`most` lacks a part: write `--param name=value`"),
        (&["run", "stations.yaml", "--input", "first=x"], 2, "the step `first` is not a source"),
        (&["run", "stations.yaml", "--input", "stations=gone.json"], 1, "gone.json"),
        (&["run", "stations.yaml", "--report", "xml"], 2, "`xml` is not possible"),
    ] {
        let done = folder.run(arguments);
        assert_eq!(done.code, code, "{arguments:?}: {}", done.err);
        assert!(done.err.contains(said), "{arguments:?}: {}", done.err);
        assert_eq!(done.out, "");
    }
    assert!(!folder.path("out/here.ndjson").exists());
}

#[test]
fn converting_files() {
    let folder = folder();
    let done = folder.run(&["convert", "data/stations.ndjson", "stations.csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(read(&folder, "stations.csv"), "n\n1\n2\n3\n");
    let done = folder.run(&["convert", "stations.csv", "-", "--to", "ndjson", "-q"]);
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (0, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", "")
    );
    let done = folder.run(&["convert", "stations.csv", "odd ${name}.json", "--quiet"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(folder.path("odd ${name}.json").exists());
}

#[test]
fn converting_standard_input() {
    let done = semantic_bus(&["convert", "-", "-", "--from", "csv", "--to", "ndjson", "-q"], "a;b\n1;x\n");
    assert_eq!((done.code, done.out.as_str()), (0, "{\"a\":1,\"b\":\"x\"}\n"), "{}", done.err);
    let settings = "csv: { delimiter: '|' }";
    let done =
        semantic_bus(&["convert", "-", "-", "--from", settings, "--to", "ndjson", "-q"], "a|b\n1|x;y\n");
    assert_eq!((done.code, done.out.as_str()), (0, "{\"a\":1,\"b\":\"x;y\"}\n"), "{}", done.err);
    let done = semantic_bus(&["convert", "-", "-", "--to", "ndjson", "-q"], "[{\"a\":1}]");
    assert_eq!((done.code, done.out.as_str()), (0, "{\"a\":1}\n"), "{}", done.err);
}

#[test]
fn limits_are_the_persons() {
    let long = format!("{{\"n\":\"{}\"}}\n{{\"n\":2}}\n", "x".repeat(1_000));
    for (limit, left) in [("record_bytes=200", "{\"n\":2}\n"), ("record_bytes=2K", long.as_str())] {
        let arguments = ["convert", "-", "-", "--from=ndjson", "--to=ndjson", "-q", "--limit", limit];
        let done = semantic_bus(&arguments, &long);
        assert_eq!((done.code, done.out.as_str()), (0, left), "{limit}: {}", done.err);
    }
    let folder = folder();
    let done = folder.run(&["run", "stations.yaml", "--limit", "record_bytes=4", "--errors", "refused"]);
    assert_eq!(read(&folder, "refused/stations.ndjson").lines().count(), 4, "{}", done.err);
    let done = semantic_bus(&["infer", "-", "--from=ndjson", "--limit=record_bytes=200"], &long);
    assert!(done.err.contains("1 records cannot be read"), "{}", done.err);
    for command in ["run", "convert", "infer"] {
        let help = semantic_bus(&[command, "--help", "--lang=fr"], "").out;
        assert!(help.contains("record_bytes") && help.contains("[16M]"), "{help}");
        assert!(help.contains("Octets qu’un téléchargement peut apporter."), "{help}");
    }
    for (limit, said) in [
        ("record_byte=1", "there is no limit `record_byte`: did you mean `record_bytes`?"),
        ("depth=deep", "limit `depth`: `deep` is not a number such as 500000, 64M or 2G"),
        ("depth", "`depth` lacks a part: write `--limit name=value`"),
    ] {
        let done = semantic_bus(&["convert", "-", "-", "--to=csv", "--limit", limit], "");
        assert_eq!(done.code, 2, "{limit}: {}", done.err);
        assert!(done.err.contains(said), "{limit}: {}", done.err);
    }
}

#[test]
fn addresses_of_this_machine_are_called_only_when_allowed() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/places.csv", server.local_addr().expect("an address"));
    for command in [&["convert", &address, "-", "--to=ndjson", "-q"][..], &["infer", &address, "--json"]] {
        let done = semantic_bus(command, "");
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains("127.0.0.1"), "{}", done.err);
        let allowed: Vec<&str> = command.iter().copied().chain(["--allow-host", "127.0.0.1"]).collect();
        let listener = server.try_clone().expect("the same port");
        let answering = std::thread::spawn(move || answer(&listener));
        let done = semantic_bus(&allowed, "");
        answering.join().expect("it was asked");
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.out.contains("n\""), "{}", done.out);
    }
}

/// Answers one request with a small table.
fn answer(listener: &std::net::TcpListener) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let (mut stream, _) = listener.accept().expect("a call");
    let asked = BufReader::new(stream.try_clone().expect("a stream"));
    assert!(asked.lines().map_while(Result::ok).any(|line| line.is_empty()), "a whole request");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nn,m\n1,2\n\n\n")
        .expect("an answer");
}

#[test]
fn conversions_that_cannot_be() {
    for (arguments, said) in [
        (&["convert", "-", "-"][..], "add `--to FORMAT`"),
        (&["convert", "-", "-", "--to", "jsn"], "there is no format `jsn`: did you mean `json`?"),
        (&["convert", "-", "-", "--to", "csv: { delimitr: x }"], "did you mean `delimiter`?"),
    ] {
        let done = semantic_bus(arguments, "");
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(said), "{arguments:?}: {}", done.err);
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let folder = folder();
    let many: String = (0..200_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    folder.write("many.ndjson", &many);
    let mut child = folder.start(&["convert", "many.ndjson", "-", "--to", "csv"]);
    let mut start = [0; 2];
    std::io::Read::read_exact(&mut child.stdout.take().expect("a pipe"), &mut start).expect("a line");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((&start, output.status.code()), (b"n\n", Some(0)));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_half_made() {
    let folder = folder();
    let mut child = folder.start(&["convert", "-", "out.csv", "--from", "ndjson"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let lines = "{\"n\":1}\n".repeat(100_000);
    std::io::Write::write_all(&mut stdin, lines.as_bytes()).expect("it reads");
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    drop(stdin);
    let left: Vec<_> =
        fs::read_dir(folder.path(".")).expect("the folder").flatten().map(|it| it.file_name()).collect();
    assert!(left.iter().all(|name| name == "data" || name == "stations.yaml"), "{left:?}");
}
