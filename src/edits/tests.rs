//! Corrections of cues as people have them.

use proptest::prelude::*;

use super::*;
use crate::corpus::Hypothesis;
use crate::document::{Document, DocumentFormat, ReadOptions};

fn segments(text: &str) -> Vec<Segment> {
    let document = Document::parse(text.into(), DocumentFormat::Text, &ReadOptions::default());
    document.unwrap().segments().to_vec()
}

fn segment(text: &str) -> Segment {
    segments(text).remove(0)
}

fn corrected(text: &str, correction: &str) -> String {
    let segment = segment(text);
    applied(&segment, &between(&segment, correction, Surface::Words))
}

#[test]
fn equal_words_are_left_exactly_as_they_stand() {
    let segment = segment("\"Hello,  World!\" — It’s 1,000 R&B.");
    assert_eq!(between(&segment, "hello world it's 1,000 r&b", Surface::Words), []);
    assert_eq!(between(&segment, "hello world it's 1000 r&b", Surface::Words), []);
    assert_eq!(between(&segment, "", Surface::Words)[0].tokens.start, 0);
}

#[test]
fn replacements_take_case_and_punctuation() {
    assert_eq!(corrected("\"Hello,\" he said.", "yellow he said"), "\"Yellow,\" he said.");
    assert_eq!(corrected("GO TO THE STOAR!", "go to the store"), "GO TO THE STORE!");
    assert_eq!(corrected("Wreck a nice beach.", "recognise speech"), "Recognise speech.");
    assert_eq!(corrected("Recognise speech.", "wreck a nice beach"), "Wreck a nice beach.");
    assert_eq!(
        corrected("We went to Pairs, France.", "we went to paris france"),
        "We went to Paris, France."
    );
    assert_eq!(corrected("He went to pairs.", "He went to Paris."), "He went to Paris.");
    assert_eq!(corrected("Then eye see it.", "then i see it"), "Then I see it.");
    assert_eq!(corrected("and I see", "and eye see"), "and eye see");
    assert_eq!(corrected("then eye see it", "then i see it"), "then i see it");
    assert_eq!(corrected("I see.", "we see"), "We see.");
    assert_eq!(corrected("The U.S. USA team", "the u.s. usb team"), "The U.S. USB team");
}

#[test]
fn deletions_give_their_full_stop_and_capital_away() {
    assert_eq!(corrected("That works well so.", "that works well"), "That works well.");
    assert_eq!(corrected("So they left.", "they left"), "They left.");
    assert_eq!(corrected("Yes, well, no. Uh, then go.", "yes well then go"), "Yes, well. Then go.");
    assert_eq!(corrected("He said \"no way\" twice.", "he said no twice"), "He said \"no\" twice.");
    assert_eq!(corrected("He said \"no\" twice.", "he said twice"), "He said twice.");
    assert_eq!(corrected("foo bar, baz", "foo baz"), "foo baz");
}

#[test]
fn inserted_words_take_nothing_but_stay_before_the_full_stop() {
    assert_eq!(corrected("They left.", "they have left"), "They have left.");
    assert_eq!(corrected("They left.", "they left now"), "They left now.");
    assert_eq!(corrected("They left.", "They left. Now"), "They left. Now");
    assert_eq!(corrected("and left", "and they left"), "and they left");
    assert_eq!(corrected("And then?", "and then i"), "And then I?");
}

#[test]
fn german_keeps_its_capitals_and_letters() {
    assert_eq!(
        corrected("Die Maus steht in der Strase.", "das haus steht in der straße"),
        "Das Haus steht in der Straße."
    );
    assert_eq!(
        corrected("„Schöne Grüse“, sagte er.", "schöne grüße sagte er"),
        "„Schöne Grüße“, sagte er."
    );
}

#[test]
fn chinese_and_japanese_keep_full_width_punctuation() {
    assert_eq!(corrected("你好，世介。", "你好世界"), "你好，世界。");
    assert_eq!(corrected("你好，世介。", "你 好 世 界"), "你好，世界。");
    assert_eq!(corrected("甚 至 出 线", "甚至出现"), "甚 至 出 现");
    assert_eq!(corrected("你好，世界。", "你好"), "你好。");
    assert_eq!(corrected("你好，世界。", "世界"), "世界。");
    assert_eq!(corrected("我爱你。", "我很爱你们"), "我很爱你们。");
    assert_eq!(corrected("「今日は」と行った。", "今日はと言った"), "「今日は」と言った。");
}

#[test]
fn arabic_hebrew_and_thai_are_corrected_in_place() {
    assert_eq!(corrected("\u{200f}מה שלומך, דני?", "מה שלומכם דני"), "מה שלומכם, דני?");
    assert_eq!(corrected("كيف حالك، أحمد؟", "كيف حالكم أحمد"), "كيف حالكم، أحمد؟");
    assert_eq!(corrected("ที่นี้ดี มาก", "ที่นี่ดี มาก"), "ที่นี่ดี มาก");
}

#[test]
fn the_full_surface_counts_when_asked_for() {
    let segment = segment("hello world 你好");
    let edits = between(&segment, "Hello, world 你好。", Surface::Full);
    assert_eq!(applied(&segment, &edits), "Hello, world 你好。");
    assert_eq!(
        edits[0],
        TokenEdit { tokens: 0..1, original: "hello".into(), replacement: "Hello,".into() }
    );
}

