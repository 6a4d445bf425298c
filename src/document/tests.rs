//! What holds for every format.

use proptest::prelude::*;

use super::fuzzing::check;
use super::script::words;
use super::*;

fn read(text: &str, format: DocumentFormat) -> Document {
    Document::parse(text.into(), format, &ReadOptions::default()).unwrap()
}

fn edit(segment: usize, tokens: Range<usize>, replacement: &str) -> Edit {
    Edit { segment, tokens, replacement: replacement.to_owned() }
}

fn render(text: &str, format: DocumentFormat, edits: &[Edit]) -> String {
    String::from_utf8(read(text, format).render(edits).unwrap()).unwrap()
}

/// One cue with these lines, and another behind it.
fn cue(lines: &str) -> String {
    format!("1\n00:00:01,000 --> 00:00:02,000\n{lines}\n\n2\n00:00:03,000 --> 00:00:04,000\nend\n")
}

fn srt(lines: &str, edits: &[Edit]) -> String {
    let whole = render(&cue(lines), DocumentFormat::Srt, edits);
    let inner = whole.strip_prefix("1\n00:00:01,000 --> 00:00:02,000\n").unwrap();
    inner.strip_suffix("\n\n2\n00:00:03,000 --> 00:00:04,000\nend\n").unwrap().to_owned()
}

#[test]
fn deleting_words_leaves_no_doubled_space_and_no_empty_line() {
    assert_eq!(srt("foo bar baz", &[edit(0, 1..2, "")]), "foo baz");
    assert_eq!(srt("foo bar", &[edit(0, 1..2, "")]), "foo");
    assert_eq!(srt("foo bar", &[edit(0, 0..1, "")]), "bar");
    assert_eq!(srt("foo <i>bar</i> baz", &[edit(0, 1..2, "")]), "foo<i></i> baz");
    assert_eq!(srt("foo\nbar", &[edit(0, 0..1, "")]), "bar");
    assert_eq!(srt("foo\nbar", &[edit(0, 1..2, "")]), "foo");
    assert_eq!(srt("- foo bar\n- baz", &[edit(0, 2..3, "")]), "- foo bar\n-");
    assert_eq!(srt("a b c d", &[edit(0, 1..3, "")]), "a d");
    assert_eq!(srt("你好 世界", &[edit(0, 1..2, "")]), "你 世界");
}

#[test]
fn an_emptied_cue_stays_and_can_be_filled_again() {
    let emptied = render(&cue("foo\nbar"), DocumentFormat::Srt, &[edit(0, 0..2, "")]);
    let document = read(&emptied, DocumentFormat::Srt);
    assert_eq!((document.segments().len(), document.segments()[0].text().as_str()), (2, ""));
    let filled = document.render(&[edit(0, 0..0, "new words")]).unwrap();
    let document = Document::parse(filled, DocumentFormat::Srt, &ReadOptions::default()).unwrap();
    assert_eq!(document.segments()[0].text(), "new words");
    assert_eq!(document.segments()[1].text(), "end");
}

#[test]
fn a_last_cue_without_a_line_can_be_filled() {
    for text in ["1\n00:00:01,000 --> 00:00:02,000", "1\r\n00:00:01,000 --> 00:00:02,000\r\n"] {
        let filled = render(text, DocumentFormat::Srt, &[edit(0, 0..0, "a")]);
        assert_eq!(read(&filled, DocumentFormat::Srt).segments()[0].text(), "a");
    }
}

#[test]
fn words_take_the_places_of_words_and_markup_stays() {
    assert_eq!(srt("<i>foo</i>\nbar", &[edit(0, 0..2, "a b")]), "<i>a</i>\nb");
    assert_eq!(srt("<i>foo</i>\nbar", &[edit(0, 0..2, "a b c")]), "<i>a</i>\nb c");
    assert_eq!(srt("<i>foo</i>\nbar baz", &[edit(0, 0..2, "a")]), "<i>a</i>\nbaz");
    assert_eq!(srt("he<i>llo</i> you", &[edit(0, 0..1, "yellow")]), "yellow<i></i> you");
    assert_eq!(srt("JOHN: foo", &[edit(0, 0..0, "so")]), "JOHN: so foo");
    assert_eq!(srt("foo [sighs]", &[edit(0, 1..1, "so")]), "foo so [sighs]");
    assert_eq!(srt("[sighs]", &[edit(0, 0..0, "so")]), "[sighs] so");
    assert_eq!(srt("我爱你。", &[edit(0, 1..2, "恨"), edit(0, 3..3, "们")]), "我恨你们。");
    assert_eq!(srt("我爱你", &[edit(0, 1..2, "love")]), "我love你");
    assert_eq!(srt("foo bar", &[edit(0, 0..2, "你好")]), "你好");
}

