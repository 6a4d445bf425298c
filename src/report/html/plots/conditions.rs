//! Word error rates by condition and method.

use super::{
    Figure, Plot,
    chart::{Anchor, Chart, ONE_BEST, Scale, class_of, short},
    series_of,
};
use crate::{report::html::Page, score::Row};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 150.0;
const TOP: f64 = 8.0;
const LINE: f64 = 17.0;
const GAP: f64 = 14.0;

/// One dot: a method on a condition.
struct Dot {
    method: String,
    series: usize,
    wer: f64,
    interval: Option<(f64, f64)>,
}

/// Dots with 95 % intervals, a block of lines for each condition.
pub(super) fn figure<'a>(page: &'a Page, methods: &[&'a str]) -> Figure<'a> {
    let conditions = conditions(&page.report.rows, methods);
    let mut legend: Vec<(&str, usize)> =
        methods.iter().map(|method| (*method, series_of(methods, method))).collect();
    if !methods.contains(&"1best") {
        legend.insert(0, ("1-best", ONE_BEST));
    }
    let plot = if conditions.is_empty() {
        Plot::Without("No row has a word error rate: no utterance has a reference.")
    } else {
        Plot::Drawn(draw(&conditions))
    };
    Figure {
        title: "Word error rate by condition",
        text: "Corpus WER in percent with its 95 % interval; further left is better.".to_owned(),
        legend,
        plot,
    }
}

fn conditions(rows: &[Row], methods: &[&str]) -> Vec<(String, Vec<Dot>)> {
    let mut conditions: Vec<(String, Vec<Dot>)> = Vec::new();
    let has_own_row = methods.contains(&"1best");
    for row in rows {
        let Some(wer) = row.wer.filter(|wer| wer.is_finite()) else { continue };
        let name = match row.subset.as_str() {
            "" => row.dataset.clone(),
            subset => format!("{}:{subset}", row.dataset),
        };
        let place = conditions.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            let first = row.wer_1best.filter(|wer| !has_own_row && wer.is_finite());
            let first = first.map(|wer| Dot {
                method: "1-best".to_owned(),
                series: ONE_BEST,
                wer,
                interval: None,
            });
            conditions.push((name, first.into_iter().collect()));
            conditions.len() - 1
        });
        conditions[place].1.push(Dot {
            method: row.method.clone(),
            series: series_of(methods, &row.method),
            wer,
            interval: row.wer_low.zip(row.wer_high),
        });
    }
    conditions
}

fn draw(conditions: &[(String, Vec<Dot>)]) -> String {
    let dots: usize = conditions.iter().map(|(_, dots)| dots.len()).sum();
    let bottom = TOP + dots as f64 * LINE + conditions.len() as f64 * GAP;
    let mut chart = Chart::new(WIDTH, bottom + 42.0);
    let all = conditions.iter().flat_map(|(_, dots)| dots);
    let ends = all.map(|dot| dot.interval.map_or(dot.wer, |(_, high)| high.max(dot.wer)));
    let scale = Scale::from_zero(ends, LEFT, WIDTH - 20.0);
    chart.x_axis(&scale, TOP, bottom, "WER, %");
    let mut y = TOP + GAP / 2.0;
    let mut said: Vec<String> = Vec::new();
    for (number, (name, dots)) in conditions.iter().enumerate() {
        if number > 0 {
            chart.line("rule", (0.0, y - GAP / 2.0), (WIDTH - 20.0, y - GAP / 2.0));
        }
        let middle = y + dots.len() as f64 * LINE / 2.0 + 4.0;
        chart.text("name", (0.0, middle), Anchor::Start, &short(name, 20));
        for dot in dots {
            let line = y + LINE / 2.0;
            let mut tip = format!("{name}, {}: {:.2} %", dot.method, dot.wer);
            if let Some((low, high)) = dot.interval {
                let class = format!("whisker {}", class_of(dot.series));
                let (from, to) = (scale.at(low), scale.at(high));
                chart.line(&class, (from, line), (to, line));
                for end in [from, to] {
                    chart.line(&class, (end, line - 3.0), (end, line + 3.0));
                }
                tip.push_str(&format!(" [{low:.2}, {high:.2}]"));
            }
            chart.mark(dot.series, (scale.at(dot.wer), line), &tip);
            said.push(tip);
            y += LINE;
        }
        y += GAP;
    }
    chart.finish(&format!("Word error rates. {}.", said.join("; ")))
}
