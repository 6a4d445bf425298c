//! What came of a classification, as text.

use serde::{Deserialize, Serialize};

use super::{ClassScores, Comparison, Confusion};
use crate::report::{
    Block, FORMAT_VERSION, blocks_as_markdown, blocks_as_table, rate, with_interval,
};

/// With more classes than this, a matrix is wider than a page.
const MOST_COLUMNS: usize = 10;

/// How many confusions are listed where there is no matrix.
const MOST_CONFUSIONS: usize = 20;

/// Scores of one prompt on one corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassRow {
    /// The corpus.
    pub corpus: String,
    /// What the prompt shows, such as `5-best`.
    pub prompt: String,
    /// The rates.
    pub scores: ClassScores,
    /// The counts behind them.
    pub confusion: Confusion,
    /// Tokens read and written or scored for an utterance, on average.
    pub tokens: f64,
    /// Utterances that failed. They are in no other figure.
    pub failed: u64,
    /// The prompt that this one was compared with.
    pub baseline: Option<String>,
    /// That one first, this one second.
    pub comparison: Option<Comparison>,
}

/// Rows of a classification. As JSON: `{"format_version": 1, "rows": [{...}, ...]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// As that of [`Report`](crate::report::Report).
    pub format_version: u32,
    /// In the order they are to be shown.
    pub rows: Vec<ClassRow>,
}

impl ClassReport {
    /// A report of these rows.
    #[must_use]
    pub fn new(rows: Vec<ClassRow>) -> Self {
        Self { format_version: FORMAT_VERSION, rows }
    }

    /// Aligned columns: one table of all rows, and for each row one of its classes and one of
    /// what was taken for what; with more than 10 classes the 20 most frequent confusions.
    #[must_use]
    pub fn table(&self) -> String {
        blocks_as_table(&self.blocks(), &notes())
    }

    /// The same as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        blocks_as_markdown(&self.blocks(), &notes())
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = vec![self.summary()];
        for row in &self.rows {
            blocks.push(classes(row));
            blocks.push(if row.confusion.classes().len() <= MOST_COLUMNS {
                matrix(row)
            } else {
                confusions(row)
            });
        }
        blocks
    }

    fn summary(&self) -> Block {
        let row = |row: &ClassRow| {
            let scores = &row.scores;
            let gain = row.comparison.as_ref().map_or_else(String::new, |found| {
                let difference = found.difference.map_or("-".into(), |one| format!("{one:+.2}"));
                let baseline = row.baseline.as_deref().unwrap_or("the first");
                format!(
                    "{difference} on {baseline} ({} right, {} wrong for it alone), p = {:.3}",
                    found.only_second, found.only_first, found.p_value
                )
            });
            vec![
                row.corpus.clone(),
                row.prompt.clone(),
                scores.scored.to_string(),
                with_interval(scores.accuracy, scores.accuracy_low, scores.accuracy_high, |one| {
                    format!("{one:.2}")
                }),
                rate(scores.macro_f1),
                rate(scores.micro_f1),
                scores.no_class.to_string(),
                row.failed.to_string(),
                format!("{:.1}", row.tokens),
                gain,
            ]
        };
        let header = [
            "corpus",
            "prompt",
            "utts",
            "accuracy [95 %]",
            "macro F1",
            "micro F1",
            "no class",
            "failed",
            "tokens",
            "gain",
        ];
        Block {
            title: "Classification".to_owned(),
            header: header.map(str::to_owned).to_vec(),
            first_number: 2,
            rows: self.rows.iter().map(row).collect(),
        }
    }
}

fn notes() -> Vec<String> {
    vec![
        "Accuracy, precision (P), recall (R) and F1 in percent; [95 %]: Wilson's interval; no \
         class: answers that name none, counted as wrong; macro F1: mean of the classes that \
         occur; p: McNemar's exact test, which takes utterances for independent."
            .to_owned(),
    ]
}

fn name(row: &ClassRow) -> String {
    format!("{}, {}", row.corpus, row.prompt)
}

fn classes(row: &ClassRow) -> Block {
    let line = |one: &super::ClassFigures| {
        vec![
            one.class.clone(),
            one.support.to_string(),
            one.answered.to_string(),
            rate(one.precision),
            rate(one.recall),
            rate(one.f1),
        ]
    };
    Block {
        title: format!("{}: classes", name(row)),
        header: ["class", "utts", "answered", "P", "R", "F1"].map(str::to_owned).to_vec(),
        first_number: 1,
        rows: row.scores.classes.iter().map(line).collect(),
    }
}