#[test]
fn web_vtt_and_tables_and_json_are_escaped() {
    let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nAT&amp;T a\n";
    let changed = render(vtt, DocumentFormat::Vtt, &[edit(0, 1..2, "<b> --> R&B")]);
    assert_eq!(changed, vtt.replace(" a\n", " &lt;b&gt; --&gt; R&amp;B\n"));
    let csv = "id,text\n1,a b\n2,\"a, b\"\n";
    let changed = render(csv, DocumentFormat::Csv, &[edit(0, 0..1, "x,"), edit(1, 1..2, "\"y\"")]);
    assert_eq!(changed, "id,text\n1,\"x, b\"\n2,\"a, \"\"y\"\"\"\n");
}

#[test]
fn impossible_edits_are_errors() {
    let document = read(&cue("foo"), DocumentFormat::Srt);
    let bad = [
        edit(9, 0..1, "a"),
        edit(0, 0..2, "a"),
        edit(0, 0..1, "a\nb"),
        edit(0, 0..1, "a --> b"),
        edit(0, 0..1, "<i>a"),
    ];
    for one in bad {
        assert!(
            matches!(document.render(std::slice::from_ref(&one)), Err(DocumentError::Edit { .. })),
            "{one:?}"
        );
    }
    let overlap = document.render(&[edit(0, 0..1, "a"), edit(0, 0..1, "b")]);
    assert!(matches!(overlap, Err(DocumentError::Edit { .. })));
}

#[test]
fn an_edit_that_would_make_another_cue_is_refused() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\na --> b\n";
    let result = read(text, DocumentFormat::Srt).render(&[edit(0, 0..1, "12")]);
    assert_eq!(result, Err(DocumentError::Damage { segment: 0 }));
}

#[test]
fn encodings_that_are_not_utf_8_are_told_with_their_place() {
    let parse = |bytes: &[u8]| {
        Document::parse(bytes.to_vec(), DocumentFormat::Text, &ReadOptions::default()).unwrap_err()
    };
    assert_eq!(parse(b"a\nb\xe9c"), DocumentError::Encoding { line: 2, byte: 3 });
    assert_eq!(parse(b"\xff\xfea\0"), DocumentError::Wide);
    assert!(parse(b"\xe9").hint().unwrap().contains("iconv"));
}

#[test]
fn whisper_files_may_hold_broken_characters() {
    let json = b"{\"transcription\": [{\"text\": \" a b\", \"tokens\": [{\"text\": \"\xe4\"}]}]}";
    let document =
        Document::parse(json.to_vec(), DocumentFormat::WhisperJson, &ReadOptions::default())
            .unwrap();
    let changed = document.render(&[edit(0, 1..2, "c")]).unwrap();
    let position = json.iter().position(|byte| *byte == b'b').unwrap();
    let mut expected = json.to_vec();
    expected[position] = b'c';
    assert_eq!(changed, expected);
}

const WHISPER: &str = r#"{
  "text": " Hello whirled. I am hear.",
  "segments": [
    {"id": 0, "start": 0.0, "end": 1.5, "text": " Hello whirled.", "words": [
      {"word": " Hello", "start": 0.0, "end": 0.5, "probability": 0.9},
      {"word": " whirled.", "start": 0.5, "end": 1.5, "probability": 0.4}
    ]},
    {"id": 1, "start": 2.0, "end": 3.0, "text": " I am hear.", "words": [
      {"word": " I", "start": 2.0, "end": 2.2, "probability": 0.9},
      {"word": " am", "start": 2.2, "end": 2.4, "probability": 0.9},
      {"word": " hear.", "start": 2.4, "end": 3.0, "probability": 0.4}
    ]}
  ],
  "word_segments": [{"word": "Hello"}, {"word": "whirled."}, {"word": "I"}, {"word": "am"}, {"word": "hear."}]
}"#;

