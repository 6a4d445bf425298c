use std::path::PathBuf;

use tempfile::TempDir;

use super::{AudioItem, InputError, open};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
    folder
}

fn read(folder: &TempDir, name: &str) -> Vec<Result<AudioItem, InputError>> {
    open([folder.path().join(name)]).collect()
}

/// Each item or error in a line, with paths relative to the folder.
fn told(folder: &TempDir, name: &str) -> Vec<String> {
    read(folder, name)
        .into_iter()
        .map(|item| match item {
            Ok(item) => {
                let path = item.path.strip_prefix(folder.path()).unwrap_or(&item.path);
                format!(
                    "{} {} {:?} {:?} {:?} {:?}",
                    item.id,
                    path.display(),
                    item.reference,
                    item.group,
                    item.language,
                    item.range_ms
                )
            }
            Err(error) => error.to_string().replace(&format!("{}/", folder.path().display()), ""),
        })
        .collect()
}

#[test]
fn json_lines_of_every_make_and_one_bad_line_does_not_end_them() {
    let manifest = "\u{feff}{\"audio_filepath\": \"a.wav\", \"text\": \"one\", \"duration\": 1.5}\r\n\
        \n\
        {\"audio\": {\"path\": \"b.wav\"}, \"utt_id\": 7, \"sentence\": \"\", \"lang\": \"de\"}\n\
        {\"path\": \"c.wav\", \"offset\": 1.25, \"duration\": 2, \"speaker\": \"x\"}\n\
        not json\n\
        {\"text\": \"no file\"}\n\
        {\"wav\": \"c.wav\", \"start\": 3, \"end\": 2}\n\
        {\"wav\": \"https://example.org/c.wav\"}\n\
        {\"wav\": \"c.wav\", \"start\": -1}\n\
        {\"wav\": \"c.flac\", \"start\": 3}\n";
    let told = told(&folder(&[("m.jsonl", manifest)]), "m.jsonl");
    assert_eq!(
        told,
        [
            "a a.wav Some(\"one\") None None None",
            "7 b.wav Some(\"\") None Some(\"de\") None",
            "c c.wav None Some(\"x\") None Some((1250, Some(3250)))",
            "m.jsonl:5: not a JSON object: expected ident at column 2",
            "m.jsonl:6: no audio file: expected one of `audio_filepath`, `audio`, `path`, `wav`, \
         `file`, `filename`",
            "m.jsonl:7: the range ends at 2000 ms and starts at 3000 ms",
            "m.jsonl:8: `https://example.org/c.wav` is not a file on this machine",
            "m.jsonl:9: `start` is not a time in seconds: `-1`",
            "c#2 c.flac None None None Some((3000, None))",
        ]
    );
}

#[test]
fn a_json_array_is_one_error() {
    let folder = folder(&[("m.json", "[\n{\"path\": \"a.wav\"}\n]\n")]);
    let items = read(&folder, "m.json");
    assert_eq!(items.len(), 1);
    let error = items.into_iter().next().unwrap().unwrap_err();
    assert!(error.hint().unwrap().contains("jq"));
}

#[test]
fn a_kaldi_folder_with_segments() {
    let folder = folder(&[
        ("data/wav.scp", "r1 a.wav\nr2 sox in.wav -t wav - |\nr3\nr4 b.ark:123\n"),
        ("data/segments", "u1 r1 0.5 2.0\nu2 r1 2.0 -1\nu3 r2 0 1\nu4 r1 2\n"),
        ("data/text", "u1 hello there\nu2\nu1 again\n"),
        ("data/utt2spk", "u1 s1\n"),
    ]);
    assert_eq!(
        told(&folder, "data"),
        [
            "data/text:3: `u1` is there twice, the first counts",
            "data/wav.scp:2: `r2` is the output of a command, which is never run",
            "data/wav.scp:3: no path after `r3`",
            "data/wav.scp:4: `r4` is not in a file of its own: `b.ark:123`",
            "u1 data/a.wav Some(\"hello there\") Some(\"s1\") None Some((500, Some(2000)))",
            "u2 data/a.wav Some(\"\") None None Some((2000, None))",
            "data/segments:3: recording `r2` cannot be used or is not in `wav.scp`",
            "data/segments:4: 3 columns, expected 4: utterance, recording, start and end in seconds",
        ]
    );
}

