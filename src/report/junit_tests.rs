use proptest::prelude::*;

use super::*;
use crate::score::{Item, Labels, Rule, Scorer};

fn row(dataset: &str, method: &str, reference: Option<&str>) -> Row {
    let mut scorer = Scorer::new(Rule { resamples: 50, ..Rule::default() });
    let list = ["show me flights to austin"];
    scorer.add(&Item { nbest: &list, reference, corrected: "to boston", resampling_key: "" });
    scorer.finish(Labels { dataset: dataset.into(), subset: "x".into(), method: method.into() })
}

fn conditions(list: &[&str]) -> Vec<Condition> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

/// Depth, name and attributes of an element.
type Element = (usize, String, Vec<(String, String)>);

/// Reads XML of the few forms used here, strictly: the elements with their depth, their
/// attributes, and the texts that are more than white space.
fn parsed(xml: &str) -> Result<Vec<Element>, String> {
    if let Some(bad) = xml.chars().find(|c| c.is_control() && *c != '\n') {
        return Err(format!("forbidden {bad:?}"));
    }
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").ok_or("head")?;
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').ok_or("open tag")?;
        if text.contains(['>', '"', '\'']) {
            return Err(format!("unescaped {text}"));
        }
        unescaped(text)?;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.to_owned()) {
                return Err(format!("closes {name}"));
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() {
            let (key, behind) = rest.split_once("=\"").ok_or("attribute")?;
            let (value, behind) = behind.split_once('"').ok_or("open attribute")?;
            if attributes.iter().any(|(known, _)| known == key) {
                return Err(format!("twice {key}"));
            }
            attributes.push((key.trim().to_owned(), unescaped(value)?));
            rest = behind.trim_start();
        }
        found.push((open.len(), name.to_owned(), attributes));
        if !empty {
            open.push(name.to_owned());
        }
    }
    if open.is_empty() { Ok(found) } else { Err(format!("left open {open:?}")) }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').ok_or("open reference")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "#9" => '\t',
            "#10" => '\n',
            "#13" => '\r',
            _ => return Err(format!("unknown reference {name}")),
        });
        out.push_str(rest);
    }
    Ok(out)
}

fn attribute<'a>(element: &'a (usize, String, Vec<(String, String)>), key: &str) -> &'a str {
    element.2.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
}

#[test]
fn rows_are_suites_and_conditions_their_tests() {
    let rule = Rule { resamples: 50, ..Rule::default() };
    let rows = vec![
        row("hp", "1best", Some("show me flights to boston")),
        row("hp", "mbr", Some("to boston")),
        row("talks", "mbr", None),
    ];
    let given = conditions(&["1best: wer>5", "mbr@hp: wer>5", "none: real", "mbr@hp: wer>5"]);
    let xml = junit(&Report::new(&rule, rows), &given);
    println!("{xml}");
    let elements = parsed(&xml).unwrap();
    let named = |name: &str| elements.iter().filter(|one| one.1 == name).collect::<Vec<_>>();
    let suites: Vec<&str> = named("testsuite").iter().map(|one| attribute(one, "name")).collect();
    assert_eq!(suites, ["hp:x, 1best", "hp:x, mbr", "talks:x, mbr", "conditions"]);
    let tests: Vec<&str> = named("testcase").iter().map(|one| attribute(one, "name")).collect();
    assert_eq!(tests, ["1best: wer>5", "mbr@hp: wer>5", "scored", "none: real"]);
    let failures: Vec<&str> =
        named("failure").iter().map(|one| attribute(one, "message")).collect();
    assert_eq!(failures.len(), 2);
    assert!(failures[0].starts_with("hp:x, 1best: wer is "), "{failures:?}");
    assert_eq!(named("skipped").len(), 1);
    let all = &elements[0];
    assert_eq!((attribute(all, "tests"), attribute(all, "failures")), ("4", "2"));
    let wer = named("property").into_iter().find(|one| attribute(one, "name") == "wer").unwrap();
    assert_eq!(attribute(wer, "value"), "60.0");
}

#[test]
fn nothing_gives_no_suite() {
    let xml = junit(&Report::new(&Rule::default(), Vec::new()), &[]);
    assert_eq!(parsed(&xml).unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn labels_of_any_characters_stay_well_formed(
        dataset in "[\\PC<>&\"'\u{0}-\u{1f}\u{7f}-\u{9f}\u{fffe}]{0,12}",
        method in "[a<>&\"'\u{0}-\u{1f}\u{fffe}\u{ffff}]{0,12}",
    ) {
        let rule = Rule { resamples: 50, ..Rule::default() };
        let report = Report::new(&rule, vec![row(&dataset, &method, Some("to boston"))]);
        let elements = parsed(&junit(&report, &conditions(&["wer>=0"]))).unwrap();
        let keep = |c: char| {
            let kept = matches!(c, '\t' | '\n' | '\r');
            let bad = c.is_control() && !kept || matches!(c, '\u{fffe}' | '\u{ffff}');
            if bad { '\u{fffd}' } else { c }
        };
        let method: String = method.chars().map(keep).collect();
        let found = elements.iter().find(|one| attribute(one, "name") == "method").unwrap();
        prop_assert_eq!(attribute(found, "value"), method);
    }
}