#[test]
fn hypotheses_back_edits() {
    let mut segment = segment("i want a fright to boston");
    let list = [
        "i want a fright to boston",
        "i want a flight to boston",
        "i want flight to boston",
        "i want a big flight to boston",
        "want a flight",
    ];
    segment.hypotheses = (0..)
        .zip(list)
        .map(|(rank, text)| Hypothesis {
            text: text.to_owned(),
            rank,
            count: 1,
            score: None,
            token_scores: None,
        })
        .collect();
    let ranks = |correction: &str| {
        let edits = between(&segment, correction, Surface::Words);
        assert_eq!(edits.len(), 1, "{edits:?}");
        let found = support(&segment, &edits[0]);
        (found.replacement, found.original)
    };
    assert_eq!(ranks("i want a flight to boston"), (vec![1, 2, 3, 4], vec![0]));
    assert_eq!(ranks("i want a big flight to boston"), (vec![3], vec![0]));
    assert_eq!(ranks("want a fright to boston"), (vec![4], vec![0, 1, 2, 3]));
    assert_eq!(ranks("i want a very fright to boston"), (vec![], vec![0, 1, 2, 4]));
}

#[test]
fn a_joined_correction_is_given_back_to_its_segments() {
    let cues = segments("I want to\ngo to the stoar.\nNow");
    let all: Vec<&Segment> = cues.iter().collect();
    assert_eq!(
        split_back(&all, "i want to go to a store now"),
        ["i want to", "go to a store", "now"]
    );
    assert_eq!(
        split_back(&all, "i want two go to the store so now"),
        ["i want two", "go to the store", "so now"]
    );
    assert_eq!(split_back(&all, "go to the store"), ["", "go to the store", ""]);
    assert_eq!(split_back(&all, ""), ["", "", ""]);
    assert_eq!(split_back(&[], "a"), Vec::<String>::new());
}

#[test]
fn a_reflowed_correction_fills_segments_by_their_share() {
    let cues = segments("I want to\ngo to the stoar.\nNow");
    let all: Vec<&Segment> = cues.iter().collect();
    let same = "I want to go to the stoar. Now";
    assert_eq!(reflow(&all, same), ["I want to", "go to the stoar.", "Now"]);
    assert_eq!(
        reflow(&all, "I really want very much to go to the store now"),
        ["I really want", "very much to go to the store", "now"]
    );
    assert_eq!(reflow(&all, ""), ["", "", ""]);
    assert_eq!(reflow(&[], "a"), Vec::<String>::new());
}

fn keys(text: &str) -> Vec<String> {
    let words = script::words(text).into_iter();
    words.map(|word| key::key(&word.surface)).filter(|key| !key.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_edits_make_the_correction(
        text in "(([\"(]?[A-Ca-c]{1,3}[,.!\")]?|[你好世，。「」]{1,2}|I) ?){0,9}",
        correction in "(([a-c]{1,3}|[你好世]{1,2}|i) ?){0,9}",
    ) {
        let segment = segment(&format!("{text} a"));
        let edits = between(&segment, &correction, Surface::Words);
        let made = applied(&segment, &edits);
        let (own, wanted) = (keys(&made), keys(&correction));
        // A word with punctuation within it is neither joined nor parted there: `1,000`.
        let joints = [',', '.'];
        if own.iter().any(|key| key.contains(joints)) {
            let letters = own.concat().replace(joints, "");
            prop_assert_eq!(letters, wanted.concat(), "{} / {:?}", made, edits);
        } else {
            prop_assert_eq!(own, wanted, "{} / {:?}", made, edits);
        }
        let again = segments(&made);
        if let Some(again) = again.first() {
            prop_assert_eq!(between(again, &correction, Surface::Words), []);
        }
        prop_assert_eq!(between(&segment, &segment.text(), Surface::Words), []);
        prop_assert_eq!(between(&segment, &segment.text(), Surface::Full), []);
        for two in edits.windows(2) {
            prop_assert!(two[0].tokens.end < two[1].tokens.start);
        }
    }

    #[test]
    fn the_document_says_what_the_edits_say(
        lines in prop::collection::vec("([A-C]?[a-c]{1,3}[,.]? |[你好]{1,2}){1,5}", 1..4),
        correction in "(([a-c]{1,3}|[你好世]{1,2}) ?){0,9}",
    ) {
        let text = format!("1\n00:01,0 --> 00:02,0\n<i>{}</i>\n", lines.join("\n"));
        let document =
            Document::parse(text.into(), DocumentFormat::Srt, &ReadOptions::default()).unwrap();
        let segment = &document.segments()[0];
        let edits = between(segment, &correction, Surface::Words);
        let made: Vec<Edit> = edits.iter().map(|edit| edit.of_segment(0)).collect();
        let rendered = document.render(&made).unwrap();
        let again = Document::parse(rendered, DocumentFormat::Srt, &ReadOptions::default()).unwrap();
        prop_assert_eq!(keys(&again.segments()[0].text()), keys(&correction));
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(bare(&again.segments()[0].text()), bare(&applied(segment, &edits)));
    }

    #[test]
    fn splitting_back_keeps_every_word_in_order(
        lines in prop::collection::vec("([a-c]{1,2}[,.]? |[你好。]{1,2}){0,5}", 1..4),
        correction in "(([a-c]{1,3}|[你好世]{1,2}|-) ?){0,9}",
    ) {
        let cues = segments(&lines.join("\n"));
        let all: Vec<&Segment> = cues.iter().collect();
        let parts = split_back(&all, &correction);
        prop_assert_eq!(parts.len(), cues.len());
        let words: Vec<String> = parts.iter().flat_map(|part| script::words(part)).map(|word| word.surface).collect();
        let expected: Vec<String> = script::words(&correction).into_iter().map(|word| word.surface).collect();
        if !all.is_empty() {
            prop_assert_eq!(words, expected);
        }
    }
}
