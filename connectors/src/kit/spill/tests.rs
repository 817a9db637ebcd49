use super::*;
use crate::{
    contract::{Limits, Meter},
    kit::probe::batch_of,
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

fn disk(folder: &tempfile::TempDir) -> Disk {
    Disk::new(folder.path().to_owned(), 1 << 30, Arc::new(Meter::default()))
}

fn files(folder: &tempfile::TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

#[test]
fn a_queue_gives_back_what_it_took() {
    let folder = tempfile::tempdir().unwrap();
    for memory in [0, 100, 1 << 20] {
        let mut queue = SpillQueue::new(disk(&folder), memory);
        let mut next = 0;
        for round in 0..50 {
            for number in round * 3..round * 3 + 3 {
                queue.push(batch_of(&json!([{ "n": number }]))).unwrap();
            }
            for _ in 0..2 {
                let batch = queue.pop().unwrap().unwrap();
                assert_eq!(batch.record(0).to_json(), json!({ "n": next }));
                next += 1;
            }
        }
        while let Some(batch) = queue.pop().unwrap() {
            assert_eq!(batch.record(0).to_json(), json!({ "n": next }));
            next += 1;
        }
        assert_eq!(next, 150);
        assert!(queue.is_empty());
        assert_eq!(files(&folder), 0, "files are left");
    }
}

#[test]
fn disk_space_is_limited_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path().to_owned(), 400, Arc::new(Meter::default()));
    let batch = batch_of(&json!([{ "text": "something to keep" }]));
    for _ in 0..100 {
        let mut writer = RunWriter::create(&disk).unwrap();
        writer.push(&batch).unwrap();
        let run = writer.finish().unwrap();
        assert_eq!(run.read().unwrap().next_batch().unwrap().unwrap().record(0), batch.record(0));
    }
    let mut writer = RunWriter::create(&disk).unwrap();
    let error = (0..100).find_map(|_| writer.push(&batch).err()).unwrap();
    assert!(error.to_string().contains("400 bytes a step may keep on disk"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::NamedTempFile::new().unwrap();
    let disk = Disk::new(folder.path().join("in"), 400, Arc::new(Meter::default()));
    let error = RunWriter::create(&disk).unwrap_err();
    assert!(error.to_string().contains("the folder of temporary files"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn sorts_stably_whatever_the_memory(
        keys in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..4), 0..400),
        memory in prop_oneof![Just(200_usize), Just(5_000), Just(Limits::default().step_memory)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(&disk(&folder), memory);
        let mut expected: Vec<_> = keys.iter().cloned().enumerate().collect();
        expected.sort_by(|a, b| a.1.cmp(&b.1));
        for (number, key) in keys.iter().enumerate() {
            sorter.push(key, batch_of(&json!([{ "n": number, "text": "x".repeat(number % 7) }])).record(0)).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        for (number, key) in expected {
            prop_assert!(sorted.advance().unwrap());
            prop_assert_eq!(sorted.key(), key.as_slice());
            prop_assert_eq!(sorted.record().to_json(), json!({ "n": number, "text": "x".repeat(number % 7) }));
        }
        prop_assert!(!sorted.advance().unwrap());
        drop(sorted);
        prop_assert_eq!(files(&folder), 0);
    }
}
