//! `gec correct`, `gec edits` and `gec db merge` with real files.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::harness::{Home, Ran};

const TALK: &str = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Flights to SUNNY HOSE,</i>\r\nplease.\r\n\r\n\
                    2\r\n00:00:03,000 --> 00:00:04,000\r\n- Good morning. [music]\r\n\r\n\
                    3\n00:00:05,000 --> 00:00:06,000 X1:10\nFrom sunny hose to bolder\n\n\n";

const MENDED: &str = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Flights to San Jose,</i>\r\nplease.\r\n\r\n\
                      2\r\n00:00:03,000 --> 00:00:04,000\r\n- Good morning. [music]\r\n\r\n\
                      3\n00:00:05,000 --> 00:00:06,000 X1:10\nFrom San Jose to Boulder\n\n\n";

const NAMES: &str = "San Jose = sunny hose\nBoulder = bolder\n";

/// A home with two talks and a glossary.
fn archive() -> Home {
    let home = Home::new();
    home.write("names.txt", NAMES);
    home.write("talks/a/one.srt", TALK);
    home.write(
        "talks/two.vtt",
        "WEBVTT\n\nNOTE sunny hose\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>sunny hose</v>\n",
    );
    home.write("talks/clean.srt", "1\n00:00:01,000 --> 00:00:02,000\nNothing to do.\n");
    home
}

/// Without a model: misheard forms are replaced as they stand. Small files change a lot.
fn correct(home: &Home, more: &[&str]) -> Ran {
    let always = ["--method", "1best", "--glossary", "names.txt", "--max-file-change", "1"];
    home.gec(&[&["correct"], more, &always].concat())
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path(name)).unwrap()
}

/// Every file of a folder and below, with its content.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            all.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    all
}

#[test]
fn nothing_is_written_until_it_is_asked_for_and_what_would_change_is_shown() {
    let home = archive();
    let before = contents(&home.path("talks"));
    let ran = correct(&home, &["talks"]).succeeds().says(&["dry run", "--apply"]);
    assert_eq!(contents(&home.path("talks")), before);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "talks/a/one.srt:2 [00:00:01.000]: Flights to [-SUNNY HOSE,-]{+San Jose,+} please.",
            "talks/a/one.srt:11 [00:00:05.000]: From [-sunny hose-]{+San Jose+} to [-bolder-]{+Boulder+}",
            "talks/two.vtt:5 [00:00:01.000]: [-sunny hose-]{+San Jose+}",
        ],
        "{ran}"
    );
    assert!(ran.out.contains("2 of 3 files would change: 4 edits in 3 of 5 lines"), "{ran}");
    assert!(ran.out.contains("terms of the glossary: 0 before, 4 after"), "{ran}");
}

#[test]
fn applied_files_change_in_words_alone_and_are_put_back_byte_for_byte() {
    let home = archive();
    let before = contents(&home.path("talks"));
    let ran = correct(&home, &["talks", "--apply"]).succeeds();
    assert!(ran.out.contains("2 of 3 files changed"), "{ran}");
    assert_eq!(read(&home, "talks/a/one.srt"), MENDED);
    assert_eq!(read(&home, "talks/a/one.srt.bak"), TALK);
    assert!(read(&home, "talks/two.vtt").ends_with("align:start\n<v Ann>San Jose</v>\n"));
    assert!(read(&home, "talks/two.vtt").contains("NOTE sunny hose"));

    // What was corrected is not corrected again.
    let again = correct(&home, &["talks", "--apply"]).succeeds();
    assert!(again.out.contains("2 files were corrected before"), "{again}");

    let edits = home.gec(&["edits", "--text", "boulder", "--format", "json"]).succeeds().json();
    let edit = &edits[0];
    assert_eq!((&edit["original"], &edit["replacement"]), (&"bolder".into(), &"Boulder".into()));
    assert_eq!(
        (&edit["state"], &edit["line"], &edit["start_ms"]),
        (&"applied".into(), &11.into(), &5000.into())
    );
    assert_eq!(home.gec(&["edits", "talks/two.vtt"]).succeeds().out.lines().count(), 1);

    let back = home.gec(&["correct", "talks", "--revert"]).succeeds();
    assert!(back.out.contains("2 files reverted"), "{back}");
    assert_eq!(contents(&home.path("talks")), before);
    let edits = home.gec(&["edits", "--state", "reverted", "--format", "json"]).succeeds().json();
    assert_eq!(edits.as_array().unwrap().len(), 4);
    // And forward again.
    correct(&home, &["talks", "--apply"]).succeeds();
    assert_eq!(read(&home, "talks/a/one.srt"), MENDED);
}

