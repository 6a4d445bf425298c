//! What is written, and what of it comes back.

use proptest::prelude::*;

use super::*;
use crate::corpus::{self, Source, Span, WordTime};

fn written(format: Format, text: Text, items: &[(Utterance, Option<&str>)]) -> String {
    let mut exporter = Exporter::new(format, text, Vec::new());
    for (utterance, corrected) in items {
        exporter.put(utterance, *corrected).unwrap();
    }
    String::from_utf8(exporter.finish().unwrap().0).unwrap()
}

fn read(format: corpus::Format, text: String) -> Vec<Utterance> {
    let bytes: &'static [u8] = text.leak().as_bytes();
    let source = Source::Embedded { name: "test", bytes };
    corpus::open(&source, Some(format)).unwrap().map(Result::unwrap).collect()
}

fn word(text: &str, start_ms: i64, end_ms: i64) -> WordTime {
    WordTime { text: text.to_owned(), start_ms, end_ms }
}

/// Two utterances of a recording: the second without times of words.
fn talk() -> Vec<(Utterance, Option<&'static str>)> {
    let list = |texts: &[&str]| texts.iter().map(|text| ((*text).to_owned(), None, None)).collect();
    let first: Vec<_> = list(&["Show me a fright", "show me"]);
    let mut first = Utterance::from_list("talk (1)", first);
    first.span = Some(Span { start_ms: 1000, end_ms: 3_723_456 });
    first.words = vec![
        word("Show", 1000, 1200),
        word("me", 1200, 1300),
        word("a", 1400, 1500),
        word("fright", 1500, 2000),
    ];
    let second: Vec<_> = list(&["to <b> &\nboston"]);
    let mut second = Utterance::from_list("talk 2", second);
    second.span = Some(Span { start_ms: 2000, end_ms: 3000 });
    second.reference = Some("to be at boston".to_owned());
    for utterance in [&mut first, &mut second] {
        utterance.audio = Some("calls/talk.wav".to_owned());
    }
    vec![(first, Some("show me an early flight")), (second, None)]
}

#[test]
fn transcripts_hold_the_chosen_text() {
    let trn = |text| written(Format::Trn, text, &talk());
    assert_eq!(
        trn(Text::OneBest),
        "Show me a fright (talk%20%281%29)\nto <b> & boston (talk%202)\n"
    );
    let corrected = "show me an early flight (talk%20%281%29)\nto <b> & boston (talk%202)\n";
    assert_eq!(trn(Text::Corrected), corrected);
    // Where it is not known what was said, nothing is written.
    assert_eq!(trn(Text::Reference), "to be at boston (talk%202)\n");
    assert_eq!(written(Format::Txt, Text::OneBest, &talk()), "Show me a fright\nto <b> & boston\n");
    let empty = [(Utterance::from_list("a", []), None)];
    assert_eq!(written(Format::Trn, Text::OneBest, &empty), "(a)\n");
}

#[test]
fn subtitles_have_a_cue_for_each_utterance() {
    let srt = "1\n00:00:01,000 --> 01:02:03,456\nShow me a fright\n\n\
               2\n00:00:02,000 --> 00:00:03,000\nto <b> & boston\n\n";
    assert_eq!(written(Format::Srt, Text::OneBest, &talk()), srt);
    let vtt = "WEBVTT\n\n00:00:01.000 --> 01:02:03.456\nshow me an early flight\n\n\
               00:00:02.000 --> 00:00:03.000\nto &lt;b&gt; &amp; boston\n\n";
    assert_eq!(written(Format::Vtt, Text::Corrected, &talk()), vtt);
    assert_eq!(written(Format::Vtt, Text::OneBest, &[]), "WEBVTT\n\n");
}

#[test]
fn words_keep_their_times_and_the_others_share_what_is_left() {
    let one_best = "talk 1 1.000 0.200 Show\ntalk 1 1.200 0.100 me\ntalk 1 1.400 0.100 a\n\
                    talk 1 1.500 0.500 fright\n";
    let evenly = "talk 1 2.000 0.250 to\ntalk 1 2.250 0.250 <b>\ntalk 1 2.500 0.250 &\n\
                  talk 1 2.750 0.250 boston\n";
    assert_eq!(written(Format::Ctm, Text::OneBest, &talk()), format!("{one_best}{evenly}"));
    let mut items = talk();
    items.truncate(1);
    items[0].0.span = None;
    items[0].1 = Some("show me the very fright");
    let corrected = "talk 1 1.000 0.200 show\ntalk 1 1.200 0.100 me\ntalk 1 1.300 0.100 the\n\
                     talk 1 1.400 0.100 very\ntalk 1 1.500 0.500 fright\n";
    assert_eq!(written(Format::Ctm, Text::Corrected, &items), corrected);
}

#[test]
fn what_needs_times_names_the_utterance_without() {
    let utterance = Utterance::from_list("u7", [("a".to_owned(), None, None)]);
    for format in [Format::Ctm, Format::Srt, Format::Vtt] {
        let mut exporter = Exporter::new(format, Text::OneBest, Vec::new());
        let error = exporter.put(&utterance, None).unwrap_err();
        assert!(matches!(&error, ExportError::NoTimes { id, .. } if id == "u7"), "{error}");
        assert!(error.hint().is_some());
    }
    let mut items = talk();
    items[1].0.audio = Some("other.wav".to_owned());
    let mut exporter = Exporter::new(Format::Srt, Text::OneBest, Vec::new());
    exporter.put(&items[0].0, None).unwrap();
    let error = exporter.put(&items[1].0, None).unwrap_err();
    assert!(matches!(error, ExportError::AnotherRecording { .. }), "{error}");
}

