//! Bars: what became of utterances, and how much changed.

use super::{
    Figure, Plot,
    chart::{Anchor, Chart, Scale, class_of, short},
    series_of,
};
use crate::{
    correct::Verdict,
    report::html::{
        Page,
        gathered::{CHANGES, Gathered, MOST_CHANGE, VERDICTS},
    },
};

const WIDTH: f64 = 640.0;

/// How a verdict is told to a reader.
fn told(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Corrected => "corrected",
        Verdict::Kept => "kept",
        Verdict::Gated => "skipped by the gate",
        Verdict::Abstained => "abstained",
        Verdict::Refused => "refused by the guard",
        Verdict::Failed => "failed",
    }
}

/// What became of the utterances, one bar for each run.
pub(super) fn verdicts<'a>(page: &'a Page, gathered: &Gathered) -> Figure<'a> {
    let runs: Vec<(String, u64, [u64; VERDICTS.len()])> = page
        .runs
        .iter()
        .zip(&gathered.runs)
        .filter(|(_, sums)| sums.utterances > 0)
        .map(|(run, sums)| {
            (format!("{} · {}", run.method, run.data), sums.utterances, sums.verdicts)
        })
        .collect();
    let plot = if runs.is_empty() {
        Plot::Without("No run has an answer.")
    } else {
        Plot::Drawn(draw_verdicts(&runs))
    };
    Figure {
        title: "What became of the utterances",
        text: "Share of each run's utterances by verdict, in percent.".to_owned(),
        legend: Vec::new(),
        plot,
    }
}

fn draw_verdicts(runs: &[(String, u64, [u64; VERDICTS.len()])]) -> String {
    const LINE: f64 = 40.0;
    let bottom = 34.0 + runs.len() as f64 * LINE;
    let mut chart = Chart::new(WIDTH, bottom + 4.0);
    // The legend: a swatch and a name for each verdict, letters of about 6.2 units.
    let mut left = 0.0;
    for verdict in VERDICTS {
        let class = format!("verdict {}", verdict.as_str());
        chart.bar(&class, (left, 4.0), (left + 11.0, 15.0), told(verdict));
        chart.text("tick", (left + 16.0, 14.0), Anchor::Start, told(verdict));
        left += 34.0 + 6.2 * told(verdict).len() as f64;
    }
    let mut said: Vec<String> = Vec::new();
    for (place, (name, utterances, counts)) in runs.iter().enumerate() {
        let top = 34.0 + place as f64 * LINE;
        chart.text("name", (0.0, top + 10.0), Anchor::Start, &short(name, 60));
        let total = format!("{utterances} utterances");
        chart.text("tick", (WIDTH, top + 10.0), Anchor::End, &total);
        let mut from = 0.0;
        for (verdict, count) in VERDICTS.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let share = *count as f64 / (*utterances).max(1) as f64;
            let to = from + share * WIDTH;
            let tip = format!("{name}: {count} {} ({:.1} %)", told(*verdict), 100.0 * share);
            let class = format!("verdict {}", verdict.as_str());
            chart.bar(&class, (from, top + 15.0), (to, top + 31.0), &tip);
            if to - from > 44.0 {
                let text = format!("{:.1}", 100.0 * share);
                let class = format!("inside {}", verdict.as_str());
                chart.text(&class, ((from + to) / 2.0, top + 27.0), Anchor::Middle, &text);
            }
            said.push(tip);
            from = to;
        }
    }
    chart.finish(&format!("Verdicts. {}.", said.join("; ")))
}

/// How many errors more or fewer the changed utterances have, a bar for each method.
pub(super) fn changes<'a>(methods: &[&'a str], gathered: &Gathered) -> Figure<'a> {
    let all = methods.iter().zip(&gathered.methods);
    let known: Vec<(&str, &[u64; CHANGES])> = all
        .map(|(method, sums)| (*method, &sums.changes))
        .filter(|(_, changes)| changes.iter().any(|count| *count > 0))
        .collect();
    let legend = known.iter().map(|(method, _)| (*method, series_of(methods, method))).collect();
    let plot = if known.is_empty() {
        Plot::Without("No utterance with a reference was changed.")
    } else {
        Plot::Drawn(draw_changes(methods, &known))
    };
    Figure {
        title: "How much changed",
        text: "Changed utterances by errors fewer (left) or more (right) than the 1-best."
            .to_owned(),
        legend,
        plot,
    }
}

fn draw_changes(methods: &[&str], known: &[(&str, &[u64; CHANGES])]) -> String {
    const HEIGHT: f64 = 300.0;
    const LEFT: f64 = 52.0;
    const BOTTOM: f64 = HEIGHT - 44.0;
    let mut chart = Chart::new(560.0, HEIGHT);
    let counts = known.iter().flat_map(|(_, changes)| changes.iter().map(|count| *count as f64));
    let y = Scale::from_zero(counts, BOTTOM, 34.0);
    chart.y_axis(&y, LEFT, 550.0, "utterances");
    let width = (550.0 - LEFT) / CHANGES as f64;
    let bar = (width - 10.0) / known.len() as f64;
    let mut said: Vec<String> = Vec::new();
    for (place, change) in (-MOST_CHANGE..=MOST_CHANGE).enumerate() {
        let left = LEFT + place as f64 * width + 5.0;
        let name = match change {
            0 => "±0".to_owned(),
            _ if change == MOST_CHANGE => format!("≥ +{change}"),
            _ if change == -MOST_CHANGE => format!("≤ −{MOST_CHANGE}"),
            1.. => format!("+{change}"),
            _ => format!("−{}", change.abs()),
        };
        chart.text("tick", (left + width / 2.0 - 5.0, BOTTOM + 16.0), Anchor::Middle, &name);
        for (number, (method, changes)) in known.iter().enumerate() {
            let count = changes[place];
            if count == 0 {
                continue;
            }
            let tip = format!("{method}: {count} with {name} errors");
            let from = left + number as f64 * bar;
            let class = format!("bar {}", class_of(series_of(methods, method)));
            chart.bar(&class, (from, y.at(count as f64)), (from + bar - 1.0, BOTTOM), &tip);
            said.push(tip);
        }
    }
    let middle = (LEFT + 550.0) / 2.0;
    chart.text("label", (middle, BOTTOM + 36.0), Anchor::Middle, "errors more than the 1-best");
    chart.finish(&format!("Changes. {}.", said.join("; ")))
}