#[test]
fn a_file_that_was_edited_since_is_not_reverted_unless_forced() {
    let home = archive();
    correct(&home, &["talks", "--apply"]).succeeds();
    home.write("talks/a/one.srt", MENDED.replace("please", "now"));
    let ran =
        home.gec(&["correct", "talks", "--revert"]).ends_with(1).says(&["one.srt", "--force"]);
    assert!(ran.out.contains("1 files reverted"), "{ran}");
    assert!(read(&home, "talks/a/one.srt").contains("now"));
    home.gec(&["correct", "talks/a/one.srt", "--revert", "--force"]).succeeds();
    assert_eq!(read(&home, "talks/a/one.srt"), TALK);
}

#[test]
fn two_corrections_after_one_another_are_reverted_to_the_first_original() {
    let home = archive();
    let before = contents(&home.path("talks"));
    correct(&home, &["talks", "--apply"]).succeeds();
    home.write("names.txt", "Denver = boulder\n");
    correct(&home, &["talks/a/one.srt", "--apply"]).succeeds();
    assert_eq!(read(&home, "talks/a/one.srt"), MENDED);
    correct(&home, &["talks/a/one.srt", "--apply", "--again"]).succeeds();
    assert_eq!(read(&home, "talks/a/one.srt"), MENDED.replace("Boulder", "Denver"));
    assert_eq!(read(&home, "talks/a/one.srt.bak2"), MENDED);
    home.gec(&["correct", "talks", "--revert"]).succeeds();
    assert_eq!(contents(&home.path("talks")), before);
}

#[test]
fn a_sentence_over_several_cues_is_corrected_as_one_and_its_words_stay_in_their_cues() {
    let home = archive();
    let cue = |number: u8, text: &str| {
        format!("{number}\n00:00:0{number},000 --> 00:00:0{number},900\n{text}\n\n")
    };
    let talk = [cue(1, "Flights to sunny"), cue(2, "hose, please."), cue(3, "Sunny")].concat();
    home.write("talk.srt", &talk);
    let alone = correct(&home, &["talk.srt"]).succeeds();
    assert!(alone.out.contains("0 of 1 files would change"), "{alone}");
    correct(&home, &["talk.srt", "--join", "--apply"]).succeeds();
    let expected = [cue(1, "Flights to San"), cue(2, "Jose, please."), cue(3, "Sunny")].concat();
    assert_eq!(read(&home, "talk.srt"), expected);
    home.gec(&["correct", "talk.srt", "--reflow"]).ends_with(2);
}

