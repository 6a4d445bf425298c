//! The page around its sections: head, data, and the list that the program fills.

use std::io;

use serde::Serialize;

use super::{Entry, Page, escape, escape::html, policy::policy};

const STYLE: &str = include_str!("assets/report.css");
/// In the order they are run.
const SCRIPTS: [&str; 4] = [
    include_str!("assets/texts.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/list.js"),
    include_str!("assets/report.js"),
];

/// Entries in one block of JSON: few enough to be parsed without a pause.
const BLOCK: usize = 256;

/// HTML reads CRLF as LF, and a hash must be of what is read.
fn asset(text: &str) -> String {
    text.replace('\r', "")
}

/// Writes all before the first section.
///
/// # Errors
/// Those of `out`.
pub(super) fn head(page: &Page, out: &mut dyn io::Write) -> io::Result<()> {
    let style = asset(STYLE);
    let scripts = SCRIPTS.map(asset);
    let policy = policy(&style, &scripts.each_ref().map(String::as_str));
    let title = html(&page.title);
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <header>\n<div class=\"heading\"><h1><bdi>{title}</bdi></h1>\n\
         <p class=\"quiet\"><span>{}</span> <span>gec {}</span></p></div>\n\
         <nav aria-label=\"Parts of the report\"><a href=\"#part=overview\">Results</a>\
         <a href=\"#part=plots\">Plots</a><a href=\"#part=confusions\">Confusions</a>\
         <a href=\"#part=utterances\">Utterances</a></nav>\n\
         <div class=\"tools\" hidden><button id=\"help-button\" title=\"Keys (?)\" aria-label=\"Keys\">?</button>\
         <button id=\"theme\" title=\"Light or dark (t)\" aria-label=\"Light or dark\">◐</button></div>\n\
         </header>\n<noscript><p class=\"note\">The list of utterances needs JavaScript; \
         figures and plots do not.</p></noscript>\n<main>",
        html(&page.date),
        html(&page.version),
    )
}

/// Writes the entries as blocks of JSON, none of them kept.
///
/// # Errors
/// Those of `out`.
pub(super) fn entries(
    mut entries: impl Iterator<Item = Entry>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut next = entries.next();
    while next.is_some() {
        out.write_all(b"<script type=\"application/json\" class=\"entries\">[")?;
        let mut number = 0;
        while let Some(entry) = next {
            if number > 0 {
                out.write_all(b",\n")?;
            }
            escape::json(&entry, out)?;
            number += 1;
            next = entries.next();
            if number == BLOCK {
                break;
            }
        }
        out.write_all(b"]</script>\n")?;
    }
    Ok(())
}

/// What the program needs to know besides the entries.
#[derive(Serialize)]
struct Known<'a> {
    /// Names of methods.
    methods: &'a [&'a str],
    /// For each run the number of its method.
    runs: Vec<usize>,
}

/// Writes the section of the list, which the program fills.
///
/// # Errors
/// Those of `out`.
pub(super) fn list(page: &Page, methods: &[&str], out: &mut dyn io::Write) -> io::Result<()> {
    let number_of = |method: &String| methods.iter().position(|known| known == method);
    let runs = page.runs.iter().filter_map(|run| number_of(&run.method)).collect();
    out.write_all(b"<script type=\"application/json\" id=\"known\">")?;
    escape::json(&Known { methods, runs }, out)?;
    out.write_all(b"</script>\n")?;
    out.write_all(include_bytes!("assets/list.html"))
}

/// Writes the programs and closes the page.
///
/// # Errors
/// Those of `out`.
pub(super) fn end(out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"</main>\n")?;
    for script in SCRIPTS {
        writeln!(out, "<script>{}</script>", asset(script))?;
    }
    out.write_all(b"</body>\n</html>\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_assets_ends_or_opens_a_script_or_asks_for_another_file() {
        for asset in SCRIPTS.iter().chain([&STYLE]) {
            let lower = asset.to_ascii_lowercase();
            for part in
                ["</script", "</style", "<!--", "innerhtml", "eval(", "http", "@import", "url("]
            {
                assert!(!lower.contains(part), "{part}");
            }
        }
    }
}
