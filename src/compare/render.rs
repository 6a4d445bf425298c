//! A comparison as text: for a terminal, for a README.

use super::compared::{Against, Compared, Flip, FlipList, System};
use crate::report::{Block, blocks_as_markdown, blocks_as_table, rate, signed, with_interval};

/// The comparison as aligned columns of at most 132 columns, with notes beneath. Ends with a
/// line feed. Nothing in it moves a cursor, whatever names and texts hold.
#[must_use]
pub fn render_table(compared: &Compared) -> String {
    blocks_as_table(&blocks(compared), &notes(compared))
}

/// The comparison as Markdown tables, with notes beneath. Ends with a line feed. Names and
/// texts cannot become markup.
#[must_use]
pub fn render_markdown(compared: &Compared) -> String {
    blocks_as_markdown(&blocks(compared), &notes(compared))
}

fn blocks(compared: &Compared) -> Vec<Block> {
    let mut blocks = vec![overall(compared)];
    if !compared.against.is_empty() {
        blocks.push(differences(compared));
    }
    blocks.push(lengths(compared));
    for (system, pair) in (1..).zip(&compared.against) {
        blocks.push(classes(pair));
        if !pair.groups.is_empty() {
            blocks.push(groups(pair, system));
        }
        let flips = &pair.flips;
        for (what, list) in [
            ("wrong -> right", &flips.became_right),
            ("right -> wrong", &flips.became_wrong),
            ("fewer errors", &flips.fewer_errors),
            ("more errors", &flips.more_errors),
        ] {
            if !list.kept.is_empty() {
                blocks.push(texts(pair, what, list));
            }
        }
    }
    blocks
}

fn names(header: &[&str]) -> Vec<String> {
    header.iter().map(|name| (*name).to_owned()).collect()
}

fn overall(compared: &Compared) -> Block {
    let row = |system: &System| {
        let System { substitutions, deletions, insertions, .. } = system;
        vec![
            system.name.clone(),
            rate(system.wer),
            system.errors.to_string(),
            format!("{substitutions}/{deletions}/{insertions}"),
        ]
    };
    let rows = std::iter::once(&compared.one_best).chain(&compared.systems).map(row);
    Block {
        title: format!("{} utterances, {} words", compared.compared, compared.words),
        header: names(&["system", "WER", "errors", "S/D/I"]),
        first_number: 1,
        rows: rows.collect(),
    }
}

fn differences(compared: &Compared) -> Block {
    let corrected = compared.against.iter().any(|pair| pair.holm_p.is_some());
    let row = |pair: &Against| {
        let flips = &pair.flips;
        let difference = with_interval(pair.difference, pair.low, pair.high, signed);
        let mut row = vec![
            pair.second.clone(),
            format!("{difference}{}", if pair.real { "*" } else { " " }),
            pair.bootstrap_p.map_or_else(|| "-".to_owned(), probability),
            probability(pair.matched.p_value),
            pair.matched.segments.to_string(),
            format!("{}/{}", flips.became_right.count, flips.became_wrong.count),
            format!("{}/{}", flips.fewer_errors.count, flips.more_errors.count),
        ];
        if corrected {
            row.insert(4, pair.holm_p.map_or_else(|| "-".to_owned(), probability));
        }
        row
    };
    let mut header = names(&[
        "system",
        "difference [95 %]",
        "p",
        "p MAPSSWE",
        "segments",
        "became right/wrong",
        "fewer/more errors",
    ]);
    if corrected {
        header.insert(4, "p Holm".to_owned());
    }
    let first = compared.systems.first().map_or("", |system| &system.name);
    Block {
        title: format!("Against {first}"),
        header,
        first_number: 1,
        rows: compared.against.iter().map(row).collect(),
    }
}

fn lengths(compared: &Compared) -> Block {
    let mut header = names(&["words", "utts"]);
    header.extend(compared.systems.iter().map(|system| system.name.clone()));
    let rows = compared.lengths.iter().map(|slice| {
        let mut row = vec![slice.name.clone(), slice.utterances.to_string()];
        row.extend(slice.wer.iter().map(|wer| rate(*wer)));
        row
    });
    Block {
        title: "WER by words of the reference".to_owned(),
        header,
        first_number: 1,
        rows: rows.collect(),
    }
}

