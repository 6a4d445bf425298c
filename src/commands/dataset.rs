//! `gec dataset list | show | verify | pull`.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::cli::dataset::{DatasetArgs, DatasetFormat, DatasetVerb, PullArgs};
use crate::corpus::Source;
use crate::datasets::{
    self, DataDirs, DataFile, DatasetError, FileReport, Manifest, Status, Subset,
};

/// Runs the verb on the data in `dirs` and writes its result to `out`.
///
/// Returns false when something was found wrong: a file that differs from its manifest, a
/// manifest that cannot be read, a download that failed.
///
/// # Errors
/// When the verb cannot be carried out at all; a [`DatasetError`] then has a hint.
pub fn run(args: &DatasetArgs, dirs: &DataDirs, out: &mut dyn Write) -> Result<bool> {
    match &args.verb {
        DatasetVerb::List(list) => self::list(list.format, dirs, out),
        DatasetVerb::Show(show) => self::show(&show.name, show.format, dirs, out),
        DatasetVerb::Verify(verify) => self::verify(&verify.name, verify.format, dirs, out),
        DatasetVerb::Pull(pull) => self::pull(pull, dirs, out),
    }
}

/// One file as `list` and `show` print it.
#[derive(Debug, Serialize)]
struct FileRow {
    dataset: String,
    subset: String,
    split: String,
    file: String,
    /// Utterances and reference words: what the manifest says, else what was counted.
    utterances: Option<u64>,
    words: Option<u64>,
    found: Option<String>,
}

fn files(manifest: &Manifest) -> impl Iterator<Item = (&Subset, &DataFile)> {
    manifest.subsets.iter().flat_map(|subset| subset.files.iter().map(move |file| (subset, file)))
}