#[test]
fn a_kaldi_list_without_segments() {
    let folder = folder(&[("wav.scp", "u1 a b.wav\n"), ("text", "u1 hello\n")]);
    assert_eq!(told(&folder, "wav.scp"), ["u1 a b.wav Some(\"hello\") None None None"]);
}

#[test]
fn common_voice_tables_find_their_clips() {
    let table = "client_id\tpath\tsentence\tlocale\n\
        9f\tcv_1.mp3\tHe said \"no\".\ten\n\
        9f\t\tno path\ten\n\
        9f\tcv_2.mp3\ta\tb\tc\n\
        9f\tcv_1.mp3\tshort\n";
    let folder = folder(&[("test.tsv", table), ("clips/cv_1.mp3", "")]);
    let told = told(&folder, "test.tsv");
    assert_eq!(
        told[0],
        "cv_1 clips/cv_1.mp3 Some(\"He said \\\"no\\\".\") Some(\"9f\") Some(\"en\") None"
    );
    assert!(told[1].starts_with("test.tsv:3: no audio file"), "{}", told[1]);
    assert_eq!(told[2], "test.tsv:4: 5 columns, the header has 4");
    assert_eq!(told[3], "cv_1#2 clips/cv_1.mp3 Some(\"short\") Some(\"9f\") None None");
    assert_eq!(told.len(), 4);
}

#[test]
fn csv_keeps_quoted_commas_and_needs_an_audio_column() {
    let folder = folder(&[
        ("a.csv", "path,text\na.wav,\"one, two\"\n"),
        ("b.csv", "name,text\na.wav,one\n"),
        ("c.csv", ""),
    ]);
    assert_eq!(told(&folder, "a.csv"), ["a a.wav Some(\"one, two\") None None None"]);
    assert_eq!(
        told(&folder, "b.csv"),
        ["b.csv:1: the header has no column `path` with the audio files"]
    );
    assert_eq!(told(&folder, "c.csv"), [""; 0]);
}

#[test]
fn folders_and_globs_are_sorted_and_hold_audio_only() {
    let folder = folder(&[
        ("d/b.wav", ""),
        ("d/a/z.FLAC", ""),
        ("d/a.mp3", ""),
        ("d/readme.txt", ""),
        ("d/.hidden/x.wav", ""),
        ("e/readme.txt", ""),
    ]);
    let ids = |name: &str| -> Vec<String> {
        read(&folder, name).into_iter().map(|item| item.unwrap().id).collect()
    };
    assert_eq!(ids("d"), ["a/z", "a", "b"]);
    assert_eq!(ids("d/*.*"), ["a", "b"]);
    assert_eq!(ids("d/**/*.FLAC"), ["a/z"]);
    assert_eq!(ids("d/b.wav"), ["b"]);
    assert!(matches!(read(&folder, "e")[..], [Err(InputError::Nothing { .. })]));
    assert!(matches!(read(&folder, "e/*.wav")[..], [Err(InputError::Nothing { .. })]));
    assert!(matches!(read(&folder, "no.wav")[..], [Err(InputError::Io { .. })]));
}

#[test]
fn ids_are_unique_over_all_inputs_and_an_error_does_not_end_them() {
    let folder = folder(&[("x/a.wav", ""), ("y/a.wav", "")]);
    let names: Vec<PathBuf> =
        ["x/a.wav", "gone.wav", "y/a.wav"].map(|name| folder.path().join(name)).into();
    let ids: Vec<Option<String>> = open(names).map(|item| item.ok().map(|item| item.id)).collect();
    assert_eq!(ids, [Some("a".to_owned()), None, Some("a#2".to_owned())]);
}

#[test]
fn a_binary_file_named_as_a_manifest_ends_in_errors() {
    let folder = TempDir::new().unwrap();
    let bytes: Vec<u8> =
        (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs_err::write(folder.path().join("m.jsonl"), bytes).unwrap();
    assert!(read(&folder, "m.jsonl").iter().all(Result::is_err));
}