#[test]
fn whisper_texts_and_words_stay_in_step() {
    let document = read(WHISPER, DocumentFormat::WhisperJson);
    assert_eq!(document.warnings(), []);
    assert_eq!(document.segments()[1].start_ms, Some(2000));
    let same = render(WHISPER, DocumentFormat::WhisperJson, &[edit(1, 2..3, "here.")]);
    assert_eq!(same, WHISPER.replace("hear.", "here."));
    let two = render(WHISPER, DocumentFormat::WhisperJson, &[edit(0, 1..2, "a world.")]);
    let expected = WHISPER
        .replace("Hello whirled.", "Hello a world.")
        .replace(
            "{\"word\": \" whirled.\", \"start\": 0.5, \"end\": 1.5, \"probability\": 0.4}",
            "{\"word\": \" a\", \"start\": 0.50, \"end\": 0.64, \"probability\": 0.4},\n      \
             {\"word\": \" world.\", \"start\": 0.64, \"end\": 1.50, \"probability\": 0.4}",
        )
        .replace("{\"word\": \"whirled.\"}", "{\"word\": \"a\"}, {\"word\": \"world.\"}");
    assert_eq!(two, expected);
    let gone = render(WHISPER, DocumentFormat::WhisperJson, &[edit(1, 0..2, "")]);
    let values: serde_json::Value = serde_json::from_str(&gone).unwrap();
    assert_eq!(values["text"], " Hello whirled. hear.");
    assert_eq!(values["segments"][1]["words"].as_array().unwrap().len(), 1);
    assert_eq!(values["word_segments"].as_array().unwrap().len(), 3);
    assert_eq!(values["segments"][1]["words"][0]["start"], 2.4);
}

#[test]
fn an_inserted_word_shares_the_time_of_the_word_before() {
    let json = render(WHISPER, DocumentFormat::WhisperJson, &[edit(1, 2..2, "now")]);
    let values: serde_json::Value = serde_json::from_str(&json).unwrap();
    let words = values["segments"][1]["words"].as_array().unwrap();
    let shown: Vec<String> = words
        .iter()
        .map(|word| format!("{}{}", word["word"].as_str().unwrap(), word["end"]))
        .collect();
    assert_eq!(shown, [" I2.2", " am2.28", " now2.4", " hear.3.0"]);
    assert_eq!(values["text"], " Hello whirled. I am now hear.");
}

#[test]
fn chinese_words_of_several_characters_are_followed() {
    let json = r#"[{"start": 0, "end": 1, "text": "你好世界", "words": [{"word": "你好", "start": 0, "end": 0.4}, {"word": "世界", "start": 0.4, "end": 1}]}]"#;
    let changed =
        render(json, DocumentFormat::WhisperJson, &[edit(0, 1..2, "们"), edit(0, 2..3, "失")]);
    assert_eq!(changed, json.replace('好', "们").replace('世', "失"));
}

#[test]
fn lists_that_disagree_with_the_text_stay_with_a_warning() {
    let json = WHISPER
        .replace("{\"word\": \" am\"", "{\"word\": \" was\"")
        .replace("I am hear.\",\n", "He.\",\n");
    let document = read(&json, DocumentFormat::WhisperJson);
    assert_eq!(document.warnings().len(), 2);
    let changed = render(&json, DocumentFormat::WhisperJson, &[edit(1, 2..3, "here.")]);
    assert_eq!(changed.matches("here.").count(), 2, "{changed}");
}

/// Nasty pieces of subtitle files.
const PIECES: [&str; 44] = [
    "1\n",
    "2\r\n",
    "12\r",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " \n",
    "00:00:01,000 --> 00:00:02,000\n",
    "00:00:03.000 --> 00:00:04.000 align:start position:0%\r\n",
    "00:00:05,000 --> later\n",
    "00:05 -> 00:06\n",
    "foo bar",
    "foo ",
    " ",
    "<i>",
    "</i>",
    "<c.yellow>",
    "<v Ann>",
    "{\\an8}",
    "<00:01:02.000>",
    "&amp;",
    "&lt;b",
    "&#x41;",
    "&",
    "♪ ",
    "JOHN: ",
    "- ",
    ">> ",
    "[door slams] ",
    "(laughs)",
    "(",
    "]",
    "<",
    "-->",
    "NOTE x\n",
    "STYLE\n",
    "WEBVTT\n\n",
    "\u{feff}",
    "你好，世界。",
    "ที่นี่",
    "\u{200f}שלום ",
    "a, b. ",
    "\"x\"",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|all| all.concat())
}

