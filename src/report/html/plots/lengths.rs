//! Whether long utterances are harder.

use super::{
    Figure, Plot,
    chart::{Anchor, Chart, ONE_BEST, Scale, class_of},
    series_of,
};
use crate::report::html::gathered::{Gathered, LENGTHS, Rate};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 16.0;
const BOTTOM: f64 = HEIGHT - 58.0;

/// The word error rate by words of the reference, a line for each method.
pub(super) fn figure<'a>(methods: &[&'a str], gathered: &Gathered) -> Figure<'a> {
    let mut lines: Vec<(&str, usize, &[Rate])> =
        vec![("1-best", ONE_BEST, &gathered.one_best_lengths)];
    let own = methods.iter().zip(&gathered.methods).filter(|(method, _)| **method != "1best");
    for (method, sums) in own {
        lines.push((method, series_of(methods, method), &sums.lengths));
    }
    lines.retain(|(_, _, rates)| rates.iter().any(|rate| rate.words > 0));
    let legend = lines.iter().map(|(name, series, _)| (*name, *series)).collect();
    let plot = if lines.is_empty() {
        Plot::Without("No utterance has a reference with a word.")
    } else {
        Plot::Drawn(draw(&lines, &gathered.one_best_lengths))
    };
    Figure {
        title: "Word error rate by length",
        text: "Corpus WER in percent by words of the reference; below each range how many \
               utterances it has."
            .to_owned(),
        legend,
        plot,
    }
}

fn range(place: usize) -> String {
    let from = place.checked_sub(1).map_or(0, |before| LENGTHS[before] + 1);
    match LENGTHS.get(place) {
        Some(to) => format!("{from}–{to}"),
        None => format!("{from}+"),
    }
}

fn draw(lines: &[(&str, usize, &[Rate])], counts: &[Rate]) -> String {
    let mut chart = Chart::new(WIDTH, HEIGHT);
    let rates = lines.iter().flat_map(|(_, _, rates)| rates.iter().filter_map(Rate::percent));
    let y = Scale::from_zero(rates, BOTTOM, 34.0);
    chart.y_axis(&y, LEFT, RIGHT, "WER, %");
    let width = (RIGHT - LEFT) / counts.len() as f64;
    let x = |place: usize| LEFT + (place as f64 + 0.5) * width;
    for (place, rate) in counts.iter().enumerate() {
        chart.text("tick", (x(place), BOTTOM + 16.0), Anchor::Middle, &range(place));
        let count = format!("n = {}", rate.utterances);
        chart.text("tick quiet", (x(place), BOTTOM + 31.0), Anchor::Middle, &count);
    }
    let middle = (LEFT + RIGHT) / 2.0;
    chart.text("label", (middle, BOTTOM + 50.0), Anchor::Middle, "words of the reference");
    let mut said: Vec<String> = Vec::new();
    for (name, series, rates) in lines {
        let known = rates.iter().enumerate().filter_map(|(at, rate)| Some((at, rate.percent()?)));
        let known: Vec<(usize, f64)> = known.collect();
        let points: Vec<(f64, f64)> =
            known.iter().map(|(place, rate)| (x(*place), y.at(*rate))).collect();
        chart.path(&format!("curve {}", class_of(*series)), &points);
        for ((place, rate), point) in known.into_iter().zip(points) {
            let tip = format!("{name}, {} words: {rate:.2} %", range(place));
            chart.mark(*series, point, &tip);
            said.push(tip);
        }
    }
    chart.finish(&format!("Word error rate by length. {}.", said.join("; ")))
}
