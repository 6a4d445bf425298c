use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    corpus::Utterance,
    correct::Verdict,
    normalize::{BASIC, NONE},
    score::{Item, Labels, Rule, Scorer},
};

const HOSTILE: &str = "</script><script>window.pwned=1</script><!-- <img src=x onerror=alert(1)> \
                       \" ' & \u{2028}\u{2029}\u{202e} \u{0}\u{1b}[2J";

fn page(rows: Vec<crate::score::Row>, runs: Vec<Run>) -> Page {
    Page {
        title: "Report".into(),
        date: "2026-01-01".into(),
        version: "0.1.0".into(),
        report: Report::new(&Rule::default(), rows),
        runs,
        notes: Vec::new(),
    }
}

fn run(method: &str) -> Run {
    Run { data: "demo".into(), method: method.into(), ..Run::default() }
}

fn utterance(id: &str, list: &[&str], reference: Option<&str>) -> Utterance {
    let list = list.iter().map(|text| ((*text).to_owned(), Some(-1.5), None));
    Utterance { reference: reference.map(str::to_owned), ..Utterance::from_list(id, list) }
}

fn written(page: &Page, entries: Vec<Entry>) -> String {
    let mut out = Vec::new();
    write(page, entries.into_iter(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The JSON blocks of a page: between the opening and the next closing tag, as HTML reads it.
fn blocks(html: &str) -> Vec<Value> {
    let open = "<script type=\"application/json\" class=\"entries\">";
    let parts = html.split(open).skip(1);
    parts
        .map(|part| serde_json::from_str(part.split("</script").next().unwrap()).unwrap())
        .collect()
}

fn row(method: &str, items: &[(&str, &str, &str)]) -> crate::score::Row {
    let mut scorer = Scorer::new(Rule::default());
    for (reference, one_best, corrected) in items {
        let reference = Some(*reference);
        scorer.add(&Item { nbest: &[one_best], reference, corrected, resampling_key: one_best });
    }
    scorer.finish(Labels { dataset: "demo".into(), subset: String::new(), method: method.into() })
}

/// A page of one run that corrects one word.
fn one_correction() -> (Page, Entry) {
    let utterance = utterance("u1", &["show flight", "show flights"], Some("show flights"));
    let mut entry = Entry::new("demo", &utterance, NONE);
    let answer = entry.answer(0, Verdict::Corrected, "show flights", NONE);
    answer.confidences = vec![0.9, 0.6];
    answer.tokens = 40;
    let rows = vec![row("select", &[("show flights", "show flight", "show flights")])];
    (page(rows, vec![run("select")]), entry)
}

#[test]
fn an_empty_report_is_a_whole_page_that_says_what_it_lacks() {
    let html = written(&page(Vec::new(), Vec::new()), Vec::new());
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</body>\n</html>\n"));
    assert!(html.contains("No run was scored."));
    assert_eq!(html.matches("<figure class=\"without\">").count(), 6);
    assert!(!html.contains("role=\"img\""));
    assert!(blocks(&html).is_empty());
}

#[test]
fn a_report_with_data_draws_every_plot_with_a_text_in_its_place() {
    let (page, entry) = one_correction();
    let html = written(&page, vec![entry]);
    assert!(!html.contains("class=\"without\""));
    assert_eq!(html.matches("role=\"img\" aria-label=\"").count(), 6);
    assert!(html.contains("demo, select: 0.00 %"));
    assert!(html.contains("Expected calibration error: select 0.250."));
    assert!(html.contains("<bdi>flights</bdi></td><td><bdi>flight</bdi>"));
}

#[test]
fn a_plot_without_data_says_why() {
    let (page, mut entry) = one_correction();
    entry.answers[0].confidences.clear();
    entry.answers[0].tokens = 0;
    let html = written(&page, vec![entry]);
    assert!(html.contains("No answer has both word confidences and a reference."));
    assert!(html.contains("so none has a cost."));
    assert_eq!(html.matches("<figure class=\"without\">").count(), 2);
}

#[test]
fn hostile_texts_stay_texts_wherever_they_stand() {
    let utterance = utterance(HOSTILE, &[HOSTILE, "x"], Some("y z"));
    let mut entry = Entry::new(HOSTILE, &utterance, NONE);
    entry.group = Some(HOSTILE.into());
    let answer = entry.answer(0, Verdict::Failed, "x", NONE);
    answer.reason = Some(HOSTILE.into());
    answer.raw = Some(HOSTILE.into());
    let mut row = row("m", &[("a b", "a", "a b")]);
    (row.dataset, row.method, row.note) = (HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()));
    let run = Run {
        data: HOSTILE.into(),
        method: HOSTILE.into(),
        model: Some(HOSTILE.into()),
        settings: serde_json::json!({ HOSTILE: HOSTILE }),
        facts: vec![(HOSTILE.into(), HOSTILE.into())],
        ..Run::default()
    };
    let mut page = page(vec![row], vec![run]);
    (page.title, page.date, page.version) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    page.notes = vec![HOSTILE.into()];
    let html = written(&page, vec![entry.clone()]);

    // The style, four programs, two blocks of data: no element more.
    assert_eq!(html.matches("<script").count(), 6);
    assert_eq!(html.matches("</script").count(), 6);
    assert!(!html.contains("<img") && !html.contains("<!--"));
    assert!(!html.contains(['\0', '\u{1b}', '\u{202e}', '\u{2028}']));
    let read: Vec<Entry> = serde_json::from_value(blocks(&html).remove(0)).unwrap();
    assert_eq!(read, [entry]);
}

#[test]
fn the_policy_names_every_script_and_allows_nothing_inline() {
    let html = written(&page(Vec::new(), Vec::new()), Vec::new());
    let policy = html.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(policy.matches("'sha256-").count(), 5);
    assert!(!html.contains(" style=\"") && !html.contains(" src=\"") && !html.contains("<link"));
}

#[test]
fn answers_of_unknown_runs_are_left_out_of_the_sums() {
    let (page, mut entry) = one_correction();
    entry.answers[0].run = 7;
    let html = written(&page, vec![entry]);
    assert!(html.contains("No run has an answer."));
}

#[test]
fn words_are_kept_apart_from_the_text_only_where_they_differ() {
    let one = Entry::new("d", &utterance("1", &["Show, me"], Some("show  me")), BASIC);
    assert_eq!(one.one_best.words.as_deref(), Some("show me"));
    assert_eq!(one.one_best.ops.as_deref(), Some("=="));
    assert_eq!(one.reference.as_ref().unwrap().words, None);
    let without = Entry::new("d", &utterance("1", &["a"], None), BASIC);
    assert_eq!(without.one_best.errors(), None);
}

#[test]
fn an_answer_equal_to_the_1_best_holds_no_text() {
    let mut entry = Entry::new("d", &utterance("1", &["a b"], Some("a c")), NONE);
    assert_eq!(entry.answer(0, Verdict::Kept, "a b", NONE).written, None);
    assert_eq!(entry.written(&entry.answers[0]).errors(), Some(1));
    let changed = entry.answer(1, Verdict::Corrected, "a b d", NONE);
    assert_eq!(changed.changes.as_deref(), Some("==I"));
    assert_eq!(entry.written(&entry.answers[1]).errors(), Some(2));
}

#[test]
fn entries_are_written_in_blocks_and_in_order() {
    let entries = |count| {
        (0..count).map(|id: usize| Entry { id: id.to_string(), ..Entry::default() }).collect()
    };
    for (count, sizes) in [(1, vec![1]), (256, vec![256]), (600, vec![256, 256, 88])] {
        let html = written(&page(Vec::new(), Vec::new()), entries(count));
        let blocks = blocks(&html);
        let found: Vec<usize> =
            blocks.iter().map(|block| block.as_array().unwrap().len()).collect();
        assert_eq!(found, sizes);
        assert_eq!(blocks[0][0]["id"], "0");
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let page = page(Vec::new(), Vec::new());
    let error = write(&page, std::iter::empty(), &mut Full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

proptest! {
    #[test]
    fn any_entry_survives_the_page(
        texts in prop::collection::vec("(\\PC|[<>&\"'/!\u{0}-\u{1f}\u{2028}]){0,12}", 4),
        confidence in any::<f64>(),
    ) {
        let utterance = utterance(&texts[0], &[&texts[1], &texts[2]], Some(&texts[3]));
        let mut entry = Entry::new("d", &utterance, BASIC);
        let answer = entry.answer(0, Verdict::Corrected, &texts[2], BASIC);
        answer.confidences = vec![confidence; texts[2].split_whitespace().count()];
        let html = written(&page(Vec::new(), vec![run("m")]), vec![entry.clone()]);
        let id = blocks(&html)[0][0]["id"].as_str().unwrap().to_owned();
        prop_assert_eq!(id, entry.id);
        prop_assert_eq!(html.matches("<script").count(), 6);
    }

    #[test]
    fn operations_turn_one_text_into_the_other(from in "[abc ]{0,20}", to in "[abc ]{0,20}") {
        let ops = operations(&from, &to);
        let count = |kept: &str| ops.chars().filter(|op| kept.contains(*op)).count();
        prop_assert_eq!(count("=SD"), from.split_whitespace().count());
        prop_assert_eq!(count("=SI"), to.split_whitespace().count());
        for (op, before, after) in entry::pairs(&from, &to, &ops) {
            prop_assert_eq!(op == b'=', before == after);
        }
    }
}
