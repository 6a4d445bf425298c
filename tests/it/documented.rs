//! Every command that README, docs and help texts show is run, as it is written, beside
//! small stand-ins of what it names.

mod collect;
mod stand_ins;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use collect::{Documented, calls, help_texts, in_help, in_markdown};
use stand_ins::{Server, again, prepared, provide};

use crate::harness::Home;

/// Commands that are not run, by how they begin, with why. They must still parse.
const NOT_RUN: [(&str, &str); 1] = [("gec dataset pull", "fetches from the network")];

/// Documented exit codes other than 0, by how the command begins, with why.
const EXITS: [(&str, i32, &str); 2] = [
    ("gec dataset verify hp", 1, "stand-ins differ from the manifest, as is documented"),
    (
        "gec report last --format junit --fail-if 'cascade@sample: diff>0' --output",
        1,
        "the last run here is not of that row",
    ),
];

/// Options that are added where the verb (all where none is named) has them and the command
/// does not say otherwise. Tests run side by side, and threads that wait for each other are
/// slow; so is the work on more than a few utterances, which halves of a corpus need.
const ADDED: [(&str, &str, &str); 11] = [
    ("", "--threads", "1"),
    ("", "--asr-threads", "1"),
    ("", "--asr-workers", "1"),
    ("run", "--limit", "8"),
    ("prompt check", "--limit", "8"),
    ("prompt classify", "--limit", "8"),
    ("prompt evolve", "--population", "4"),
    ("prompt evolve", "--generations", "1"),
    ("prompt evolve", "--limit", "8"),
    ("prompt evolve", "--test-limit", "8"),
    ("tune", "--search", "20"),
];

/// Words that are replaced, by what, with why.
const REPLACED: [(&str, &str, &str); 2] = [
    ("--language de", "--language en", "the shipped recogniser knows only English"),
    (
        "--limit 200 --examples 0,2 --generations 6",
        "--limit 8 --examples 0,2 --generations 1",
        "figures take more work than it takes to see that the command does",
    ),
];

/// Addresses that are replaced by that of a server of the tests.
const SERVERS: [&str; 2] = ["http://gpu1:8000", "https://gateway.example/v1"];

/// The README and all of docs, by name.
fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(root.join("docs"))
        .unwrap()
        .map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    names.insert(0, "README.md".to_owned());
    let read = |name: String| (name.clone(), std::fs::read_to_string(root.join(name)).unwrap());
    names.into_iter().map(read).collect()
}

fn in_documents(wanted: impl Fn(&str) -> bool) -> Vec<Documented> {
    let wanted = documents().into_iter().filter(|(name, _)| wanted(name));
    wanted.flat_map(|(name, text)| in_markdown(&name, &text)).collect()
}

fn in_help_texts(
    help: &BTreeMap<String, String>,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Documented> {
    let wanted = help.iter().filter(|(verb, _)| wanted(verb));
    wanted.flat_map(|(verb, text)| in_help(format!("gec {verb}").trim_end(), text)).collect()
}

/// The verb that a call begins with, and the words behind it.
fn verb<'a>(help: &BTreeMap<String, String>, call: &'a [String]) -> (String, &'a [String]) {
    let known = |count: &usize| help.contains_key(&call[..*count].join(" "));
    let count = (0..=call.len()).take_while(known).last().unwrap_or(0);
    (call[..count].join(" "), &call[count..])
}

fn has_option(help: &str, option: &str) -> bool {
    help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == option)
}

/// Whether words stand for others, as in `gec export --run ID`, or verbs for each other, as in
/// `gec runs list | show`.
fn is_form(command: &Documented) -> bool {
    let placeholder = |word: &str| {
        word == "|"
            || (word.contains(|c: char| c.is_ascii_uppercase())
                && word.chars().all(|c| c.is_ascii_uppercase() || ".|[]".contains(c)))
    };
    command.inline && command.text.split_whitespace().any(placeholder)
}

/// What is wrong with a command that is not run: verbs and options that there are not.
fn faults(help: &BTreeMap<String, String>, text: &str) -> Vec<String> {
    let (first, others) = text.split_once(" | ").unwrap_or((text, ""));
    let mut faults = Vec::new();
    for call in calls(first) {
        let (verb, rest) = verb(help, &call);
        if verb.is_empty() {
            faults.push(format!("no such verb: {}", call.join(" ")));
        }
        let group = verb.rsplit_once(' ').map_or("", |(group, _)| group);
        for other in others.split(" | ").filter(|other| !other.is_empty()) {
            if !help.contains_key(format!("{group} {other}").trim()) {
                faults.push(format!("no such verb: {group} {other}"));
            }
        }
        let options = rest.iter().filter(|word| word.starts_with("--"));
        for option in options.map(|word| word.split('=').next().unwrap_or_default()) {
            if !has_option(&help[&verb], option) {
                faults.push(format!("`gec {verb}` has no option {option}"));
            }
        }
    }
    faults
}