fn keys(text: &str) -> String {
    text.chars().filter(|one| one.is_alphanumeric()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_lost_of_nasty_subtitles(text in pieces(), start in any::<bool>()) {
        let text = if start { format!("WEBVTT\n\n{text}") } else { text };
        for format in [DocumentFormat::Srt, DocumentFormat::Vtt, DocumentFormat::Text, DocumentFormat::Trn] {
            prop_assert_eq!(check(text.as_bytes(), format), Ok(()));
        }
    }

    #[test]
    fn nothing_is_lost_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in DocumentFormat::ALL {
            prop_assert_eq!(check(&bytes, format), Ok(()));
        }
    }

    #[test]
    fn nothing_is_lost_of_tables(text in "text,id\r?\n([a \",;\t\né<]{0,9}[,\n]){0,8}") {
        prop_assert_eq!(check(text.as_bytes(), DocumentFormat::Csv), Ok(()));
        let tabs = text.replace(',', "\t");
        prop_assert_eq!(check(tabs.as_bytes(), DocumentFormat::Tsv), Ok(()));
    }

    #[test]
    fn a_cue_says_what_its_edits_say(
        lines in prop::collection::vec("(<i>|\\[x y\\] )?[a-z你好，]{1,4}( [a-z.,]{1,5}(</i>)?){0,4}", 1..4),
        from in 0_usize..12,
        count in 0_usize..4,
        new in "([a-z]{1,4}|[世界]{1,2})( [a-z世]{1,3}){0,3}|",
    ) {
        let text = cue(&lines.join("\n"));
        let document = read(&text, DocumentFormat::Srt);
        let tokens = &document.segments()[0].tokens;
        let start = from.min(tokens.len());
        let end = (start + count).min(tokens.len());
        let rendered = document.render(&[edit(0, start..end, &new)]).unwrap();
        let again = Document::parse(rendered, DocumentFormat::Srt, &ReadOptions::default()).unwrap();
        let mut expected: Vec<String> = tokens.iter().map(|token| token.surface.clone()).collect();
        expected.splice(start..end, words(&new).into_iter().map(|word| word.surface));
        let found = &again.segments()[0];
        prop_assert_eq!(keys(&found.text()), keys(&expected.concat()));
        let units = |surfaces: Vec<String>| -> Vec<String> {
            let keyed = surfaces.iter().map(|one| keys(one));
            keyed.filter(|one| !one.is_empty()).collect()
        };
        let surfaces = found.tokens.iter().map(|token| token.surface.clone()).collect();
        prop_assert_eq!(units(surfaces), units(expected));
        prop_assert_eq!(again.segments().len(), 2);
        let doubled = again.bytes().windows(2).any(|two| two == b"  ");
        prop_assert!(!doubled, "{:?}", String::from_utf8_lossy(again.bytes()));
    }
}

#[test]
fn long_files_are_read_in_linear_time() {
    let started = std::time::Instant::now();
    let mut many = String::new();
    for number in 0..50_000 {
        many.push_str(&format!(
            "{number}\n00:00:01,000 --> 00:00:02,000\nHello <i>there</i>, [x] you\n\n"
        ));
    }
    assert_eq!(read(&many, DocumentFormat::Srt).segments().len(), 50_000);
    for piece in ["word ", "<", "([", "<i", "{\\", "你", "<v a b ", "0:", "a:", "&"] {
        let bytes = if piece == "word " { 5_000_000 } else { 500_000 };
        let long = piece.repeat(bytes / piece.len());
        for format in [DocumentFormat::Text, DocumentFormat::Srt, DocumentFormat::Vtt] {
            let long = if format == DocumentFormat::Text { long.clone() } else { cue(&long) };
            let document = read(&long, format);
            let bytes = document.render(&[edit(0, 0..0, "new")]).unwrap();
            assert!(bytes.len() >= long.len());
        }
    }
    let tagged = cue(&"<b>a</b> ".repeat(100_000));
    let document = read(&tagged, DocumentFormat::Srt);
    assert_eq!(document.segments()[0].tokens.len(), 100_000);
    assert!(document.render(&[edit(0, 1..100_000, "")]).unwrap().len() < tagged.len());
    // Some seconds suffice; quadratic time would take hours.
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}
