//! `gec prompt`: templates looked at and tried.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::Home;

const OWN: &str = "---\nname = \"own\"\ndescription = \"Mine.\"\nform = \"plain\"\noutput = \"text\"\n\
     ---\nGuess: {{ one_best }}\nSaid:\n";

#[test]
fn templates_are_listed_with_where_they_are_from_and_shown_byte_for_byte() {
    let home = Home::new();
    let file = home.write("prompts/own.jinja", OWN);
    home.write("prompts/zero-shot.jinja", OWN);
    let listed = home.gec(&["prompt", "list", "--format", "json"]).succeeds().json();
    let all = listed["templates"].as_array().unwrap();
    let of = |name: &str| all.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("own")["origin"], "./prompts/own.jinja");
    assert_eq!(of("zero-shot")["origin"], "./prompts/zero-shot.jinja", "a file wins");
    assert_eq!(of("few-shot")["origin"], "built in");
    assert_eq!((&of("few-shot")["form"], &of("few-shot")["examples"]), (&"chat".into(), &5.into()));
    let shown = home.gec(&["prompt", "show", "own"]).succeeds();
    assert_eq!(shown.out.as_bytes(), std::fs::read(file).unwrap());
    home.gec(&["prompt", "show", "nobody"]).refuses(&["`nobody`"]);
}

#[test]
fn a_file_that_is_no_template_is_listed_with_its_fault() {
    let home = Home::new();
    home.write("prompts/bad.jinja", "no header");
    let ran = home.gec(&["prompt", "list"]).ends_with(1);
    assert!(ran.out.contains("error: ") && ran.out.contains("few-shot"), "{ran}");
}

#[test]
fn a_prompt_is_rendered_as_text_and_as_tokens() {
    let home = Home::new();
    let ran = home.gec_with_model(&["prompt", "render", "-u", "sample-0005", "--tokens"]);
    assert_snapshot!("prompt_render", ran.succeeds().out);
    let args = ["prompt", "render", "--template", "zero-shot", "-u", "5", "--format", "json"];
    let ran = home.gec_with_model(&args).succeeds().says(&["ChatML"]);
    let rendered = ran.json();
    let text = rendered["text"].as_str().unwrap();
    assert!(text.starts_with("<|im_start|>system\n"), "{text}");
    // What is marked as data are the guesses, and all of them.
    let data: Vec<&str> = rendered["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|range| {
            let at = |place: usize| usize::try_from(range[place].as_u64().unwrap()).unwrap();
            &text[at(0)..at(1)]
        })
        .collect();
    assert!(data.contains(&"i live in topeka and we want to fly to cleveland"), "{data:?}");
    assert!(rendered["tokens"].as_u64().unwrap() > 100);
}

#[test]
fn an_utterance_that_is_not_there_is_told() {
    let home = Home::new();
    home.gec(&["prompt", "render", "-u", "nobody"]).refuses(&["`nobody`", "`sample`"]);
}

#[test]
fn built_in_templates_pass_the_check_but_where_the_context_is_too_short() {
    let home = Home::new();
    let args = ["prompt", "check", "--limit", "40", "--format", "json"];
    let ran = home.gec_with_model(&args).succeeds();
    let checked = ran.json();
    for one in checked["templates"].as_array().unwrap() {
        assert_eq!(one["utterances"], 40, "{one}");
        assert_eq!((&one["failed"], &one["leaks"]), (&0.into(), &0.into()), "{one}");
    }
    let args = ["prompt", "check", "gec-micro", "zero-shot", "--context", "256", "--limit", "40"];
    let ran = home.gec_with_model(&args).ends_with(1);
    assert!(ran.out.contains("gec-micro  ") && ran.out.contains("FAULTY"), "{ran}");
    assert!(ran.out.contains("tokens with a single hypothesis"), "{ran}");
}

#[test]
fn a_template_that_fails_on_some_utterances_is_found_with_the_first_of_them() {
    let home = Home::new();
    home.write(
        "sometimes.jinja",
        OWN.replace("{{ one_best }}", "{{ hypotheses[1].text if distinct > 1 else no.thing }}"),
    );
    let args = ["prompt", "check", "sometimes.jinja", "--limit", "60", "--format", "json"];
    let checked = home.gec_with_model(&args).ends_with(1).json();
    let one = &checked["templates"][0];
    let failed = one["failed"].as_u64().unwrap();
    assert!(failed > 0 && failed < 60, "{one}");
    let first = one["faults"][0].as_str().unwrap();
    assert!(first.starts_with("sample-") && first.contains("line 7"), "{one}");
    // What is wrong at once is an error of the template.
    home.write("never.jinja", OWN.replace("one_best", "onebest"));
    let ran = home.gec_with_model(&["prompt", "check", "never.jinja", "gec-micro", "--limit", "5"]);
    let ran = ran.ends_with(1);
    assert!(ran.out.contains("onebest") && ran.out.contains("gec-micro"), "{ran}");
}

#[test]
fn one_utterance_is_shown_token_by_token_with_what_fusion_changed() {
    let home = Home::new();
    let tried = |method: &str| -> Value {
        let args = ["prompt", "try", "--method", method, "-u", "sample-0005", "--format", "json"];
        home.gec_with_model(&args).succeeds().json()
    };
    let fused = tried("uadf");
    let steps = fused["requests"][0]["steps"].as_array().unwrap();
    let written: String = steps
        .iter()
        .filter(|step| step["end"] == false)
        .map(|step| step["token"].as_str().unwrap())
        .collect();
    assert_eq!(written, fused["raw"].as_str().unwrap());
    for step in steps {
        let best = &step["alternatives"][0];
        assert_eq!(step["rank"] == 0, step["probability"] == best["probability"], "{step}");
        assert!(step["fused"].as_f64().unwrap() <= 1.0, "{step}");
    }
    // Without fusion there is nothing but the model.
    let plain = tried("generate");
    let steps = plain["requests"][0]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["rank"] == 0 && step["fused"].is_null()), "{plain}");
    // Methods that read probabilities show what they asked for.
    let scored = tried("select");
    let asked = scored["requests"][0]["continuations"].as_array().unwrap();
    let hypotheses = scored["hypotheses"].as_array().unwrap().len();
    assert!(asked.len() == hypotheses && asked[0]["logprob"].as_f64().unwrap() < 0.0, "{scored}");
    let table = home.gec_with_model(&["prompt", "try", "-u", "sample-0005"]).succeeds();
    for part in ["heard ", "written ", "result ", "reference ", "the model alone", "<end>"] {
        assert!(table.out.contains(part), "{part}: {table}");
    }
    let mbr = home.gec(&["prompt", "try", "--method", "mbr", "--format", "json"]).succeeds().json();
    assert_eq!(mbr["requests"], Value::Array(Vec::new()));
    home.gec(&["prompt", "try", "--method", "nonsense"]).refuses(&["`nonsense`"]);
}
