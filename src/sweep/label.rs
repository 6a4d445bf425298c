//! Labels of arms: only what differs between them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::arm::Arm;
use super::options::{Kind, OPTIONS};

/// Gives each arm a unique label: its own name where `names` has one, else the values in which
/// it differs from others. The 1-best is not counted: it has no options.
pub(super) fn label(arms: &mut [Arm], names: &BTreeMap<String, String>) {
    let compared: Vec<&Arm> = arms.iter().filter(|arm| arm.method != "1best").collect();
    let differing: Vec<&str> = OPTIONS
        .iter()
        .map(|option| option.name)
        .filter(|name| {
            let values: BTreeSet<Option<&str>> =
                compared.iter().map(|arm| value(arm, name)).collect();
            values.len() > 1
        })
        .collect();
    // A short file name serves where it says which file.
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for arm in &compared {
        for name in ["model", "lora", "profile", "template"] {
            if let Some(path) = arm.get(name) {
                paths.entry(stem(path)).or_default().insert(path.to_owned());
            }
        }
    }
    let short = |path: &str| match paths.get(&stem(path)) {
        Some(same) if same.len() == 1 => stem(path),
        _ => path.to_owned(),
    };
    let labels: Vec<String> = arms
        .iter()
        .map(|arm| match names.get(&arm.key) {
            Some(name) => name.clone(),
            None => in_words(arm, &differing, &short),
        })
        .collect();
    let mut taken: BTreeSet<String> = names.values().cloned().collect();
    for (arm, label) in arms.iter_mut().zip(labels) {
        let named = names.contains_key(&arm.key);
        let mut unique = label.clone();
        let mut number = 2;
        while !named && !taken.insert(unique.clone()) {
            unique = format!("{label} ({number})");
            number += 1;
        }
        arm.label = unique;
    }
}

fn value<'a>(arm: &'a Arm, option: &str) -> Option<&'a str> {
    if option == "method" { Some(&arm.method) } else { arm.get(option) }
}

fn in_words(arm: &Arm, differing: &[&str], short: &dyn Fn(&str) -> String) -> String {
    let mut words = Vec::new();
    for option in OPTIONS.iter().filter(|option| differing.contains(&option.name)) {
        let Some(value) = value(arm, option.name) else { continue };
        words.push(match option.kind {
            Kind::Text => short(value),
            Kind::TextOrNone => format!("{}={}", option.name, short(value)),
            Kind::Switch => option.name.to_owned(),
            Kind::Method if option.name == "method" => value.to_owned(),
            Kind::Word(_) => value.to_owned(),
            _ => format!("{}={value}", option.name),
        });
    }
    if words.is_empty() { arm.method.clone() } else { words.join(" ") }
}

/// The name of the file without its folder and ending.
fn stem(path: &str) -> String {
    let file = Path::new(path);
    let ending = file.extension().and_then(|ending| ending.to_str());
    let name = match ending {
        Some("jinja" | "gguf" | "json") => file.file_stem(),
        _ => file.file_name(),
    };
    name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}
