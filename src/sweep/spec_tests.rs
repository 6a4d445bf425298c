//! Files of sweeps: what they mean, and what is said of those with faults.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const FULL: &str = r#"
dataset = "hp:atis"
split = "test"
limit = 300
baseline = "1best"
repeat = 3
seed = 7
[budget]
max_seconds = 600
eta = 2
first = 40
[defaults]
model = "models/a.gguf"
[grid]
template = ["zero-shot", "few-shot", "mine.jinja"]
method = ["generate", "select", "mbr"]
examples = [0, 4]
example_selection = "nearest"
temperature = [0.0, 0.7]
[[arm]]
name = "short prompt"
template = "short.jinja"
method = "generate"
[[arm]]
method = "uadf"
set = { beta = 0.5, no-reentry = true }
"#;

fn labels(spec: &Spec) -> Vec<&str> {
    spec.arms().iter().map(|arm| arm.label.as_str()).collect()
}

fn fault(text: &str) -> String {
    Spec::parse("sweep.toml", text).unwrap_err().to_string()
}

/// A file with these lines after the dataset.
fn with(lines: &str) -> String {
    format!("dataset = \"sample\"\n{lines}")
}

#[test]
fn a_file_says_what_is_run_and_how() {
    let spec = Spec::parse("x", FULL).unwrap();
    assert_eq!((spec.dataset.as_str(), spec.split.as_deref()), ("hp:atis", Some("test")));
    assert_eq!((spec.limit, spec.repeat, spec.seed), (Some(300), 3, 7));
    assert_eq!(spec.halving, Some(Halving { eta: 2, first: 40 }));
    assert_eq!((spec.max_seconds, spec.baseline()), (Some(600.0), 0));
    // 1best; generate: 3 templates, 2 numbers of examples, 2 temperatures; select: 3 times 2,
    // as it samples nothing; mbr reads none of it; two single arms.
    assert_eq!(spec.arms().len(), 1 + 12 + 6 + 1 + 2);
    assert_eq!(spec.arms()[0], Arm { label: "1best".into(), ..Arm::one_best() });
    let short = &spec.arms()[20];
    assert_eq!((short.label.as_str(), short.from_grid), ("short prompt", false));
    assert_eq!(short.get("model"), Some("models/a.gguf"));
    assert_eq!(spec.arms()[21].get("no_reentry"), Some("true"));
    assert!(spec.arms()[1].from_grid);
}

#[test]
fn labels_tell_only_what_differs() {
    let spec = Spec::parse(
        "x",
        &with(
            "[grid]\nmethod = \"generate\"\nmodel = \"m.gguf\"\n\
        template = [\"zero-shot\", \"a/mine.jinja\"]\ntemperature = [0, 0.7]\n",
        ),
    )
    .unwrap();
    assert_eq!(
        labels(&spec),
        [
            "1best",
            "zero-shot temperature=0",
            "zero-shot temperature=0.7",
            "mine temperature=0",
            "mine temperature=0.7"
        ]
    );
    let spec = Spec::parse("x", &with("[[arm]]\nmethod = \"mbr\"\n")).unwrap();
    assert_eq!(labels(&spec), ["1best", "mbr"]);
    let spec = Spec::parse(
        "x",
        &with(
            "[grid]\nmethod = \"generate\"\n\
        template = [\"a/p.jinja\", \"b/p.jinja\"]\n",
        ),
    )
    .unwrap();
    assert_eq!(labels(&spec), ["1best", "a/p.jinja", "b/p.jinja"]);
}

#[test]
fn what_is_equal_is_run_once() {
    let spec = Spec::parse(
        "x",
        &with(
            "[[grid]]\nmethod = [\"mbr\", \"rover\", \"1best\"]\n\
        template = [\"zero-shot\", \"few-shot\"]\n[[grid]]\nmethod = \"rover\"\n\
        null_share = [1, 1.0]\n[[arm]]\nmethod = \"mbr\"\nname = \"the least risk\"\n",
        ),
    )
    .unwrap();
    assert_eq!(labels(&spec), ["1best", "the least risk", "rover", "rover null_share=1"]);
    assert!(!spec.arms()[1].from_grid && spec.arms()[2].from_grid);
}

#[test]
fn without_an_adapter_is_a_value_too() {
    let spec = Spec::parse(
        "x",
        &with(
            "[grid]\nmethod = \"generate\"\n\
        lora = [\"none\", \"l.gguf\"]\n",
        ),
    )
    .unwrap();
    assert_eq!(labels(&spec), ["1best", "generate", "lora=l"]);
    assert_eq!(spec.arms()[1].get("lora"), None);
}

#[test]
fn a_baseline_is_a_name_a_label_or_a_method() {
    let lines = "[grid]\nmethod = [\"mbr\", \"generate\"]\ntemplate = [\"a\", \"b\"]\n";
    let place = |name: &str| {
        let text = format!("baseline = \"{name}\"\n{}", with(lines));
        Spec::parse("x", &text).map(|spec| spec.baseline()).map_err(|error| error.to_string())
    };
    assert_eq!(place("mbr"), Ok(1));
    assert_eq!(place("generate b"), Ok(3));
    let several = place("generate").unwrap_err();
    assert!(several.contains("`generate a`, `generate b`"), "{several}");
    let unknown = place("generate bb").unwrap_err();
    assert_eq!(
        unknown,
        "x, line 1, `baseline`: no arm is called `generate bb`; did you mean `generate b`?"
    );
}

