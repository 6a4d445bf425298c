use proptest::prelude::*;

use super::*;
use crate::score::{Item, Labels, Rule, Scorer};

fn scored(reference: Option<&str>, resamples: u32) -> Row {
    let mut scorer = Scorer::new(Rule { resamples, ..Rule::default() });
    for _ in 0..4 {
        scorer.add(&Item {
            nbest: &["show me flights to austin"],
            reference,
            corrected: "show me flights to boston",
            resampling_key: "",
        });
    }
    let label = |text: &str| text.to_owned();
    scorer.finish(Labels { dataset: label("hp"), subset: label("atis"), method: label("cascade") })
}

fn row() -> Row {
    let mut row = scored(Some("show me flights to denver"), 100);
    (row.wer, row.diff, row.p_value) = (Some(5.25), Some(-1.0), Some(0.04));
    (row.utterances, row.scored, row.better, row.worse, row.changed) = (1000, 400, 10, 3, 20);
    row
}

fn messages(rows: &[Row], conditions: &[&str]) -> Vec<String> {
    let conditions: Vec<Condition> = conditions.iter().map(|one| one.parse().unwrap()).collect();
    violations(rows, &conditions).into_iter().map(|violation| violation.message).collect()
}

fn fails(row: &Row, condition: &str) -> bool {
    !messages(std::slice::from_ref(row), &[condition]).is_empty()
}

#[test]
fn every_figure_of_a_row_is_a_field() {
    let serde_json::Value::Object(fields) = serde_json::to_value(row()).unwrap() else {
        panic!("a row is an object");
    };
    let texts = ["dataset", "subset", "method", "rule", "note", "baseline"];
    let mut wanted: Vec<&str> = fields.keys().map(String::as_str).collect();
    wanted.retain(|name| !texts.contains(name));
    let mut names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
}

