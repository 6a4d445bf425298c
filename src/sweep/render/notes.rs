//! What must be said beneath a ranking.

use super::cells::{left_behind, signed, unsigned};
use crate::sweep::Ranking;

/// One text for each note.
pub(super) fn notes(ranking: &Ranking) -> Vec<String> {
    let mut notes = Vec::new();
    // One line for each rung, in the order of the table.
    let mut behind: Vec<(String, Vec<&str>)> = Vec::new();
    for row in &ranking.rows {
        let Some(where_to) = left_behind(row.fate) else { continue };
        match behind.iter_mut().find(|(known, _)| *known == where_to) {
            Some((_, labels)) => labels.push(&row.arm.label),
            None => behind.push((where_to, vec![&row.arm.label])),
        }
    }
    let partial = !behind.is_empty();
    notes.extend(
        behind.into_iter().map(|(where_to, labels)| format!("{where_to}: {}.", labels.join("; "))),
    );
    if partial {
        notes.push(
            "Arms that did not get to the end are compared on the utterances that they were run \
             on; their word error rates cannot be set beside the others."
                .to_owned(),
        );
    }
    for row in ranking.rows.iter().filter(|row| row.failed > 0) {
        notes.push(format!(
            "{}: {} utterances failed, and their 1-best counts.",
            row.arm.label, row.failed
        ));
    }
    notes.push(format!(
        "Data: {}. WER in percent; vs baseline: points against {}, paired, of the first seed; \
         better/worse: utterances with fewer/more errors than it; chg %: utterances changed from \
         the 1-best; tokens: prompt+answer an utterance; seeds: mean±standard deviation.",
        ranking.data, ranking.baseline
    ));
    notes.push(format!(
        "p: by bootstrap, corrected for {} by Holm; *: below 0.05. The intervals are not \
         corrected.",
        match ranking.comparisons {
            1 => "1 comparison".to_owned(),
            many => format!("{many} comparisons"),
        }
    ));
    notes.push(match &ranking.flattery {
        Some(found) => format!(
            "The best of many on the same data looks better than it is. Chosen among {} on one \
             half of the utterances, the best has {} there and {} on the other half: {} points \
             ({} divisions). On all of them it is about 0.7 of that. Check the winner on other data.",
            found.arms,
            unsigned(found.chosen),
            unsigned(found.other),
            signed(found.points),
            found.divisions
        ),
        None => "The best of many on the same data looks better than it is. Check the winner on \
                 other data."
            .to_owned(),
    });
    notes.push(format!("Rule: {}.", ranking.rule));
    notes
}
