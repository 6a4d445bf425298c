//! Plots: sums as SVG that follows the theme, with every value in a text as well.

mod bars;
mod chart;
mod conditions;
mod cost;
mod lengths;
mod reliability;

use std::io;

use super::{Page, escape::html, gathered::Gathered};
use chart::{ONE_BEST, key};

/// A plot, or why there is none.
enum Plot {
    /// The drawing as SVG.
    Drawn(String),
    /// A sentence.
    Without(&'static str),
}

/// A plot with what is said around it.
struct Figure<'a> {
    title: &'a str,
    /// What it shows and how to read it.
    text: String,
    /// Names of its series with the number of their colour and mark.
    legend: Vec<(&'a str, usize)>,
    plot: Plot,
}

/// Writes the section of plots.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(
    page: &Page,
    methods: &[&str],
    gathered: &Gathered,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    out.write_all(b"<section id=\"plots\" aria-labelledby=\"plots-title\">\n")?;
    out.write_all(b"<h2 id=\"plots-title\">Plots</h2>\n<div class=\"figures\">\n")?;
    let figures = [
        conditions::figure(page, methods),
        cost::figure(page, methods, gathered),
        reliability::figure(methods, gathered),
        bars::verdicts(page, gathered),
        lengths::figure(methods, gathered),
        bars::changes(methods, gathered),
    ];
    for figure in figures {
        write_figure(&figure, out)?;
    }
    out.write_all(b"</div>\n</section>\n")
}

fn write_figure(figure: &Figure<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let title = html(figure.title);
    let drawing = match &figure.plot {
        Plot::Without(why) => {
            return writeln!(
                out,
                "<figure class=\"without\"><figcaption><h3>{title}</h3></figcaption>\
                 <p class=\"none\">{why}</p></figure>"
            );
        }
        Plot::Drawn(drawing) => drawing,
    };
    writeln!(
        out,
        "<figure><figcaption><h3>{title}</h3><p>{}</p></figcaption>\n<div class=\"scroll\">{drawing}</div>",
        html(&figure.text)
    )?;
    if !figure.legend.is_empty() {
        out.write_all(b"<ul class=\"legend\">")?;
        for (name, series) in &figure.legend {
            write!(out, "<li>{}<bdi>{}</bdi></li>", key(*series), html(name))?;
        }
        out.write_all(b"</ul>")?;
    }
    out.write_all(b"</figure>\n")
}

/// Series by name, with the 1-best first and in its own colour whatever it is called.
fn series_of(methods: &[&str], method: &str) -> usize {
    if method == "1best" {
        return ONE_BEST;
    }
    let others = methods.iter().filter(|known| **known != "1best");
    others.clone().position(|known| *known == method).unwrap_or(0)
}