#[test]
fn each_field_is_the_figure_of_its_name() {
    let row = row();
    let values = serde_json::to_value(&row).unwrap();
    let mut compared = 0;
    for field in &FIELDS {
        if let (Some(figure), Some(value)) = ((field.figure)(&row), values[field.name].as_f64()) {
            assert_eq!(figure, value, "{}", field.name);
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn comparisons_mean_what_their_signs_say() {
    let row = row();
    for (holds, conditions) in [
        (true, ["wer>5", "wer >= 5.25", "wer<5.3", "wer<=5.25", "wer=5.25", "wer!=5", "diff<-0.5"]),
        (false, ["wer>5.25", "wer>=5.3", "wer<5.25", "wer<=5", "wer==5", "wer!=5.25", "diff>=0"]),
    ] {
        for condition in conditions {
            assert_eq!(fails(&row, condition), holds, "{condition}");
        }
    }
}

#[test]
fn a_percent_sign_on_a_count_means_a_share() {
    let row = row();
    // 3 of 400 scored, 20 of 1000 in all.
    assert!(fails(&row, "worse>0.5%") && !fails(&row, "worse>0.75%"));
    assert!(fails(&row, "worse>2") && !fails(&row, "worse>3"));
    assert!(fails(&row, "changed>=2%") && !fails(&row, "changed>2%"));
    assert!(fails(&row, "scored<50%") && fails(&row, "wer>5%"));
}

#[test]
fn a_selector_names_method_data_or_both() {
    let mut profiled = row();
    (profiled.method, profiled.subset) = ("cascade (atis)".into(), String::new());
    let rows = [row(), profiled];
    for (condition, many) in [
        ("cascade: wer>5", 2),
        ("cascade (atis): wer>5", 1),
        ("@hp: wer>5", 2),
        ("@hp:atis: wer>5", 1),
        ("cascade@hp:atis:wer>5", 1),
        ("wer>5", 2),
    ] {
        assert_eq!(messages(&rows, &[condition]).len(), many, "{condition}");
    }
    assert_eq!(messages(&rows, &["casc: wer>5"]), ["No row is meant by `casc: wer>5`."]);
    assert_eq!(messages(&[], &["wer>5"]), ["No row is meant by `wer>5`."]);
    assert!(messages(&[], &[]).is_empty());
}

#[test]
fn a_figure_that_does_not_exist_is_a_violation() {
    let unscored = scored(None, 100);
    for condition in ["wer>5", "wer<5", "worse>0", "worse>1%", "real", "insertions>1%"] {
        let found = messages(std::slice::from_ref(&unscored), &[condition]);
        assert_eq!(found.len(), 1, "{condition}");
        assert!(found[0].contains("there is no ") && found[0].contains("no utterance is scored"));
    }
    assert!(!fails(&unscored, "scored>0") && !fails(&unscored, "changed>100%"));
    // Without resamples nobody knows whether a difference is real.
    let bare = scored(Some("show me flights to boston"), 0);
    let found = messages(&[bare], &["real"]);
    assert!(found[0].contains("there is no real (it is unknown)"), "{found:?}");
    let mut broken = row();
    broken.wer = None;
    assert!(fails(&broken, "wer<100"));
}

#[test]
fn messages_are_sentences_with_row_figure_and_condition() {
    assert_eq!(
        messages(&[row()], &["wer>5", "worse>0.5%", "p_value<0.05", "real"])[..3],
        [
            "hp:atis, cascade: wer is 5.25 %, and `wer>5` fails.",
            "hp:atis, cascade: worse is 0.75 %, and `worse>0.5%` fails.",
            "hp:atis, cascade: p_value is 0.04, and `p_value<0.05` fails.",
        ]
    );
    let mut real = row();
    real.real = true;
    assert_eq!(messages(&[real], &["real"]), ["hp:atis, cascade: real holds."]);
    let mut close = row();
    close.wer = Some(5.000_1);
    assert!(messages(&[close], &["wer>5"])[0].contains("wer is 5.0001 %"));
}

#[test]
fn what_is_no_condition_is_told_with_what_to_do() {
    for (text, part) in [
        ("", "no field"),
        (">5", "no field"),
        (": wer>5", "before the colon"),
        ("x@: wer>5", "before the colon"),
        ("WER>5", "did you mean `wer`"),
        ("o_bn<3", "did you mean `o_nb`"),
        ("wer", "no number"),
        ("wer>", "`` is no number"),
        ("wer>x", "`x` is no number"),
        ("wer>inf", "is no number"),
        ("wer>NaN", "is no number"),
        ("wer>>5", "is no number"),
        ("wer!5", "no comparison"),
        ("real>0", "holds or does not"),
        ("p_value<5%", "no percent sign"),
        ("words<5%", "no percent sign"),
    ] {
        let error = text.parse::<Condition>().unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint().is_some());
    }
    let error = "wre>5".parse::<Condition>().unwrap_err();
    assert!(
        error.hint().unwrap().contains("wer, wer_low") && error.hint().unwrap().contains("o_cp")
    );
}

proptest! {
    #[test]
    fn a_condition_is_read_as_it_is_written(
        field in prop::sample::select(FIELDS.iter().collect::<Vec<_>>()),
        sign in prop::sample::select(Comparison::SIGNS.to_vec()),
        number in prop_oneof![-1e6..1e6_f64, Just(-0.0), Just(1e300), Just(5.0)],
        percent in any::<bool>(),
        selector in prop::sample::select(vec!["", "mbr:", "@hp:atis :", "cascade (x)@a b.jsonl: "]),
    ) {
        let percent = if percent && field.unit.takes_percent() { "%" } else { "" };
        let text = match field.unit {
            Unit::Flag => format!("{selector}{}", field.name),
            _ => format!("{selector}{} {} {number:?}{percent}", field.name, sign.0),
        };
        let condition: Condition = text.parse().unwrap();
        prop_assert_eq!(condition.to_string().parse::<Condition>().unwrap(), condition);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,20}|(wer|@|:|>|=|%|5|real| ){0,7}") {
        match text.parse::<Condition>() {
            Ok(condition) => {
                prop_assert_eq!(condition.to_string().parse::<Condition>().unwrap(), condition);
            }
            Err(error) => prop_assert!(error.hint().is_some()),
        }
    }
}
