//! `gec prompt classify`: what utterances are, with their lists and with their 1-best.

use serde_json::{Value, json};

use crate::harness::{Home, Ran};

/// Lists of a split of the sample, each labelled by what its reference asks for; none where
/// `labelled` says so.
fn records(split: &str, count: usize, labelled: bool) -> String {
    let path = format!("{}/datasets/sample/{split}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let record = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let said = record["reference"].as_str().unwrap();
        let label = ["flight", "fare"].into_iter().find(|word| said.contains(word));
        if labelled {
            record["label"] = label.unwrap_or("other").into();
        }
        record.to_string() + "\n"
    };
    text.lines().take(count).map(record).collect()
}

/// `--output`, line by line.
fn lines(home: &Home, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(home.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn classify(home: &Home, more: &[&str]) -> Ran {
    let mut args = vec!["prompt", "classify", "--dataset", "intents.jsonl", "--format", "json"];
    args.extend(more);
    home.gec_with_model(&args)
}

#[test]
fn lists_and_1_bests_are_classified_and_compared() {
    let home = Home::new();
    home.write("intents.jsonl", records("test", 60, true));
    let ran = classify(&home, &["--output", "answers.jsonl"]).succeeds();
    let report = ran.json();
    let rows = report["rows"].as_array().unwrap();
    let prompts: Vec<&Value> = rows.iter().map(|row| &row["prompt"]).collect();
    assert_eq!(prompts, ["1-best", "5-best"]);
    assert_eq!(rows[1]["scores"]["scored"], 60);
    assert_eq!(rows[1]["scores"]["no_class"], 0, "one class is always the most probable");
    // The figures are those of the answers.
    let answers = lines(&home, "answers.jsonl");
    assert_eq!(answers.len(), 60);
    let right = |prompt: usize| {
        let is_right = |line: &&Value| line["answers"][prompt]["class"] == line["label"];
        answers.iter().filter(is_right).count()
    };
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row["scores"]["correct"], right(place), "{row}");
    }
    let found = &rows[1]["comparison"];
    let gain = found["only_second"].as_i64().unwrap() - found["only_first"].as_i64().unwrap();
    assert_eq!(gain, right(1) as i64 - right(0) as i64);
    assert_eq!((&rows[0]["comparison"], &rows[1]["baseline"]), (&Value::Null, &json!("1-best")));
    for line in &answers {
        let probability = line["answers"][1]["probability"].as_f64().unwrap();
        assert!((1.0 / 3.0..=1.0).contains(&probability), "{line}: the best of three");
    }
    // What is stored is not asked again, and says the same.
    assert_eq!(classify(&home, &["--output", "again.jsonl"]).succeeds().json(), report);
    assert_eq!(lines(&home, "again.jsonl"), answers);
    // The table shows the same.
    let args = ["prompt", "classify", "--dataset", "intents.jsonl"];
    let table = home.gec_with_model(&args).succeeds();
    assert!(table.out.contains("answers (columns) to each true class"), "{table}");
    assert!(table.out.contains("McNemar"), "{table}");
}

#[test]
fn examples_of_another_file_are_shown_with_their_labels() {
    let home = Home::new();
    home.write("intents.jsonl", records("test", 20, true));
    home.write("past.jsonl", records("train", 80, true));
    let shown = ["--examples", "3", "--examples-from", "past.jsonl"];
    let plain = ["--template", "classify-plain", "--dataset", "intents.jsonl"];
    let render = |more: &[&str]| {
        let args = [&["prompt", "render"][..], &plain, &shown, more].concat();
        home.gec_with_model(&args).succeeds().out
    };
    let prompt = render(&["--example-selection", "nearest"]);
    assert_eq!(prompt.matches("Class: ").count(), 3, "{prompt}");
    assert!(prompt.contains("belongs to: flight, other."), "{prompt}");
    // By meaning, with the shipped model as a stand-in for one that was made for it.
    let model = format!("{}/models/gec-micro.gguf", env!("CARGO_MANIFEST_DIR"));
    let vectors = ["--example-selection", "vectors", "--embeddings", &model];
    let by_vectors = render(&vectors);
    assert_eq!(by_vectors.matches("Class: ").count(), 3, "{by_vectors}");
    assert_ne!(by_vectors, prompt);
    let args = [&shown[..], &vectors].concat();
    let ran = classify(&home, &args).succeeds();
    assert_eq!(ran.json()["rows"][1]["scores"]["scored"], 20);
    classify(&home, &["--example-selection", "vectors", "--examples", "2"])
        .refuses(&["--embeddings"]);
    classify(&home, &["--examples", "2", "--embeddings", &model])
        .refuses(&["--example-selection vectors"]);
}

#[test]
fn written_answers_are_read_and_those_that_name_no_class_are_counted() {
    let home = Home::new();
    home.write("intents.jsonl", records("test", 30, true));
    let ran = classify(&home, &["--by", "answer", "--output", "answers.jsonl"]).succeeds();
    let row = &ran.json()["rows"][1]["scores"];
    let answers = lines(&home, "answers.jsonl");
    let none = answers.iter().filter(|line| line["answers"][1]["class"].is_null()).count();
    assert_eq!(row["no_class"], none);
    assert!(none > 0, "a model of transcripts names no classes");
    assert!(answers.iter().all(|line| line["answers"][1]["answer"].is_string()));
}

#[test]
fn what_cannot_be_classified_is_told() {
    let home = Home::new();
    home.write("intents.jsonl", records("test", 5, false));
    classify(&home, &[]).refuses(&["`label`"]);
    classify(&home, &["--template", "gec-micro"]).refuses(&["class", "classify-plain"]);
    let args = ["run", "--dataset", "sample", "--limit", "2", "--method", "generate"];
    let args = [&args[..], &["--template", "classify-plain"]].concat();
    home.gec_with_model(&args).refuses(&["gec prompt classify"]);
    // Records without a label are classified and not scored.
    let own = "---\nname = \"own\"\ndescription = \"d\"\nform = \"plain\"\noutput = \"class\"\n\
               classes = [\"yes\", \"no\"]\nmax_hypotheses = 1\n---\n{{ one_best }}? ";
    home.write("own.jinja", own);
    let ran = classify(&home, &["--template", "own.jinja"]).succeeds();
    let rows = ran.json()["rows"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 1, "with one hypothesis there is nothing to compare");
    assert_eq!(
        (&rows[0]["scores"]["utterances"], &rows[0]["scores"]["scored"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(rows[0]["scores"]["accuracy"], Value::Null);
}

#[test]
fn labels_go_through_the_database() {
    let home = Home::new();
    home.write("intents.jsonl", records("test", 5, true).replace("\"other\"", "true"));
    home.gec(&["import", "intents.jsonl", "--name", "calls"]).succeeds();
    home.gec(&["export", "calls", "--format", "jsonl", "--output", "out.jsonl"]).succeeds();
    let labels = |name| lines(&home, name).into_iter().map(|one| one["label"].clone());
    let text = |label: Value| label.as_str().map_or_else(|| label.to_string(), str::to_owned);
    let (read, written) = (labels("intents.jsonl").map(text), labels("out.jsonl").map(text));
    assert_eq!(read.collect::<Vec<_>>(), written.collect::<Vec<_>>());
}