fn matrix(row: &ClassRow) -> Block {
    let names = row.confusion.classes();
    let columns = names.iter().cloned().chain(["no class".to_owned()]);
    let line = |(name, counts): (&String, &Vec<u64>)| {
        std::iter::once(name.clone()).chain(counts.iter().map(u64::to_string)).collect()
    };
    Block {
        title: format!("{}: answers (columns) to each true class", name(row)),
        header: std::iter::once("true class".to_owned()).chain(columns).collect(),
        first_number: 1,
        rows: names.iter().zip(row.confusion.counts()).map(line).collect(),
    }
}

fn confusions(row: &ClassRow) -> Block {
    let names = row.confusion.classes();
    let mut wrong: Vec<(u64, usize, usize)> = Vec::new();
    for (truth, counts) in row.confusion.counts().iter().enumerate() {
        let others = counts.iter().enumerate().filter(|(answer, _)| *answer != truth);
        wrong.extend(others.filter(|(_, times)| **times > 0).map(|(a, times)| (*times, truth, a)));
    }
    wrong.sort_by_key(|(times, truth, answer)| (std::cmp::Reverse(*times), *truth, *answer));
    let called = |place: usize| names.get(place).map_or("no class", String::as_str).to_owned();
    let lines = wrong.into_iter().take(MOST_CONFUSIONS);
    Block {
        title: format!("{}: most frequent confusions", name(row)),
        header: ["true class", "answer", "times"].map(str::to_owned).to_vec(),
        first_number: 2,
        rows: lines
            .map(|(times, truth, answer)| vec![called(truth), called(answer), times.to_string()])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClassSet;
    use super::*;

    fn row(many: usize, prompt: &str) -> ClassRow {
        let classes = ClassSet::new((0..many).map(|number| format!("ki|nd {number}"))).unwrap();
        let mut confusion = Confusion::new(&classes);
        for (truth, answer) in [(0, Some(0)), (0, Some(1)), (1, None), (1, Some(1))] {
            confusion.add(Some(truth), answer);
        }
        ClassRow {
            corpus: "home".into(),
            prompt: prompt.into(),
            scores: ClassScores::new(&confusion),
            confusion,
            tokens: 12.0,
            failed: 0,
            baseline: None,
            comparison: None,
        }
    }

    #[test]
    fn a_table_shows_rates_classes_and_the_matrix() {
        let mut second = row(2, "5\u{1b}best");
        second.baseline = Some("1-best".into());
        second.comparison = Some(Comparison::new([(true, true), (false, true)]));
        let text = ClassReport::new(vec![row(2, "1-best"), second]).table();
        assert!(text.contains("50.00 [15.00,85.00]"), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("+50.00 on 1-best"), "{text}");
        assert!(text.contains("home, 1-best: answers (columns)"));
        let last: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("ki|nd 1"))
            .map(|line| line.split_whitespace().last().unwrap_or_default())
            .collect();
        assert_eq!(last, ["50.00", "1", "50.00", "1"]);
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn many_classes_are_listed_by_their_confusions() {
        let text = ClassReport::new(vec![row(11, "m")]).table();
        assert!(!text.contains("answers (columns)"));
        let begin = text.find("most frequent confusions").unwrap();
        let listed = text[begin..].lines().skip(3).take(3);
        assert_eq!(listed.filter(|line| line.contains(" 1")).count(), 2);
    }

    #[test]
    fn markdown_has_as_many_cells_in_every_line_of_a_table() {
        let text = ClassReport::new(vec![row(3, "m|n")]).markdown();
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let cells = |line: &str| line.replace("\\|", "").matches('|').count();
            let mut counts = table.lines().map(cells);
            let first = counts.next().unwrap();
            assert!(first > 3 && counts.all(|count| count == first), "{table}");
        }
        assert_eq!(text.matches("---:").count(), 8 + 5 + 4);
    }

    #[test]
    fn nothing_gives_a_header_and_json_is_read_back() {
        assert!(ClassReport::new(Vec::new()).table().contains("corpus  prompt  utts"));
        let report = ClassReport::new(vec![row(2, "m")]);
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<ClassReport>(&text).unwrap(), report);
    }
}
