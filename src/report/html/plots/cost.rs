//! What an improvement costs.

use super::{
    Figure, Plot,
    chart::{Chart, ONE_BEST, Scale},
    series_of,
};
use crate::report::html::{
    Page,
    gathered::{Gathered, RunSums},
};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 320.0;

/// A dot for each run, its 1-best at no cost.
pub(super) fn figure<'a>(page: &'a Page, methods: &[&'a str], gathered: &Gathered) -> Figure<'a> {
    let is_timed = |sums: &RunSums| sums.timed > 0;
    let in_seconds = gathered.runs.iter().filter(|sums| sums.tokens > 0).all(is_timed)
        && gathered.runs.iter().any(is_timed);
    let cost = |sums: &RunSums| match in_seconds {
        true => sums.milliseconds / 1000.0 / sums.timed.max(1) as f64,
        false => sums.tokens as f64 / sums.utterances.max(1) as f64,
    };
    let unit = if in_seconds { "seconds" } else { "tokens" };
    let dots: Vec<Dot<'_>> = page
        .runs
        .iter()
        .zip(&gathered.runs)
        .filter_map(|(run, sums)| {
            let (wer, one_best) = sums.rate.percent().zip(sums.one_best.percent())?;
            let series = series_of(methods, &run.method);
            Some(Dot { run: &run.method, data: &run.data, series, cost: cost(sums), wer, one_best })
        })
        .collect();
    let mut legend: Vec<(&str, usize)> = vec![("1-best", ONE_BEST)];
    for dot in &dots {
        if !legend.contains(&(dot.run, dot.series)) {
            legend.push((dot.run, dot.series));
        }
    }
    let plot = if dots.is_empty() {
        Plot::Without("No run has utterances with a reference.")
    } else if dots.iter().all(|dot| dot.cost == 0.0) {
        Plot::Without("No run asked a model or measured its time, so none has a cost.")
    } else {
        Plot::Drawn(draw(&dots, unit))
    };
    Figure {
        title: "Word error rate against cost",
        text: format!(
            "Mean {unit} an utterance, and corpus WER in percent; further left and lower is better. \
             A thin line leads from the 1-best of the same utterances."
        ),
        legend,
        plot,
    }
}

struct Dot<'a> {
    run: &'a str,
    data: &'a str,
    series: usize,
    cost: f64,
    wer: f64,
    one_best: f64,
}

fn draw(dots: &[Dot<'_>], unit: &str) -> String {
    let mut chart = Chart::new(WIDTH, HEIGHT);
    let x = Scale::from_zero(dots.iter().map(|dot| dot.cost * 1.1), 44.0, WIDTH - 16.0);
    let rates = dots.iter().flat_map(|dot| [dot.wer, dot.one_best]);
    let y = Scale::from_zero(rates, HEIGHT - 44.0, 34.0);
    chart.y_axis(&y, 44.0, WIDTH - 16.0, "WER, %");
    chart.x_axis(&x, 34.0, HEIGHT - 44.0, &format!("{unit} an utterance"));
    let mut said: Vec<String> = Vec::new();
    for dot in dots {
        let from = (x.at(0.0), y.at(dot.one_best));
        let to = (x.at(dot.cost), y.at(dot.wer));
        chart.line("thread", from, to);
        chart.mark(ONE_BEST, from, &format!("{}, 1-best: {:.2} %", dot.data, dot.one_best));
        let tip = format!("{}, {}: {:.2} %, {:.3} {unit}", dot.data, dot.run, dot.wer, dot.cost);
        chart.mark(dot.series, to, &tip);
        said.push(tip);
    }
    chart.finish(&format!("Word error rate and cost. {}.", said.join("; ")))
}
