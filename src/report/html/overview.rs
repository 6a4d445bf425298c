//! The figures and what they are about: the first part of the page.

use std::io;

use super::{Page, Run, escape::html};
use crate::report::{
    Report,
    table::{FIRST_NUMBER, HEADER, cells, comparisons, notes},
};

/// Writes the section.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(page: &Page, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"<section id=\"overview\" aria-labelledby=\"overview-title\">\n")?;
    out.write_all(b"<h2 id=\"overview-title\">Results</h2>\n")?;
    for note in &page.notes {
        writeln!(out, "<p class=\"note\">{}</p>", html(note))?;
    }
    if page.report.rows.is_empty() {
        out.write_all(b"<p class=\"none\">No run was scored.</p>\n")?;
    } else {
        table(&page.report, out)?;
    }
    out.write_all(b"<div class=\"notes\">\n")?;
    for note in comparisons(&page.report).iter().chain(&notes(&page.report)) {
        writeln!(out, "<p>{}</p>", html(note))?;
    }
    out.write_all(b"</div>\n<h3>Runs</h3>\n")?;
    if page.runs.is_empty() {
        out.write_all(b"<p class=\"none\">No run is part of this report.</p>\n")?;
    }
    for run in &page.runs {
        facts(run, out)?;
    }
    out.write_all(b"</section>\n")
}

fn table(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"<div class=\"scroll\"><table class=\"results\"><thead><tr>")?;
    for (column, name) in HEADER.iter().enumerate() {
        write!(out, "<th scope=\"col\"{}>{}</th>", class_of(column), html(name))?;
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")?;
    for row in &report.rows {
        out.write_all(b"<tr>")?;
        for (column, cell) in cells(row).iter().enumerate() {
            let cell = html(cell.trim());
            let last = column == HEADER.len() - 1;
            match (column, row.diff) {
                (0, _) => write!(out, "<th scope=\"row\"><bdi>{cell}</bdi></th>")?,
                (_, Some(diff)) if last && row.real => {
                    let class = if diff < 0.0 { "better" } else { "worse" };
                    write!(out, "<td class=\"number {class}\">{cell}</td>")?;
                }
                _ => write!(out, "<td{}><bdi>{cell}</bdi></td>", class_of(column))?,
            }
        }
        out.write_all(b"</tr>\n")?;
    }
    out.write_all(b"</tbody></table></div>\n")
}

fn class_of(column: usize) -> &'static str {
    if column < FIRST_NUMBER { "" } else { " class=\"number\"" }
}

fn facts(run: &Run, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<details class=\"run\"><summary><bdi>{}</bdi> <span class=\"quiet\">on</span> <bdi>{}</bdi></summary>\n<dl>",
        html(&run.method),
        html(&run.data)
    )?;
    let known = [("model", &run.model), ("template", &run.template), ("profile", &run.profile)];
    let known = known.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let others = run.facts.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in known.chain(others) {
        writeln!(out, "<dt>{}</dt><dd><bdi>{}</bdi></dd>", html(name), html(value))?;
    }
    out.write_all(b"</dl>\n")?;
    if !run.settings.is_null() {
        let settings = serde_json::to_string_pretty(&run.settings).map_err(io::Error::other)?;
        writeln!(
            out,
            "<details><summary>Settings</summary><pre>{}</pre></details>",
            html(&settings)
        )?;
    }
    out.write_all(b"</details>\n")
}