fn rows(manifest: &Manifest, dirs: &DataDirs) -> Vec<FileRow> {
    let row = |(subset, file): (&Subset, &DataFile)| {
        let source = manifest.locate(file, dirs);
        let counts = match (&file.expected, &source) {
            (Some(expected), _) => Some((expected.utterances, expected.words)),
            (None, Some(source)) => {
                datasets::count(source).ok().map(|counts| (counts.utterances, counts.words))
            }
            (None, None) => None,
        };
        FileRow {
            dataset: manifest.name.clone(),
            subset: subset.name.clone(),
            split: file.split.clone(),
            file: file.path.display().to_string(),
            utterances: counts.map(|counts| counts.0),
            words: counts.map(|counts| counts.1),
            found: source.as_ref().map(Source::to_string),
        }
    };
    files(manifest).map(row).collect()
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for (index, name) in header.iter().enumerate() {
        if let (true, Some(column)) =
            (matches!(*name, "utterances" | "words"), table.column_mut(index))
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn write_table(table: &Table, out: &mut dyn Write) -> Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn write_json<T: Serialize>(value: &T, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

fn file_table(rows: &[FileRow], out: &mut dyn Write) -> Result<()> {
    let mut table = table(&["subset", "split", "utterances", "words", "found"]);
    for row in rows {
        let found = row.found.clone().unwrap_or_else(|| "-".to_owned());
        table.add_row([
            format!("{}:{}", row.dataset, row.subset),
            row.split.clone(),
            number(row.utterances),
            number(row.words),
            found,
        ]);
    }
    write_table(&table, out)
}

fn list(format: DatasetFormat, dirs: &DataDirs, out: &mut dyn Write) -> Result<bool> {
    #[derive(Serialize)]
    struct List {
        rows: Vec<FileRow>,
        errors: Vec<String>,
    }
    let mut list = List { rows: Vec::new(), errors: Vec::new() };
    for name in datasets::names(dirs) {
        match Manifest::load(&name, dirs) {
            Ok(manifest) => list.rows.extend(rows(&manifest, dirs)),
            Err(error) => list.errors.push(error.to_string()),
        }
    }
    match format {
        DatasetFormat::Json => write_json(&list, out)?,
        DatasetFormat::Text => {
            file_table(&list.rows, out)?;
            for error in &list.errors {
                writeln!(out, "{error}")?;
            }
        }
    }
    Ok(list.errors.is_empty())
}

fn show(name: &str, format: DatasetFormat, dirs: &DataDirs, out: &mut dyn Write) -> Result<bool> {
    #[derive(Serialize)]
    struct Show<'a> {
        manifest: &'a Manifest,
        rows: &'a [FileRow],
        searched: Vec<String>,
    }
    let manifest = Manifest::load(name, dirs)?;
    let rows = rows(&manifest, dirs);
    let searched: Vec<String> = dirs
        .folders()
        .iter()
        .map(|folder| folder.display().to_string())
        .chain(dirs.hub_cache().map(|cache| cache.display().to_string()))
        .collect();
    if format == DatasetFormat::Json {
        write_json(&Show { manifest: &manifest, rows: &rows, searched }, out)?;
        return Ok(true);
    }
    writeln!(out, "{}: {}\n\n{}\n", manifest.name, manifest.title, manifest.about.trim())?;
    file_table(&rows, out)?;
    let grouping = match manifest.group {
        datasets::Grouping::Reference => "same reference",
        datasets::Grouping::Group => "same `group`",
    };
    writeln!(out, "\nsplit unless named: {}", manifest.default_split)?;
    writeln!(out, "resampled by: {grouping}")?;
    writeln!(out, "licence: {}", manifest.licence.trim())?;
    writeln!(out, "how to get it: {}", manifest.obtain.trim())?;
    if let Some(hub) = &manifest.hub {
        writeln!(out, "hub repository: {} ({})", hub.repository, hub.revision)?;
    }
    writeln!(out, "searched: {}", searched.join(", "))?;
    Ok(true)
}

fn verify(name: &str, format: DatasetFormat, dirs: &DataDirs, out: &mut dyn Write) -> Result<bool> {
    #[derive(Serialize)]
    struct Verification {
        rows: Vec<FileReport>,
        good: bool,
    }
    let (dataset, subsets) = name.split_once(':').unwrap_or((name, ""));
    let manifest = Manifest::load(dataset, dirs)?;
    let subsets: Vec<&str> =
        subsets.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    let chosen: Vec<String> =
        manifest.select(&subsets)?.into_iter().map(|subset| subset.name.clone()).collect();
    let mut rows = datasets::verify(&manifest, dirs);
    rows.retain(|row| chosen.contains(&row.subset));
    if rows.iter().all(|row| row.status == Status::Absent) {
        // The same error, with its hint, as for running it.
        datasets::resolve(name, None, dirs)?;
    }
    let good = !rows.iter().any(FileReport::is_wrong);
    if format == DatasetFormat::Json {
        write_json(&Verification { rows, good }, out)?;
        return Ok(good);
    }
    let mut table = table(&["subset", "split", "utterances", "words", "verdict"]);
    for row in &rows {
        let found = row.found.as_deref().unwrap_or_default();
        let verdict = match &row.status {
            Status::Good => "good".to_owned(),
            Status::Unknown => "readable; the manifest does not say what it must hold".to_owned(),
            Status::Absent => "absent".to_owned(),
            Status::Differs(ways) => format!("WRONG {found}: {}", ways.join("; ")),
            Status::Unreadable(message) => format!("WRONG {message}"),
        };
        table.add_row([
            format!("{}:{}", row.dataset, row.subset),
            row.split.clone(),
            number(row.counts.map(|counts| counts.utterances)),
            number(row.counts.map(|counts| counts.words)),
            verdict,
        ]);
    }
    write_table(&table, out)?;
    Ok(good)
}

/// The manifest and the files that `pull` was asked for.
fn wanted(args: &PullArgs, dirs: &DataDirs) -> Result<(Manifest, Vec<(String, DataFile)>)> {
    let (name, subsets) = match args.name.split_once(':') {
        Some((name, subsets)) => (name, subsets.split(',').map(str::trim).collect()),
        None => (args.name.as_str(), Vec::new()),
    };
    let manifest = Manifest::load(name, dirs)?;
    let split = args.split.as_deref();
    let all: Vec<(String, DataFile)> = manifest
        .select(&subsets)?
        .into_iter()
        .flat_map(|subset| subset.files.iter().map(|file| (subset.name.clone(), file.clone())))
        .collect();
    let mut known: Vec<String> = all.iter().map(|(_, file)| file.split.clone()).collect();
    let chosen: Vec<_> =
        all.into_iter().filter(|(_, file)| split.is_none_or(|split| file.split == split)).collect();
    if let (true, Some(split)) = (chosen.is_empty(), split) {
        known.sort();
        known.dedup();
        let (corpus, split) = (args.name.clone(), split.to_owned());
        return Err(DatasetError::UnknownSplit { corpus, split, known }.into());
    }
    Ok((manifest, chosen))
}

#[cfg(feature = "hub")]
fn pull(args: &PullArgs, dirs: &DataDirs, out: &mut dyn Write) -> Result<bool> {
    use std::io::IsTerminal as _;

    let (manifest, files) = wanted(args, dirs)?;
    if manifest.hub.is_none() {
        let (dataset, obtain) = (manifest.name, manifest.obtain.trim().to_owned());
        return Err(DatasetError::NotOnHub { dataset, obtain }.into());
    }
    let hub = datasets::Hub::from_environment(dirs, std::io::stderr().is_terminal())
        .ok_or_else(|| anyhow::anyhow!("no home folder for the hub cache; set HF_HOME"))?;
    let mut good = true;
    for (subset, file) in files {
        let corpus = format!("{}:{subset} {}", manifest.name, file.split);
        match datasets::pull(&manifest, &file, &hub) {
            Ok(path) => writeln!(out, "{corpus}: {}", path.display())?,
            Err(error @ DatasetError::Offline { .. }) => return Err(error.into()),
            Err(error) => {
                good = false;
                writeln!(out, "{corpus}: FAILED, {error}")?;
                if let Some(hint) = error.hint() {
                    writeln!(out, "  hint: {hint}")?;
                }
            }
        }
    }
    Ok(good)
}

#[cfg(not(feature = "hub"))]
fn pull(args: &PullArgs, dirs: &DataDirs, _out: &mut dyn Write) -> Result<bool> {
    let (manifest, _) = wanted(args, dirs)?;
    anyhow::bail!(
        "this gec was built without the feature `hub`, which fetches; {}",
        manifest.obtain.trim()
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        dataset: DatasetArgs,
    }

    fn printed(words: &[&str]) -> (bool, String) {
        let cli = Cli::parse_from([&["dataset"], words].concat());
        let mut out = Vec::new();
        let good = run(&cli.dataset, &DataDirs::new(Vec::new()), &mut out).unwrap();
        (good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_list_says_what_is_there() {
        let (good, text) = printed(&["list"]);
        let lines: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(good);
        assert_eq!(lines[0], ["subset", "split", "utterances", "words", "found"]);
        assert_eq!(lines[1].last(), Some(&"embedded:sample/test.jsonl"));
        assert!(lines.contains(&vec!["hp:atis", "test", "809", "9111", "-"]), "{text}");
        assert!(lines.contains(&vec!["hp:coraal", "test", "?", "?", "-"]), "{text}");
    }

    #[test]
    fn json_holds_the_same_rows() {
        let (_, text) = printed(&["list", "--format", "json"]);
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(list["rows"][0]["found"], "embedded:sample/test.jsonl");
        assert_eq!(list["rows"][6]["words"], 9111);
        let (good, text) = printed(&["verify", "sample", "--format", "json"]);
        let verification: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(good && verification["good"] == true);
        assert_eq!(verification["rows"][0]["status"], "good");
        let (_, text) = printed(&["show", "hp", "--format", "json"]);
        let show: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(show["manifest"]["hub"]["repository"], "PeacefulData/HyPoradise-v0");
    }

    #[test]
    fn a_description_names_the_licence_and_the_source() {
        let (good, text) = printed(&["show", "hp"]);
        for part in
            ["licence: The dataset card says MIT", "PeacefulData/HyPoradise-v0", "same reference"]
        {
            assert!(good && text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_an_error_with_a_hint() {
        let fails = |words: &[&str]| {
            let cli = Cli::parse_from([&["dataset"], words].concat());
            let dirs = DataDirs::new(Vec::new());
            let error = run(&cli.dataset, &dirs, &mut Vec::new()).unwrap_err();
            error.downcast::<DatasetError>().unwrap()
        };
        assert!(matches!(fails(&["verify", "hp"]), DatasetError::NonePresent { .. }));
        assert!(matches!(fails(&["show", "nothing"]), DatasetError::Unknown { .. }));
        #[cfg(feature = "hub")]
        assert!(matches!(fails(&["pull", "sample"]), DatasetError::NotOnHub { .. }));
        let wrong = fails(&["pull", "hp:ls_clean", "--split", "train"]);
        assert!(matches!(wrong, DatasetError::UnknownSplit { .. }));
    }
}