fn classes(pair: &Against) -> Block {
    let rows = pair.classes.iter().map(|change| {
        let net = i128::from(change.made) - i128::from(change.fixed);
        vec![
            change.class.name().to_owned(),
            change.fixed.to_string(),
            change.made.to_string(),
            if net == 0 { "0".to_owned() } else { format!("{net:+}") },
        ]
    });
    Block {
        title: format!("Errors that {} fixed and made, against {}", pair.second, pair.first),
        header: names(&["class", "fixed", "made", "net"]),
        first_number: 1,
        rows: rows.collect(),
    }
}

/// `system` is the second one's place among all.
fn groups(pair: &Against, system: usize) -> Block {
    let rows = pair.groups.iter().map(|slice| {
        let mut row =
            vec![slice.name.clone(), slice.utterances.to_string(), slice.words.to_string()];
        for side in [0, system] {
            let errors = slice.errors.get(side).copied().unwrap_or(0);
            row.push(format!("{} ({})", rate(slice.wer.get(side).copied().flatten()), errors));
        }
        row
    });
    Block {
        title: format!("Groups in which {} and {} differ most", pair.first, pair.second),
        header: names(&["group", "utts", "words", &pair.first, &pair.second]),
        first_number: 1,
        rows: rows.collect(),
    }
}

fn texts(pair: &Against, what: &str, list: &FlipList) -> Block {
    let rows = |flip: &Flip| {
        let errors = |errors: u64| errors.to_string();
        let line = |id: &str, who: &str, errors: String, text: &str| {
            vec![id.to_owned(), who.to_owned(), errors, text.to_owned()]
        };
        [
            line(&flip.id, "reference", String::new(), &flip.reference),
            line("", "1-best", String::new(), &flip.one_best),
            line("", &pair.first, errors(flip.first_errors), &flip.first),
            line("", &pair.second, errors(flip.second_errors), &flip.second),
        ]
    };
    let shown = match list.kept.len() as u64 {
        shown if shown < list.count => format!("{} utterances, {shown} shown", list.count),
        1 => "1 utterance".to_owned(),
        shown => format!("{shown} utterances"),
    };
    Block {
        title: format!("{} against {}, {what}: {shown}", pair.second, pair.first),
        header: names(&["utterance", "", "errors", "text"]),
        first_number: 4,
        rows: list.kept.iter().flat_map(rows).collect(),
    }
}

/// Three decimals, and never a flat zero.
fn probability(p_value: f64) -> String {
    if p_value < 0.001 { "<0.001".to_owned() } else { format!("{p_value:.3}") }
}

/// What must be said beneath the figures.
fn notes(compared: &Compared) -> Vec<String> {
    let mut notes = vec![
        "WER in percent of the references; S/D/I: words substituted, deleted, inserted; \
         difference: system less first, below zero is better; *: its interval excludes zero; \
         p: two-sided, of the paired bootstrap; p MAPSSWE: of the matched-pairs \
         sentence-segment word error test (Gillick and Cox 1989). fixed: errors of the first \
         that the system has not; made: the other way round."
            .to_owned(),
    ];
    if compared.against.iter().any(|pair| pair.holm_p.is_some()) {
        notes.push("p Holm: p MAPSSWE corrected for all systems shown (Holm 1979).".to_owned());
    }
    if compared.cased < compared.compared {
        notes.push(format!(
            "{} of {} references do not have both cases: names in them are counted in other classes.",
            compared.compared - compared.cased,
            compared.compared
        ));
    }
    if compared.compared < compared.utterances {
        notes.push(format!(
            "{} of {} utterances are not compared: {} lack a system's text, the others a reference.",
            compared.utterances - compared.compared,
            compared.utterances,
            compared.incomplete
        ));
    }
    notes.push(format!("Rule: {}.", compared.rule));
    notes
}
