//! The figures of a row that a condition can be about.

use crate::score::Row;

/// A figure of a row.
#[derive(Debug)]
pub(super) struct Field {
    /// As the row calls it.
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    /// `None` where the row has no such figure. Flags are 0 or 1.
    pub(super) figure: fn(&Row) -> Option<f64>,
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Percent,
    /// From 0 to 1.
    Probability,
    /// Of nothing that it could be a share of.
    Count,
    OfUtterances,
    OfScored,
    OfWords,
    /// Holds or does not.
    Flag,
}

impl Unit {
    pub(super) fn is_count(self) -> bool {
        matches!(self, Self::Count | Self::OfUtterances | Self::OfScored | Self::OfWords)
    }

    /// Whether a limit may have a percent sign.
    pub(super) fn takes_percent(self) -> bool {
        !matches!(self, Self::Probability | Self::Count | Self::Flag)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Field {
    /// The figure as a share in percent; `None` for a share of nothing.
    pub(super) fn share(&self, row: &Row) -> Option<f64> {
        let whole = match self.unit {
            Unit::OfUtterances => row.utterances,
            Unit::OfScored => row.scored,
            Unit::OfWords => row.words,
            Unit::Percent | Unit::Probability | Unit::Count | Unit::Flag => return None,
        };
        if whole == 0 {
            None
        } else {
            (self.figure)(row).map(|figure| 100.0 * figure / whole as f64)
        }
    }
}

/// A count over scored utterances says nothing where there is none.
fn scored(row: &Row, count: u64) -> Option<f64> {
    (row.scored > 0).then_some(count as f64)
}

/// A difference can only be real where it has an interval.
fn flag(flag: bool, low: Option<f64>) -> Option<f64> {
    low.map(|_| f64::from(u8::from(flag)))
}

/// All fields, in the order of the row.
#[rustfmt::skip]
pub(super) static FIELDS: [Field; 28] = [
    Field { name: "utterances", unit: Unit::Count, figure: |row| Some(row.utterances as f64) },
    Field { name: "scored", unit: Unit::OfUtterances, figure: |row| Some(row.scored as f64) },
    Field { name: "words", unit: Unit::Count, figure: |row| Some(row.words as f64) },
    Field { name: "wer", unit: Unit::Percent, figure: |row| row.wer },
    Field { name: "wer_low", unit: Unit::Percent, figure: |row| row.wer_low },
    Field { name: "wer_high", unit: Unit::Percent, figure: |row| row.wer_high },
    Field { name: "wer_paper", unit: Unit::Percent, figure: |row| row.wer_paper },
    Field { name: "cer", unit: Unit::Percent, figure: |row| row.cer },
    Field { name: "substitutions", unit: Unit::OfWords, figure: |row| scored(row, row.substitutions) },
    Field { name: "deletions", unit: Unit::OfWords, figure: |row| scored(row, row.deletions) },
    Field { name: "insertions", unit: Unit::OfWords, figure: |row| scored(row, row.insertions) },
    Field { name: "o_nb", unit: Unit::Percent, figure: |row| row.o_nb },
    Field { name: "o_cp", unit: Unit::Percent, figure: |row| row.o_cp },
    Field { name: "wer_1best", unit: Unit::Percent, figure: |row| row.wer_1best },
    Field { name: "diff", unit: Unit::Percent, figure: |row| row.diff },
    Field { name: "diff_low", unit: Unit::Percent, figure: |row| row.diff_low },
    Field { name: "diff_high", unit: Unit::Percent, figure: |row| row.diff_high },
    Field { name: "p_value", unit: Unit::Probability, figure: |row| row.p_value },
    Field { name: "real", unit: Unit::Flag, figure: |row| flag(row.real, row.diff_low) },
    Field { name: "better", unit: Unit::OfScored, figure: |row| scored(row, row.better) },
    Field { name: "worse", unit: Unit::OfScored, figure: |row| scored(row, row.worse) },
    Field { name: "same", unit: Unit::OfScored, figure: |row| scored(row, row.same) },
    Field { name: "changed", unit: Unit::OfUtterances, figure: |row| Some(row.changed as f64) },
    Field { name: "baseline_diff", unit: Unit::Percent, figure: |row| row.baseline_diff },
    Field { name: "baseline_low", unit: Unit::Percent, figure: |row| row.baseline_low },
    Field { name: "baseline_high", unit: Unit::Percent, figure: |row| row.baseline_high },
    Field { name: "baseline_p_value", unit: Unit::Probability, figure: |row| row.baseline_p_value },
    Field { name: "baseline_real", unit: Unit::Flag, figure: |row| flag(row.baseline_real, row.baseline_low) },
];
