//! All formats through [`open`], as callers use it.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn read(format: Format, bytes: impl Into<Vec<u8>>) -> Vec<Result<Utterance, CorpusError>> {
    let bytes: &'static [u8] = Box::leak(bytes.into().into_boxed_slice());
    open(&Source::Embedded { name: "test", bytes }, Some(format)).unwrap().collect()
}

fn good(format: Format, bytes: impl Into<Vec<u8>>) -> Vec<Utterance> {
    read(format, bytes).into_iter().map(Result::unwrap).collect()
}

/// Id, texts and reference of each utterance, `Err` as its message and `!` if fatal.
fn outline(format: Format, bytes: impl Into<Vec<u8>>) -> Vec<String> {
    let line = |item: Result<Utterance, CorpusError>| match item {
        Ok(utterance) => {
            let texts: Vec<_> = utterance.nbest.iter().map(|h| h.text.as_str()).collect();
            format!("{} {:?} {:?}", utterance.id, texts, utterance.reference)
        }
        Err(error) => format!("{}{error}", if error.is_fatal() { "!" } else { "" }),
    };
    read(format, bytes).into_iter().map(line).collect()
}

#[test]
fn hyporadise_records_of_every_shape_are_read() {
    let utterances = good(
        Format::HyporadiseJson,
        r#"[
          {"id": "a1", "input": ["x y", "x z", "x y"], "output": " x y ", "am_score": [-0.1, -0.2, -0.3]},
          {"input": ["b"], "output": "b", "score": [-1]},
          {"input": ["c", "d"], "input1": "c.", "input2": "d. ", "output": "c"},
          {"input1": "u s. ", "input2": "u s. us a. <UNK>. . ", "output": "u s a"},
          {"instruction": "pick", "input": ["<UNK>", null, ""], "output": ""},
          {"input": []}
        ]"#,
    );
    let texts: Vec<Vec<&str>> =
        utterances.iter().map(|u| u.nbest.iter().map(|h| h.text.as_str()).collect()).collect();
    let expected: [&[&str]; 6] =
        [&["x y", "x z"], &["b"], &["c", "d"], &["u s", "us a", ""], &[""], &[""]];
    assert_eq!(texts, expected);
    let ids: Vec<_> = utterances.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["a1", "000002", "000003", "000004", "000005", "000006"]);
    assert_eq!(utterances[0].reference.as_deref(), Some("x y"));
    assert_eq!((utterances[0].nbest[0].count, utterances[0].nbest[1].score), (2, Some(-0.2)));
    assert_eq!(utterances[3].nbest[0].count, 2);
    assert_eq!(utterances[4].nbest[0].count, 3);
    assert_eq!((utterances[4].reference.as_deref(), &utterances[5].reference), (Some(""), &None));
}

