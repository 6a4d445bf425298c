//! Templates with faults.

use crate::harness::{Home, Ran};
use crate::store;

const HEADER: &str =
    "---\nname = \"mine\"\ndescription = \"d\"\noutput = \"text\"\nform = \"plain\"\n---\n";

fn run(home: &Home, body: &str, more: &[&str]) -> Ran {
    home.write("mine.jinja", body);
    let arguments = ["run", "-d", "sample", "--limit", "3", "--template", "mine.jinja"];
    home.gec_with_model(&[&arguments, more].concat()).ends_with(2)
}

#[test]
fn an_unknown_variable_is_named_with_those_that_exist() {
    let home = Home::new();
    let body = format!("{HEADER}Heard:\n{{{{ hypotheses[0].text }}}}\nby {{{{ speaker }}}}\n");
    let said = ["`mine.jinja`, line 9", "`speaker`", "`hypotheses`", "`text`", "`one_best`"];
    let ran = run(&home, &body, &[]).says(&said);
    assert_eq!(ran.out, "", "{ran}");
    // Without a run that can never go on.
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM runs"), 0);
    let body = format!("{HEADER}{{% for h in hypotheses %}}\n{{{{ h.words }}}}\n{{% endfor %}}");
    run(&home, &body, &[]).says(&["`mine.jinja`, line 8", "words"]);
}

#[test]
fn a_template_with_a_fault_is_refused_with_its_line() {
    let home = Home::new();
    run(&home, "no header", &[]).refuses(&["`mine.jinja`, line 1", "---"]);
    run(&home, &HEADER.replace("plain", "poem"), &[]).refuses(&["line 5", "poem"]);
    run(&home, &format!("{HEADER}\n{{% for %}}"), &[]).says(&["`mine.jinja`, line 8"]);
    let chat = HEADER.replace("plain", "chat");
    run(&home, &format!("{chat}hello"), &[]).says(&["`mine.jinja`"]);
    let whole = format!("{chat}{{% block user %}}{{{{ one_best }}}}{{% endblock %}}");
    run(&home, &whole, &[]).refuses(&["chat template", "plain-few-shot"]);
    let text = format!("{HEADER}{{{{ one_best }}}}");
    run(&home, &text, &["--method", "select"]).refuses(&["`select`", "label", "choose"]);
    let arguments = ["run", "-d", "sample", "--template", "nobody"];
    home.gec_with_model(&arguments).refuses(&["`nobody`", "zero-shot", "gec-micro"]);
    home.gec_with_model(&["run", "-d", "sample", "--template", "./absent.jinja"])
        .ends_with(2)
        .says(&["absent.jinja", "No such file"]);
}

#[test]
fn a_template_that_fails_on_some_utterance_ends_the_run_and_keeps_what_is_stored() {
    let home = Home::new();
    home.write(
        "lists.jsonl",
        "{\"nbest\": [\"to boston\", \"to austin\"]}\n{\"nbest\": [\"to denver\"]}\n",
    );
    home.write("mine.jinja", format!("{HEADER}{{{{ hypotheses[1].text }}}}"));
    let run = |more: &[&str]| {
        let arguments =
            ["run", "-d", "./lists.jsonl", "-m", "generate", "--template", "mine.jinja"];
        home.gec_with_model(&[&arguments, more].concat())
    };
    run(&["--limit", "1"]).succeeds();
    run(&[]).ends_with(2).says(&["`mine.jinja`, line 7", "undefined"]);
    assert_eq!(store::corrections(&home.db()).len(), 1);
    run(&["--limit", "1"]).succeeds().says(&["all stored already"]);
}

#[test]
fn a_template_of_ones_own_goes_before_the_built_in_one() {
    let home = Home::new();
    let own = HEADER.replace("\"mine\"", "\"gec-micro\"");
    home.write("config/gec/prompts/gec-micro.jinja", format!("{own}{{{{ one_best }}}}"));
    let gec = |template: &str| {
        let arguments = ["run", "-d", "sample", "-m", "generate", "--limit", "2", "--template"];
        home.gec_with_model(&[&arguments[..], &[template]].concat()).succeeds();
        home.gec(&["runs", "show", "last", "--format", "json"]).succeeds().json()["template"]
            .clone()
    };
    let mine = gec("gec-micro");
    std::fs::remove_dir_all(home.path("config")).unwrap();
    assert_ne!(gec("gec-micro"), mine);
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM templates"), 2);
}