#[test]
fn a_fault_has_its_file_line_and_field_and_what_was_probably_meant() {
    let cases = [
        (
            "[grid]\nmethod = [\"mbr\",\n \"genrate\"]\n",
            "line 4, `grid.method`: there is no method `genrate`; did you mean `generate`?",
        ),
        (
            "[grid]\ntempratur = [0]\n",
            "line 3, `grid.tempratur`: there is no option `tempratur`; did you mean `temperature`?",
        ),
        (
            "[grid]\nset = { tau = [1.0] }\n",
            "line 3, `grid.set.tau`: there is no option `tau`; did you mean `tau_llm`?",
        ),
        (
            "[grid]\ntemperature = \"0.5\"\n",
            "line 3, `grid.temperature`: `temperature` has to be a number, 0 or more, without quotes",
        ),
        (
            "[grid]\nexamples = [0, -1]\n",
            "line 3, `grid.examples`: `examples` has to be a whole number, 0",
        ),
        ("[grid]\nbeta = []\n", "line 3, `grid.beta`: an empty list for `beta`"),
        ("[grid]\nbeta = nan\n", "line 3, `grid.beta`: `beta` has to be a number"),
        ("[grid]\ntau_llm = 1\ntau-llm = 2\n", "`tau_llm` is given twice"),
        ("[[arm]]\nbeta = [1, 2]\n", "line 3, `arm.beta`: `beta` takes one value here"),
        ("[grid]\nname = \"x\"\n", "line 3, `grid.name`: there is no option `name`"),
        ("[buget]\neta = 3\n", "line 2, `buget`: unknown field `buget`; did you mean `budget`?"),
        (
            "[budget]\neta = 1\n[grid]\nmethod = \"mbr\"\n",
            "line 3, `budget.eta`: `eta` has to be from 2",
        ),
        (
            "[budget]\nmax_seconds = -1.0\n[grid]\nmethod = \"mbr\"\n",
            "line 3, `budget.max_seconds`",
        ),
        ("limit = 0\n", "line 2, `limit`: `limit` has to be from 1"),
        ("repeat = 21\n", "line 2, `repeat`"),
        (
            "[[arm]]\nmethod = \"mbr\"\nname = \"x\"\n[[arm]]\nname = \"x\"\n",
            "two arms are named `x`",
        ),
        ("[[arm]]\nname = \"1best\"\n", "cannot be named \"1best\""),
        ("[[arm]]\nmethod = \"1best\"\n", "sweep.toml: there is nothing to compare"),
        ("method = [\n", "line 2"),
    ];
    for (lines, expected) in cases {
        let said = fault(&with(lines));
        assert!(said.starts_with("sweep.toml") && said.contains(expected), "{lines}: {said}");
    }
    assert!(fault("seed = 1\n").contains("missing field `dataset`"));
    assert!(fault("dataset = \" \"\n").contains("line 1, `dataset`"));
}

#[test]
fn a_grid_without_bounds_is_refused_before_it_takes_memory() {
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let list = numbers.join(", ");
    let said = fault(&with(&format!(
        "[grid]\nbeta = [{list}]\nrank_cost = [{list}]\nlist_weight = [{list}]\n"
    )));
    assert!(said.contains("more than 10000 combinations"), "{said}");
}

proptest! {
    #[test]
    fn arms_have_labels_and_keys_of_their_own_and_one_order(
        methods in prop::collection::vec(
            prop::sample::select(super::options::methods()), 1..5),
        templates in prop::collection::vec("[abc]{1,2}(\\.jinja)?", 1..4),
        betas in prop::collection::vec(-2_i32..3, 1..4),
    ) {
        let quoted = |texts: &[String]| format!("[\"{}\"]", texts.join("\", \""));
        let methods: Vec<String> = methods.iter().map(|&method| method.to_owned()).collect();
        let text = with(&format!(
            "[grid]\nmethod = {}\ntemplate = {}\nbeta = {betas:?}\n[[arm]]\nname = \"mbr\"\n",
            quoted(&methods),
            quoted(&templates)
        ));
        let spec = Spec::parse("x", &text).unwrap();
        let labels: BTreeSet<&str> = spec.arms().iter().map(|arm| arm.label.as_str()).collect();
        let keys: BTreeSet<&str> = spec.arms().iter().map(|arm| arm.key.as_str()).collect();
        prop_assert_eq!(labels.len(), spec.arms().len());
        prop_assert_eq!(keys.len(), spec.arms().len());
        prop_assert_eq!(&Spec::parse("x", &text).unwrap(), &spec);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", lines in "[a-z\\[\\]{}=\",\n0-9.]{0,60}") {
        drop(Spec::parse("x", &text));
        drop(Spec::parse("x", &with(&lines)));
    }
}