/// Runs a command; what is wrong with it.
fn run(
    home: &Home,
    help: &BTreeMap<String, String>,
    url: &str,
    command: &Documented,
) -> Option<String> {
    let not_run = NOT_RUN.iter().any(|(start, _)| command.text.starts_with(start));
    if not_run || is_form(command) {
        let faults = faults(help, &command.text);
        return (!faults.is_empty()).then(|| format!("{command}\n{}\n", faults.join("\n")));
    }
    let mut added = String::new();
    for call in calls(&command.text) {
        provide(home, &call);
        let (verb, rest) = verb(help, &call);
        for (of, option, value) in ADDED {
            let given = |option: &str| rest.iter().any(|word| word == option);
            let said = given(option) || (option == "--limit" && given("--cross-tune"));
            if (of.is_empty() || of == verb) && has_option(&help[&verb], option) && !said {
                added.push_str(&format!(" {option} {value}"));
            }
        }
    }
    let text = SERVERS.iter().fold(command.text.clone(), |text, at| text.replace(at, url));
    let text = REPLACED.iter().fold(text, |text, (from, to, _)| text.replace(from, to));
    let script =
        format!("set -o pipefail\nexport MY_KEY=key\ngec() {{ \"$GEC\" \"$@\"{added}; }}\n{text}");
    let ran = home.shell(&script);
    // A command within a sentence may be the part of one that the sentence is about.
    let part = ["required arguments were not provided", "a value is required for", "Usage: gec"];
    if command.inline && ran.code == Some(2) && part.iter().any(|said| ran.err.contains(said)) {
        return (ran.err.contains("unexpected argument") || ran.err.contains("unrecognized"))
            .then(|| format!("{command}\n{ran}\n"));
    }
    let exit = EXITS.iter().find(|(start, ..)| command.text.starts_with(start));
    let expected = exit.map_or(0, |(_, code, _)| *code);
    (ran.code != Some(expected)).then(|| format!("{command}\n(not {expected}) {ran}\n"))
}

/// Runs commands, those of one block in one home, and fails with all that do not work.
#[track_caller]
fn all_work(help: &BTreeMap<String, String>, commands: &[Documented]) {
    let prepared = prepared();
    let server = Server::start();
    let mut seen = BTreeSet::new();
    let mut failed = Vec::new();
    let blocks = commands.chunk_by(|a, b| (&a.source, a.block) == (&b.source, b.block));
    for block in blocks {
        let home = again(&prepared);
        for command in block {
            if seen.insert(collect::simple_commands(&command.text)) {
                let began = std::time::Instant::now();
                failed.extend(run(&home, help, &server.url, command));
                println!("{:5.1} s  {command}", began.elapsed().as_secs_f64());
            }
        }
    }
    assert!(!seen.is_empty(), "no command was found");
    assert!(failed.is_empty(), "{} of {} fail:\n\n{}", failed.len(), seen.len(), failed.join("\n"));
}

#[test]
fn commands_of_the_readme_work() {
    all_work(&help_texts(&Home::new()), &in_documents(|name| name == "README.md"));
}

#[test]
fn commands_of_the_documents_work() {
    all_work(&help_texts(&Home::new()), &in_documents(|name| name != "README.md"));
}

#[test]
fn commands_of_the_help_texts_work_before_prompt() {
    let help = help_texts(&Home::new());
    all_work(&help, &in_help_texts(&help, |verb| verb < "prompt"));
}

#[test]
fn commands_of_the_help_texts_work_from_prompt_on() {
    let help = help_texts(&Home::new());
    all_work(&help, &in_help_texts(&help, |verb| verb >= "prompt"));
}

#[test]
fn every_exception_is_still_documented() {
    let help = help_texts(&Home::new());
    let mut all = in_documents(|_| true);
    all.extend(in_help_texts(&help, |_| true));
    let documented = |start: &str| all.iter().any(|one| one.text.starts_with(start));
    for (start, why) in NOT_RUN.iter().copied().chain(EXITS.map(|(start, _, why)| (start, why))) {
        assert!(documented(start), "no command begins with `{start}` ({why}) any more");
    }
    for part in SERVERS.iter().chain(REPLACED.iter().map(|(from, ..)| from)) {
        assert!(all.iter().any(|one| one.text.contains(part)), "no command has {part} any more");
    }
}

#[test]
fn what_is_not_run_is_compared_with_the_help_texts() {
    let help = help_texts(&Home::new());
    assert_eq!(faults(&help, "gec runs list | show"), [""; 0]);
    assert_eq!(faults(&help, "gec dataset pull hp:atis --split test"), [""; 0]);
    assert_eq!(faults(&help, "gec runs list | shoo"), ["no such verb: runs shoo"]);
    assert_eq!(faults(&help, "gec rum"), ["no such verb: rum"]);
    assert_eq!(faults(&help, "gec run --datase X"), ["`gec run` has no option --datase"]);
}