#[test]
fn limits_leave_a_file_alone_or_stop_the_command() {
    let home = archive();
    let ran = home
        .gec(&["correct", "talks", "--method", "1best", "--glossary", "names.txt", "--apply"])
        .ends_with(1)
        .says(&["--max-file-change"]);
    assert!(ran.out.contains("talks/a/one.srt: left alone: 5 of 12 words would change"), "{ran}");
    assert_eq!(read(&home, "talks/a/one.srt"), TALK);
    // A file of one line says too little about itself.
    assert!(read(&home, "talks/two.vtt").contains("<v Ann>San Jose"));

    let lines = "we fly to sunny hose every day\n".repeat(400);
    for number in 0..40 {
        home.write(&format!("texts/{number:02}.txt"), &lines);
    }
    let ran =
        correct(&home, &["texts/*.txt", "--apply"]).ends_with(1).says(&["--max-corpus-change"]);
    assert!(ran.out.contains("1 of"), "{ran}");
    assert_eq!(read(&home, "texts/39.txt"), lines);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_the_rest_goes_on() {
    let home = archive();
    home.write("talks/bad.srt", b"1\n00:00:01,000 --> 00:00:02,000\nsunny hose \xff\n");
    home.write("talks/cut.json", "{\"segments\": [{\"id\": 0, \"start\": 0.0,");
    let ran = correct(&home, &["talks", "missing.srt", "--apply"]).ends_with(1).says(&[
        "bad.srt",
        "line 3",
        "iconv",
        "cut.json",
        "missing.srt",
    ]);
    assert!(ran.out.contains("2 of 5 files changed"), "{ran}");
    assert!(ran.out.contains("3 files failed"), "{ran}");
    home.gec(&["correct"]).ends_with(2);
    home.gec(&["correct", "-", "--apply"]).refuses(&["standard input"]);
    home.gec(&["correct", "talks", "--method", "magic"]).refuses(&["magic"]);
    home.gec(&["correct", "talks", "--glossary", "none.txt"]).ends_with(2).says(&["none.txt"]);
}

#[test]
fn very_long_files_and_lines_are_read_in_good_time_and_nothing_is_lost() {
    let home = archive();
    let mut long = String::new();
    for number in 0..50_000 {
        let end = ["\n", "\r\n"][number % 2];
        let text = if number % 1000 == 0 { "to sunny hose" } else { "good morning" };
        let time = "00:00:01,000 --> 00:00:02,000";
        long.push_str(&format!("{}{end}{time}{end}{text}{end}{end}", number + 1));
    }
    home.write("long.srt", &long);
    let line = format!("sunny hose {} sunny hose\nto bolder\n", "word ".repeat(1 << 20));
    assert!(line.len() > 5 << 20);
    home.write("line.txt", &line);
    let broken = "1\n00:00:01,000 -> 00:00:02\nsunny hose\n\nto bolder\n";
    home.write("broken.srt", broken);
    let started = Instant::now();
    let files = ["long.srt", "line.txt", "broken.srt", "--apply"];
    let ran = correct(&home, &files).succeeds();
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(read(&home, "long.srt"), long.replace("sunny hose", "San Jose"));
    assert_eq!(read(&home, "line.txt"), line.replace("bolder", "Boulder"));
    assert!(ran.out.contains("line.txt:1: warning: 1048580 words at a stretch"), "{ran}");
    assert!(ran.out.contains("broken.srt:") && ran.out.contains(": warning: "), "{ran}");
    home.gec(&["correct", "long.srt", "line.txt", "broken.srt", "--revert"]).succeeds();
    assert_eq!(read(&home, "long.srt"), long);
    assert_eq!(read(&home, "line.txt"), line);
    assert_eq!(read(&home, "broken.srt"), broken);
}

#[test]
fn methods_that_choose_say_that_there_is_nothing_to_choose_from() {
    let home = archive();
    let ran = home.gec(&["correct", "talks", "--method", "mbr"]).succeeds();
    assert!(ran.err.contains("without any were left alone"), "{ran}");
    assert!(ran.out.contains("0 of 3 files would change"), "{ran}");
}

/// Feeds the filter.
fn filter(home: &Home, input: &[u8], more: &[&str]) -> Ran {
    let arguments =
        [&["correct", "-", "--method", "1best", "--glossary", "names.txt"], more].concat();
    let mut child = home.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let ran = Ran::of(home, child);
    feeder.join().unwrap().unwrap();
    ran
}

#[test]
fn the_filter_gives_a_line_for_each_line_in_order() {
    let home = archive();
    let mut input = String::new();
    let mut expected = String::new();
    for number in 0..1500 {
        input.push_str(&format!("{{\"id\": {number},  \"text\": \"to sunny hose\"}}\n"));
        expected.push_str(&format!("{{\"id\": {number},  \"text\": \"to San Jose\"}}\n"));
    }
    input.push_str("{\"nbest\": [\"to bolder\", \"too bolder\"], \"x\": 1e2}\n");
    expected.push_str(
        "{\"nbest\": [\"to bolder\", \"too bolder\"], \"x\": 1e2, \"corrected\": \"to Boulder\"}\n",
    );
    let ran = filter(&home, input.as_bytes(), &[]).succeeds();
    assert_eq!(ran.out, expected);
    // The last line has no end, and bad lines go through as they are.
    let input = "{\"text\": \"bolder\"}\nnot json\n\n{\"text\": \"sunny hose\"}";
    let ran = filter(&home, input.as_bytes(), &[]).ends_with(1).says(&["line 2"]);
    assert_eq!(ran.out, "{\"text\": \"Boulder\"}\nnot json\n\n{\"text\": \"San Jose\"}");
    let ran = filter(&home, b"from bolder\n", &["--input-format", "text"]).succeeds();
    assert_eq!(ran.out, "from Boulder\n");
    filter(&home, b"", &["--input-format", "srt"]).refuses(&["srt"]);
    assert_eq!(filter(&home, b"", &[]).succeeds().out, "");
}

#[test]
fn the_filter_answers_a_line_before_the_next_comes() {
    let home = archive();
    let arguments = ["correct", "-", "--method", "1best", "--glossary", "names.txt"];
    let mut child: Child = home.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(stdout));
    for _ in 0..3 {
        writeln!(stdin, "{{\"text\": \"to bolder\"}}").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), "{\"text\": \"to Boulder\"}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn shards_do_every_record_once_and_their_databases_become_one() {
    let home = archive();
    let input: String =
        (0..300).map(|n| format!("{{\"id\":{n},\"text\":\"to bolder {n}\"}}\n")).collect();
    let mut all = Vec::new();
    for shard in 1..=3 {
        let (shard, db) = (format!("{shard}/3"), format!("shard{shard}.db"));
        let ran = filter(&home, input.as_bytes(), &["--shard", &shard, "--db", &db]).succeeds();
        let lines: Vec<String> = ran.out.lines().map(str::to_owned).collect();
        assert!((60..140).contains(&lines.len()), "{}", lines.len());
        all.extend(lines);
    }
    let number =
        |line: &String| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap();
    all.sort_by_key(number);
    assert_eq!(all.iter().map(number).collect::<Vec<_>>(), (0..300).collect::<Vec<_>>());
    let merge = [
        "db",
        "merge",
        "shard1.db",
        "shard2.db",
        "shard3.db",
        "--db",
        "all.db",
        "--format",
        "json",
    ];
    let merged = home.gec(&merge).succeeds().json();
    let answers: u64 =
        merged.as_array().unwrap().iter().map(|one| one["answers"].as_u64().unwrap()).sum();
    assert_eq!(answers, 300);
    home.gec(&["db", "merge", "missing.db", "--db", "all.db"]).ends_with(2).says(&["missing.db"]);
}

