//! Rows and conditions as JUnit XML, which continuous integration shows as tests.

use super::Report;
use super::conditions::{Condition, Violation, data, violations};
use crate::score::Row;

/// The report as JUnit XML, ending with a line feed; valid against the schema of Jenkins'
/// xUnit plugin (`junit-10.xsd`).
///
/// Each row is a test suite, named by its data and method, whose properties are the figures
/// of the row. Its tests are the conditions that are about it, failed where they are
/// violated; a row that no condition is about has the one test `scored`, skipped where no
/// utterance has a reference. Conditions that no row is meant by are failed tests of a suite
/// `conditions`. Times are 0: scoring has none. A report without rows and conditions gives no
/// suite.
#[must_use]
pub fn junit(report: &Report, conditions: &[Condition]) -> String {
    let violations = violations(&report.rows, conditions);
    let mut suites: Vec<Suite> = report
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| Suite::of_row(place, row, conditions, &violations))
        .collect();
    let unmeant: Vec<Test> =
        violations.iter().filter(|violation| violation.row.is_none()).map(Test::failed).collect();
    if !unmeant.is_empty() {
        suites.push(Suite { name: "conditions".into(), properties: Vec::new(), tests: unmeant });
    }
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str(&format!(
        "<testsuites name=\"gec\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"0\">\n",
        sum(|suite| suite.tests.len()),
        sum(Suite::failures),
    ));
    suites.iter().for_each(|suite| suite.write(&mut xml));
    xml.push_str("</testsuites>\n");
    xml
}

/// A row, or what is about none.
struct Suite {
    name: String,
    properties: Vec<(String, String)>,
    tests: Vec<Test>,
}

/// A condition on a row.
struct Test {
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

impl Test {
    fn failed(violation: &Violation) -> Self {
        let outcome = Outcome::Failed(violation.message.clone());
        Self { name: violation.condition.clone(), outcome }
    }
}

impl Suite {
    fn of_row(place: usize, row: &Row, conditions: &[Condition], found: &[Violation]) -> Self {
        let mut tests: Vec<Test> = Vec::new();
        for condition in conditions.iter().filter(|condition| condition.is_about(row)) {
            let name = condition.to_string();
            // The same condition given twice is one test.
            if tests.iter().any(|test| test.name == name) {
                continue;
            }
            let violation =
                found.iter().find(|one| one.row == Some(place) && one.condition == name);
            tests.push(match violation {
                Some(violation) => Test::failed(violation),
                None => Test { name, outcome: Outcome::Passed },
            });
        }
        if tests.is_empty() {
            let outcome = match row.scored {
                0 => Outcome::Skipped("no utterance has a reference"),
                _ => Outcome::Passed,
            };
            tests.push(Test { name: "scored".into(), outcome });
        }
        let name = format!("{}, {}", data(row), row.method);
        Self { name, properties: properties(row), tests }
    }

    fn failures(&self) -> usize {
        self.tests.iter().filter(|test| matches!(test.outcome, Outcome::Failed(_))).count()
    }

    fn write(&self, xml: &mut String) {
        let skipped = self.tests.iter().filter(|test| matches!(test.outcome, Outcome::Skipped(_)));
        let name = escaped(&self.name);
        xml.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" \
             skipped=\"{}\" time=\"0\">\n",
            self.tests.len(),
            self.failures(),
            skipped.count(),
        ));
        if !self.properties.is_empty() {
            xml.push_str("    <properties>\n");
            for (field, value) in &self.properties {
                let (field, value) = (escaped(field), escaped(value));
                xml.push_str(&format!("      <property name=\"{field}\" value=\"{value}\"/>\n"));
            }
            xml.push_str("    </properties>\n");
        }
        for test in &self.tests {
            let condition = escaped(&test.name);
            let head = format!("<testcase name=\"{condition}\" classname=\"{name}\" time=\"0\"");
            match &test.outcome {
                Outcome::Passed => xml.push_str(&format!("    {head}/>\n")),
                Outcome::Failed(message) => {
                    let message = escaped(message);
                    xml.push_str(&format!(
                        "    {head}>\n      <failure type=\"condition\" message=\"{message}\">\
                         {message}</failure>\n    </testcase>\n"
                    ));
                }
                Outcome::Skipped(why) => xml.push_str(&format!(
                    "    {head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                    escaped(why)
                )),
            }
        }
        xml.push_str("  </testsuite>\n");
    }
}

/// The fields of a row that have a value.
fn properties(row: &Row) -> Vec<(String, String)> {
    // A row is an object of numbers and texts, so this cannot fail.
    let json = serde_json::to_string(row).unwrap_or_default();
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(&json) else {
        return Vec::new();
    };
    let fields = fields.into_iter().filter_map(|(name, value)| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    });
    fields.collect()
}

/// A text for an attribute or between tags. What XML 1.0 forbids, control characters among
/// it, becomes U+FFFD; line breaks and tabs are references, so that a parser keeps them.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(character))),
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
#[path = "junit_tests.rs"]
mod tests;
