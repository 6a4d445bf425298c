//! Whether confidences are what they claim.

use super::{
    Figure, Plot,
    chart::{Anchor, Chart, Scale, class_of},
    series_of,
};
use crate::report::html::gathered::{Bin, Gathered};

const SIZE: f64 = 400.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 34.0;
const RIGHT: f64 = SIZE - 12.0;
const BOTTOM: f64 = SIZE - 44.0;

/// The share of words that are right by confidence (Niculescu-Mizil and Caruana 2005), a line
/// for each method, and the expected calibration error (Naeini et al. 2015).
pub(super) fn figure<'a>(methods: &[&'a str], gathered: &Gathered) -> Figure<'a> {
    let all = methods.iter().zip(&gathered.methods);
    let known: Vec<(&str, &[Bin])> = all
        .filter(|(_, sums)| sums.bins.iter().any(|bin| bin.words > 0))
        .map(|(method, sums)| (*method, sums.bins.as_slice()))
        .collect();
    let errors: Vec<String> = known
        .iter()
        .map(|(method, bins)| format!("{method} {:.3}", calibration_error(bins)))
        .collect();
    let unmatched: u64 = gathered.methods.iter().map(|sums| sums.unmatched).sum();
    let mut text = format!(
        "Share of words that are right, by their confidence, in bins of a tenth. Below the \
         diagonal a method is too sure. Expected calibration error: {}.",
        errors.join(", ")
    );
    if unmatched > 0 {
        text.push_str(&format!(
            " {unmatched} utterances are left out: normalising changed their number of words."
        ));
    }
    let plot = if known.is_empty() {
        Plot::Without("No answer has both word confidences and a reference.")
    } else {
        Plot::Drawn(draw(methods, &known))
    };
    let legend = known.iter().map(|(method, _)| (*method, series_of(methods, method))).collect();
    Figure { title: "Reliability of confidences", text, legend, plot }
}

/// The mean distance of confidence and share right, over the words. 0 without a word.
fn calibration_error(bins: &[Bin]) -> f64 {
    let words: u64 = bins.iter().map(|bin| bin.words).sum();
    let distance: f64 = bins.iter().map(|bin| (bin.confidence - bin.right as f64).abs()).sum();
    distance / words.max(1) as f64
}

fn draw(methods: &[&str], known: &[(&str, &[Bin])]) -> String {
    let mut chart = Chart::new(SIZE, SIZE);
    let x = Scale::share(LEFT, RIGHT);
    let y = Scale::share(BOTTOM, TOP);
    chart.y_axis(&y, LEFT, RIGHT, "share right");
    chart.x_axis(&x, TOP, BOTTOM, "mean confidence");
    chart.line("diagonal", (LEFT, BOTTOM), (RIGHT, TOP));
    chart.text("tick", (x.at(0.8) - 4.0, y.at(0.86)), Anchor::End, "too modest");
    chart.text("tick", (x.at(0.8) + 4.0, y.at(0.7)), Anchor::Start, "too sure");
    let mut said: Vec<String> = Vec::new();
    for (method, bins) in known {
        let series = series_of(methods, method);
        let full = bins.iter().filter(|bin| bin.words > 0);
        let points: Vec<_> = full
            .map(|bin| {
                let words = bin.words as f64;
                let (confidence, right) = (bin.confidence / words, bin.right as f64 / words);
                let tip = format!(
                    "{method}: confidence {confidence:.2}, right {right:.2}, {} words",
                    bin.words
                );
                ((x.at(confidence), y.at(right)), tip)
            })
            .collect();
        let line: Vec<(f64, f64)> = points.iter().map(|(point, _)| *point).collect();
        chart.path(&format!("curve {}", class_of(series)), &line);
        for (point, tip) in points {
            chart.mark(series, point, &tip);
            said.push(tip);
        }
    }
    chart.finish(&format!("Reliability diagram. {}.", said.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calibration_error_weighs_bins_by_their_words() {
        let sure = Bin { words: 3, right: 2, confidence: 2.7 };
        let modest = Bin { words: 1, right: 1, confidence: 0.5 };
        assert!((calibration_error(&[sure, modest, Bin::default()]) - 0.3).abs() < 1e-12);
        assert_eq!(calibration_error(&[]), 0.0);
    }
}