#[test]
fn a_bad_record_in_an_array_is_one_error_and_reading_goes_on() {
    let found = outline(
        Format::HyporadiseJson,
        "[{\"output\": \"a\"},\n {\"input\": [\"a\", \"b\"], \"score\": [-1]},\n 7, \"{]\",\n \
         {\"input\": \"a\"}, {\"input\": [\"a\",\n 5]},\n {\"input\": [\"a\"], \"output\": {\"}\": \"]\\\"\"}},\n \
         {\"input\": [\"fine\"]}]",
    );
    assert_eq!(
        found,
        [
            "embedded:test:1:2: the record has no field `input` or `nbest`",
            "embedded:test:2:2: 1 score for 2 hypotheses; expected one for each",
            "embedded:test:3:2: invalid type: integer `7`, expected an object with a list of hypotheses",
            "embedded:test:3:8: invalid type: string \"{]\", expected an object with a list of hypotheses",
            "embedded:test:4:14: field `input`: invalid type: string \"a\", expected a list of hypotheses",
            "embedded:test:5:2: field `input`: invalid type: integer `5`, expected a hypothesis: a string, null or an object with `text`",
            "embedded:test:6:28: field `output`: invalid type: map, expected a string",
            "000008 [\"fine\"] None",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn malformed_json_names_the_place_and_ends_the_stream() {
    let first = r#"{"input":["a"]}"#;
    let ok = "000001 [\"a\"] None";
    for (text, expected) in [
        (
            format!("{first}\n{first}"),
            vec!["!embedded:test:1:1: expected `[`, the start of a list of records (byte 0)"],
        ),
        (
            format!("[{first},\n{first}\n"),
            vec![
                ok,
                "000002 [\"a\"] None",
                "!embedded:test:3:1: the file ends inside the list, without `]` (byte 34)",
            ],
        ),
        (
            format!("[{first},\n]"),
            vec![ok, "!embedded:test:2:1: expected a record after `,` (byte 18)"],
        ),
        (
            format!("[{first}\n{first}]"),
            vec![ok, "!embedded:test:2:1: expected `,` or `]` after a record (byte 17)"],
        ),
        (
            format!("[{first}] x"),
            vec![ok, "!embedded:test:1:19: expected the end of the file after `]` (byte 18)"],
        ),
        (
            format!("[{first},\n{{\"input\": [\"b\""),
            vec![ok, "!embedded:test:2:1: the record begun here is never closed (byte 18)"],
        ),
        (
            format!("[{first},\n{{\"input\": [\"b\"}},\n{first}]"),
            vec![ok, "!embedded:test:2:15: expected `,` or `]` (byte 32)"],
        ),
        (
            format!("[{first},{{\"input\": }},{first}]"),
            vec![ok, "!embedded:test:1:28: expected value (byte 27)"],
        ),
    ] {
        assert_eq!(outline(Format::HyporadiseJson, text.as_str()), expected, "{text}");
    }
}

#[test]
fn jsonl_takes_strings_objects_and_parallel_lists() {
    let utterances = good(
        Format::Jsonl,
        "\u{feff}{\"id\": 7, \"nbest\": [\"a b\", \"a\"], \"scores\": [-1, null], \"token_scores\": [[-0.5, -0.5], null], \"reference\": \"a\", \"group\": \"s1\", \"audio\": \"a.wav\"}\r\n\r\n\
         {\"nbest\": [{\"text\": \"c\", \"score\": -2.5, \"token_scores\": [-2.5]}, \"d\"], \"scores\": [-9, -8], \"extra\": {}}",
    );
    assert_eq!(utterances.len(), 2);
    let first = &utterances[0];
    assert_eq!((first.id.as_str(), first.reference.as_deref()), ("7", Some("a")));
    assert_eq!((first.group.as_deref(), first.audio.as_deref()), (Some("s1"), Some("a.wav")));
    assert_eq!(first.nbest[0].token_scores.as_deref(), Some([-0.5, -0.5].as_slice()));
    assert_eq!((first.nbest[1].score, &first.nbest[1].token_scores), (None, &None));
    let second = &utterances[1];
    assert_eq!((second.nbest[0].score, second.nbest[1].score), (Some(-2.5), Some(-8.0)));
}

#[test]
fn a_bad_line_of_jsonl_is_one_error_with_its_line() {
    let mut bytes = b"{\"nbest\": [\"a\"]}\n{\"nbest\": [\"b\"]\n\n{\"nbest\": [\"".to_vec();
    bytes.extend(b"\xff\"]}\n{\"nbest\": [{\"score\": 1}]}\n{\"nbest\": [\"c\"]}");
    assert_eq!(
        outline(Format::Jsonl, bytes),
        [
            "000001 [\"a\"] None",
            "embedded:test:2:15: EOF while parsing an object",
            "embedded:test:4:13: not valid UTF-8",
            "embedded:test:5:23: field `nbest`: missing field `text`",
            "000005 [\"c\"] None",
        ]
    );
}

#[test]
fn lists_are_blocks_with_optional_labels() {
    let mut bytes =
        b"\xef\xbb\xbf\r\nid: one\r\nref: a b\r\na c\r\na b\r\na c\r\n\r\n\r\n".to_vec();
    bytes.extend(b"referee: x\n\nref:\nref: y\nz\n\nq\nbad \xfe\n\nref: only\n");
    assert_eq!(
        outline(Format::List, bytes),
        [
            "one [\"a c\", \"a b\"] Some(\"a b\")",
            "000002 [\"referee: x\"] None",
            "embedded:test:12:1: a second `ref:` line; a blank line ends an utterance",
            "embedded:test:16:5: not valid UTF-8",
            "000005 [\"\"] Some(\"only\")",
        ]
    );
}

#[test]
fn tables_take_the_published_and_two_plainer_shapes() {
    let found = outline(
        Format::HyporadiseCsv,
        "source,target,best_hypo,score\r\n\
         a b. a c. a b. ,a c,a b,\"[-0.1, -0.2, -0.3]\"\r\n\
         \"mr. x. mr. x. \",mr x,mr. x,\r\n\
         \"[\"\"p\"\", \"\"q\"\"]\",p,p,\"[-1, -2]\"\r\n\
         \"l1\nl2\",l1,,\r\n\
         \r\n\
         ,t,only,\r\n\
         a. b. ,a,a,\"[-1]\"\r\n\
         a. b. ,a,a,nan\r\n\
         a. ,a\r\n\
         end. ,end,end,\r\n",
    );
    assert_eq!(
        found,
        [
            "000001 [\"a b\", \"a c\"] Some(\"a c\")",
            "000002 [\"mr. x\", \"mr\", \"x\"] Some(\"mr x\")",
            "000003 [\"p\", \"q\"] Some(\"p\")",
            "000004 [\"l1\", \"l2\"] Some(\"l1\")",
            "000005 [\"only\"] Some(\"t\")",
            "embedded:test:9:1: 1 score for 2 hypotheses; expected one for each",
            "embedded:test:10:1: field `score` is `nan`; expected a list of numbers like `[-0.1, -0.2]`",
            "embedded:test:11:1: the row has 2 fields, the header 4",
            "000009 [\"end\"] Some(\"end\")",
        ]
    );
    assert_eq!(
        outline(Format::HyporadiseCsv, "text,ref\na,b\n"),
        [
            "!embedded:test:1:1: expected a header with the columns `source` and `target`, found `text,ref` (byte 0)"
        ]
    );
}

#[test]
fn an_empty_file_has_no_utterances() {
    assert!(read(Format::Jsonl, "").is_empty());
    assert!(read(Format::List, " \n\n").is_empty());
    assert!(read(Format::HyporadiseJson, " [ ] \n").is_empty());
    assert!(read(Format::HyporadiseJson, "").is_empty());
    assert!(read(Format::HyporadiseCsv, "").is_empty());
}

#[test]
fn formats_have_names_that_parse_and_unknown_ones_list_them() {
    for name in Format::NAMES {
        assert_eq!(name.parse::<Format>().unwrap().to_string(), name);
    }
    assert!(
        "srt".parse::<Format>().unwrap_err().contains("hp-json, hp-csv, jsonl, list, whisper-json")
    );
    let binary = Source::Embedded { name: "model.bin", bytes: b"GGUF" };
    let error = open(&binary, None).err().unwrap();
    assert!(matches!(error, CorpusError::UnknownFormat { .. }) && error.hint().is_some());
    let missing = Source::File(PathBuf::from("no/such/file.json"));
    assert!(open(&missing, None).err().unwrap().is_fatal());
}

#[test]
fn the_checksum_is_sha256() {
    let source = Source::Embedded { name: "abc", bytes: b"abc" };
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(checksum(&source, None).unwrap(), expected);
}

#[test]
fn records_that_span_many_buffers_keep_their_places() {
    let long = "\\\"x]}, ".repeat(100_000);
    let text = format!(
        "[\n{{\"input\": [\"{long}\"]}},\n{{\"output\": 1}},\n{{\"input\": [\"{long}\"]}}]"
    );
    let found = read(Format::HyporadiseJson, text);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].as_ref().unwrap().one_best().len(), 6 * 100_000 - 1);
    assert!(found[1].as_ref().unwrap_err().to_string().starts_with("embedded:test:3:12: field"));
    assert_eq!(found[2].as_ref().unwrap().one_best(), found[0].as_ref().unwrap().one_best());
}

/// Where the published test files are, if they are there.
fn published() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/hyporadise");
    let given = std::env::var_os("GEC_DATA_DIR").map(PathBuf::from);
    let folders = given.iter().flat_map(|dir| [dir.clone(), dir.join("hyporadise")]);
    folders.chain([PathBuf::from(beside)]).find(|dir| dir.join("test_atis.json").is_file())
}