#[test]
fn the_shipped_model_corrects_what_it_knows_and_leaves_the_rest() {
    let home = Home::new();
    let text = "1\n00:00:01,000 --> 00:00:02,000\nShow me the fights from Boston to Denver, please.\n\n\
                2\n00:00:03,000 --> 00:00:04,000\nPhotosynthesis converts sunlight.\n";
    home.write("talk.srt", text);
    let ran =
        home.gec_with_model(&["correct", "talk.srt", "--apply", "--format", "json"]).succeeds();
    let file: Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
    assert_eq!(file["edits"][0]["original"], "fights", "{ran}");
    assert!(
        file["edits"][0]["score"].as_f64().is_some_and(|score| score > 0.0 && score <= 1.0),
        "{ran}"
    );
    assert_eq!(read(&home, "talk.srt"), text.replace("fights", "flights"));
    // Known from before: the model is not asked again.
    home.gec(&["correct", "talk.srt", "--revert"]).succeeds();
    let ran = home.gec_with_model(&["correct", "talk.srt", "--format", "json"]).succeeds();
    let summary: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(summary["summary"]["texts"]["remembered"], 2, "{ran}");
    assert_eq!(summary["summary"]["texts"]["prompt_tokens"], 0, "{ran}");
}

/// How many files the test kills its way through; the benchmark does the same with more.
const FILES: usize = 300;

#[test]
fn killed_five_times_applied_and_reverted_every_byte_is_back() {
    let home = archive();
    for number in 0..FILES {
        let content = TALK.replace("please", &format!("number {number}"));
        home.write(&format!("talks/{}/{number:04}.srt", number % 7), content);
    }
    let before = contents(&home.path("talks"));
    let command = |more: &[&str]| {
        let always = [
            "--method",
            "1best",
            "--glossary",
            "names.txt",
            "--max-file-change",
            "1",
            "--max-corpus-change",
            "1",
        ];
        home.command(&[&["correct", "talks"], more, &always].concat()).spawn().unwrap()
    };
    let mut kills = 0;
    for more in [&["--apply"] as &[&str], &["--revert"]] {
        let mut lifetime = Duration::from_millis(60);
        loop {
            let mut child = if more == ["--revert"] {
                home.command(&["correct", "talks", "--revert"]).spawn().unwrap()
            } else {
                command(more)
            };
            let end = Instant::now() + lifetime;
            let mut status = None;
            while status.is_none() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
                status = child.try_wait().unwrap();
            }
            match status {
                Some(status) => {
                    assert!(status.success(), "{}", Ran::of(&home, child));
                    break;
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
            }
            lifetime += Duration::from_millis(40);
        }
        if more == ["--apply"] {
            assert!(read(&home, "talks/0/0000.srt").contains("San Jose"));
        }
    }
    assert!(kills >= 5, "{kills} kills");
    assert_eq!(contents(&home.path("talks")), before);
}