#[test]
fn corrections_stand_beside_the_lists() {
    for format in [Format::Jsonl, Format::HyporadiseJson] {
        let text = written(format, Text::OneBest, &talk());
        assert_eq!(text.matches("\"corrected\":\"show me an early flight\"").count(), 1, "{text}");
        assert_eq!(text.matches("corrected").count(), 1, "{text}");
    }
    assert_eq!(written(Format::HyporadiseJson, Text::OneBest, &[]), "[\n]\n");
}

#[test]
fn a_recording_is_called_as_its_file() {
    for (audio, expected) in [
        ("calls/talk.wav", "talk"),
        ("C:\\calls\\talk.MP3", "talk"),
        ("call.2", "call.2"),
        ("full.wav", "full"),
        (".wav", ".wav"),
        ("", ""),
    ] {
        assert_eq!(recording_name(audio), expected);
    }
}

#[test]
fn formats_have_names_that_parse() {
    for name in ["hp-json", "jsonl", "kaldi", "trn", "ctm", "srt", "vtt", "txt"] {
        assert_eq!(name.parse::<Format>().unwrap().to_string(), name);
    }
    assert!("doc".parse::<Format>().unwrap_err().contains("kaldi, trn"));
}

/// Utterances as a reader gives them.
fn any_utterance() -> impl Strategy<Value = Utterance> {
    let text = || "[ab'] [ab<&\"\\\\é]{0,3}|\\PC{0,6}|";
    let score = || prop::option::of(-1e3_f64..0.0);
    let scores = prop::option::of(prop::collection::vec(-50_f64..0.0, 0..3));
    let list = prop::collection::vec((text(), score(), scores), 0..6);
    let name = || prop::option::of("[a-z(]( ?[a-z)%]){0,5}");
    let ms = || -10_i64..10_000_000_000;
    let span = prop::option::of((ms(), ms()));
    let words = prop::collection::vec(("\\PC{0,4}", ms(), ms()), 0..3);
    (list, prop::option::of(text()), name(), name(), span, words).prop_map(
        |(list, reference, group, audio, span, words)| Utterance {
            reference: reference.map(|text| text.trim().to_owned()),
            group,
            audio,
            span: span.map(|(start_ms, end_ms)| Span { start_ms, end_ms }),
            words: words.iter().map(|(text, start, end)| word(text, *start, *end)).collect(),
            ..Utterance::from_list("", list)
        },
    )
}

fn any_corpus() -> impl Strategy<Value = Vec<(Utterance, Option<&'static str>)>> {
    prop::collection::vec(any_utterance(), 0..4).prop_map(|mut corpus| {
        for (utterance, number) in corpus.iter_mut().zip(1..) {
            utterance.id = format!("id {number}(a)-{number}");
        }
        corpus.into_iter().map(|utterance| (utterance, None)).collect()
    })
}

proptest! {
    #[test]
    fn jsonl_loses_nothing(items in any_corpus()) {
        let text = written(Format::Jsonl, Text::OneBest, &items);
        let utterances: Vec<_> = items.into_iter().map(|(utterance, _)| utterance).collect();
        prop_assert_eq!(read(corpus::Format::Jsonl, text), utterances);
    }

    #[test]
    fn hp_json_keeps_lists_references_and_the_scores_of_first_occurrences(items in any_corpus()) {
        let text = written(Format::HyporadiseJson, Text::OneBest, &items);
        let kept = |(utterance, _): (Utterance, _)| {
            let mut kept = utterance;
            kept.nbest.iter_mut().for_each(|one| one.token_scores = None);
            Utterance { group: None, audio: None, span: None, words: Vec::new(), ..kept }
        };
        let utterances: Vec<_> = items.into_iter().map(kept).collect();
        prop_assert_eq!(read(corpus::Format::HyporadiseJson, text), utterances);
    }

    #[test]
    fn a_folder_of_kaldi_is_read_back(items in any_corpus()) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = KaldiFolder::create(folder.path()).unwrap();
        items.iter().for_each(|(utterance, _)| writer.put(utterance).unwrap());
        writer.finish().unwrap();
        let source = Source::Folder(folder.path().to_owned());
        let found: Vec<_> = match items.is_empty() {
            true => Vec::new(),
            false => corpus::open(&source, None).unwrap().map(Result::unwrap).collect(),
        };
        let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(found.len(), items.len());
        for (found, (utterance, _)) in found.iter().zip(&items) {
            prop_assert_eq!(found.id.as_str(), corpus::trn_id(&utterance.id));
            let reference = utterance.reference.as_deref().map(joined);
            prop_assert_eq!(&found.reference, &reference);
            let list: Vec<_> =
                as_listed(&utterance.nbest).iter().map(|one| (joined(&one.text), None, None)).collect();
            let expected = Utterance::from_list("", list);
            let outline = |utterance: &Utterance| -> Vec<_> {
                utterance.nbest.iter().map(|one| (one.text.clone(), one.rank, one.count)).collect()
            };
            prop_assert_eq!(outline(found), outline(&expected));
            prop_assert_eq!(found.nbest[0].score, utterance.nbest[0].score);
        }
    }
}
