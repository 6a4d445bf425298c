//! What plots are drawn with: a canvas, scales, marks.

use crate::report::html::escape::html;

/// The series of the recogniser's first choice: grey, a hollow circle.
pub(super) const ONE_BEST: usize = usize::MAX;
/// Colours and marks repeat after so many series.
const SERIES: usize = 8;

/// A drawing that grows by elements. Lengths are in its own units, about a pixel.
pub(super) struct Chart {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands on its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Chart {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.body.push_str(&format!(
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.body
            .push_str(&format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    /// A bar from one corner to the other, with the text that is shown when it is pointed at.
    pub(super) fn bar(&mut self, class: &str, from: (f64, f64), to: (f64, f64), tip: &str) {
        self.body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
            from.0.min(to.0),
            from.1.min(to.1),
            (to.0 - from.0).abs(),
            (to.1 - from.1).abs(),
            html(tip)
        ));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.body.push_str(&format!(
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            at.0,
            at.1,
            html(text)
        ));
    }

    /// The mark of a series, with the text that is shown when it is pointed at.
    pub(super) fn mark(&mut self, series: usize, at: (f64, f64), tip: &str) {
        self.body.push_str(&mark(series, at, Some(tip)));
    }

    /// A horizontal axis: a grid line and a number for each tick, and what it counts.
    pub(super) fn x_axis(&mut self, scale: &Scale, top: f64, bottom: f64, label: &str) {
        for tick in scale.ticks() {
            let x = scale.at(tick);
            self.line("grid", (x, top), (x, bottom));
            self.text("tick", (x, bottom + 15.0), Anchor::Middle, &number(tick));
        }
        let middle = (scale.from + scale.to) / 2.0;
        self.text("label", (middle, bottom + 33.0), Anchor::Middle, label);
    }

    /// A vertical axis; what it counts stands above it.
    pub(super) fn y_axis(&mut self, scale: &Scale, left: f64, right: f64, label: &str) {
        for tick in scale.ticks() {
            let y = scale.at(tick);
            self.line("grid", (left, y), (right, y));
            self.text("tick", (left - 6.0, y + 4.0), Anchor::End, &number(tick));
        }
        self.text("label", (left - 30.0, scale.to - 12.0), Anchor::Start, label);
    }

    /// The drawing as one image with a text in its place.
    pub(super) fn finish(self, alternative: &str) -> String {
        format!(
            "<svg viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            self.width,
            self.height,
            html(alternative),
            self.body
        )
    }
}

/// From values to places.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// From zero to a round number not below any of these. Values that are no numbers are
    /// ignored; without any other the scale ends at one.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        // About five ticks at 1, 2 or 5 times a power of ten.
        let power = 10_f64.powf((most / 5.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| most / step <= 5.0).unwrap_or(10.0 * power);
        Self { low: 0.0, high: (most / step).ceil() * step, step, from, to }
    }

    /// A share, from 0 to 1.
    pub(super) fn share(from: f64, to: f64) -> Self {
        Self { low: 0.0, high: 1.0, step: 0.2, from, to }
    }

    /// The place of a value; beyond the ends, the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|tick| self.low + tick as f64 * self.step).collect()
    }
}

/// A number of an axis: as short as it can be.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The class that gives a series its colour.
pub(super) fn class_of(series: usize) -> String {
    if series == ONE_BEST { "one-best".to_owned() } else { format!("series-{}", series % SERIES) }
}

/// The mark of a series by itself, for a legend.
pub(super) fn key(series: usize) -> String {
    let mark = mark(series, (8.0, 8.0), None);
    format!("<svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{mark}</svg>")
}

/// Series differ in shape as well as in colour.
fn mark(series: usize, (x, y): (f64, f64), tip: Option<&str>) -> String {
    let polygon = |corners: &[(f64, f64)]| {
        let corners: Vec<String> =
            corners.iter().map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy)).collect();
        format!("<polygon points=\"{}\"/>", corners.join(" "))
    };
    let shape = match (series == ONE_BEST, series % 6) {
        (true, _) => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"),
        (_, 0) => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"),
        (_, 1) => polygon(&[(-4.0, -4.0), (4.0, -4.0), (4.0, 4.0), (-4.0, 4.0)]),
        (_, 2) => polygon(&[(0.0, -5.5), (5.5, 0.0), (0.0, 5.5), (-5.5, 0.0)]),
        (_, 3) => polygon(&[(0.0, -5.0), (5.0, 4.0), (-5.0, 4.0)]),
        (_, 4) => polygon(&[(0.0, 5.0), (5.0, -4.0), (-5.0, -4.0)]),
        _ => {
            polygon(&[(-5.0, 0.0), (-2.0, -5.0), (2.0, -5.0), (5.0, 0.0), (2.0, 5.0), (-2.0, 5.0)])
        }
    };
    let tip = tip.map_or_else(String::new, |tip| format!("<title>{}</title>", html(tip)));
    format!("<g class=\"mark {}\">{shape}{tip}</g>", class_of(series))
}

/// A label for a narrow place.
pub(super) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_numbers_that_cover_the_values() {
        let ticks = |most: f64| Scale::from_zero([most].into_iter(), 0.0, 100.0).ticks();
        assert_eq!(ticks(9.3), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0).last(), Some(&1.0));
        assert_eq!(ticks(f64::NAN).last(), ticks(f64::INFINITY).last());
    }

    #[test]
    fn numbers_of_axes_are_short() {
        assert_eq!([0.0, 0.2, 10.0, 0.125].map(number), ["0", "0.2", "10", "0.125"]);
    }

    proptest! {
        #[test]
        fn every_value_has_a_place_on_the_scale(values in prop::collection::vec(any::<f64>(), 0..6)) {
            let scale = Scale::from_zero(values.iter().copied(), 10.0, 90.0);
            prop_assert!(scale.ticks().len() < 8);
            for value in values.into_iter().filter(|value| value.is_finite()) {
                prop_assert!((10.0..=90.0).contains(&scale.at(value)), "{value}");
            }
        }
    }
}