#[test]
fn joined_fields_of_the_published_files_split_into_their_lists() {
    let Some(folder) = published() else {
        eprintln!("skipped: no HyPoradise files (set GEC_DATA_DIR)");
        return;
    };
    for name in ["test_chime4.json", "test_cv.json"] {
        let text = fs_err::read(folder.join(name)).unwrap();
        let as_lists = good(Format::HyporadiseJson, text.clone());
        let mut records: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for record in records.as_array_mut().unwrap() {
            record.as_object_mut().unwrap().remove("input");
        }
        let as_joined = good(Format::HyporadiseJson, serde_json::to_vec(&records).unwrap());
        let differing = as_lists
            .iter()
            .zip(&as_joined)
            .filter(|(list, joined)| list.nbest != joined.nbest)
            .map(|(list, _)| list.id.as_str());
        assert_eq!(differing.collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
    }
}

proptest! {
    #[test]
    fn any_list_survives_a_round_trip_through_both_json_framings(
        lists in prop::collection::vec(prop::collection::vec("\\PC{0,12}|[\"\\\\\\[\\]{}, \n]{0,6}", 0..4), 0..6),
        pretty in any::<bool>(),
    ) {
        let records: Vec<_> =
            lists.iter().map(|list| serde_json::json!({ "nbest": list })).collect();
        let array = if pretty { serde_json::to_string_pretty(&records) } else { serde_json::to_string(&records) };
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        let from_array = good(Format::HyporadiseJson, array.unwrap());
        prop_assert_eq!(&from_array, &good(Format::Jsonl, lines));
        prop_assert_eq!(from_array.len(), lists.len());
        for (utterance, list) in from_array.iter().zip(&lists) {
            let mentions: u32 = utterance.nbest.iter().map(|hypothesis| hypothesis.count).sum();
            prop_assert_eq!(mentions as usize, list.len().max(1));
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic_or_run_on(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"[]{},:\"\\\n a0".to_vec())], 0..200),
        prefix in prop::sample::select(vec!["", "[", "[{\"input\":[\"a\"]},", "source,target\n", "id: "]),
    ) {
        let text = [prefix.as_bytes(), &bytes].concat();
        for format in [Format::HyporadiseJson, Format::HyporadiseCsv, Format::Jsonl, Format::List, Format::WhisperJson] {
            let items = read(format, text.clone());
            prop_assert!(items.len() <= text.len() + 1);
            let fatal = items.iter().position(|item| item.as_ref().is_err_and(CorpusError::is_fatal));
            prop_assert!(fatal.is_none_or(|index| index + 1 == items.len()));
        }
    }
}

#[test]
fn the_same_bytes_read_in_another_way_are_another_corpus() {
    let folder = tempfile::tempdir().unwrap();
    let version = |name: &str| {
        let path = folder.path().join(name);
        fs_err::write(&path, "{\"nbest\": [\"a\"]}\n").unwrap();
        super::reader_version(&Source::File(path), None).unwrap()
    };
    assert_ne!(version("lists.jsonl"), version("lists.txt"));
    assert_eq!(version("lists.jsonl"), version("others.jsonl"));
}
