//! `gec runs list | show | delete`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::cli::runs::{ListFormat, RunsArgs, RunsCommand};
use crate::report::is_unprintable;
pub(super) use crate::report::printable;
use crate::store::{RunInfo, Store};

/// Runs the verb and writes its result to `out`; true when all went well.
///
/// # Errors
/// When there is no database or no such run, when `delete` was not confirmed, or when the
/// database or `out` fails.
pub async fn run(args: &RunsArgs, store_path: &Path, out: &mut dyn Write) -> Result<bool> {
    let store = Store::open_existing(store_path).await?;
    match &args.command {
        RunsCommand::List { format } => list(&store, *format, out).await?,
        RunsCommand::Show { run, format } => show(&store, run, *format, out).await?,
        RunsCommand::Delete { run, yes } => delete(&store, run, *yes, out).await?,
    }
    store.close().await?;
    Ok(true)
}

async fn list(store: &Store, format: ListFormat, out: &mut dyn Write) -> Result<()> {
    #[derive(Serialize)]
    struct List {
        rows: Vec<RunInfo>,
    }
    let rows = store.runs().await?;
    if format == ListFormat::Json {
        return write_json(&List { rows }, out);
    }
    let mut table =
        table(&["id", "fingerprint", "corpus", "method", "model", "label", "done", "status"]);
    let header = table.header().map_or(0, |header| header.cell_count());
    for column in [0, header.saturating_sub(2)] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for run in &rows {
        table.add_row([
            run.id.0.to_string(),
            printable(&run.fingerprint.chars().take(12).collect::<String>()),
            printable(&corpus(run)),
            printable(&run.method),
            run.model_name.as_deref().map_or_else(|| "-".to_owned(), printable),
            run.label.as_deref().map_or_else(|| "-".to_owned(), printable),
            format!("{}/{}", run.done.values().sum::<u64>(), run.utterances),
            printable(&run.status),
        ]);
    }
    write_table(&table, out)
}

async fn show(store: &Store, run: &str, format: ListFormat, out: &mut dyn Write) -> Result<()> {
    let run = store.run(run).await?;
    if format == ListFormat::Json {
        return write_json(&run, out);
    }
    let named = |name: &Option<String>, hash: &Option<String>| match (name, hash) {
        (Some(name), Some(hash)) => format!("{name} ({hash})"),
        _ => "-".to_owned(),
    };
    let mut fields = vec![
        ("id", run.id.0.to_string()),
        ("fingerprint", run.fingerprint.clone()),
        ("label", run.label.clone().unwrap_or_else(|| "-".to_owned())),
        ("corpus", corpus(&run)),
        ("method", run.method.clone()),
        ("template", named(&run.template_name, &run.template)),
        ("model", named(&run.model_name, &run.model)),
        ("status", run.status.clone()),
        ("begun", time(run.created_at)),
        ("ended", run.finished_at.map_or_else(|| "-".to_owned(), time)),
        ("made by", format!("gec {}", run.version)),
        ("utterances", run.utterances.to_string()),
        ("corrections", verdicts(&run.done)),
    ];
    if let serde_json::Value::Object(parameters) = &run.parameters {
        fields.extend(parameters.iter().map(|(name, value)| ("", format!("{name} = {value}"))));
    }
    // The first setting carries the name of them all.
    if let Some((name, _)) = fields.iter_mut().find(|(name, _)| name.is_empty()) {
        *name = "settings";
    }
    write_fields(&fields, out)
}

async fn delete(store: &Store, run: &str, yes: bool, out: &mut dyn Write) -> Result<()> {
    let run = store.run(run).await?;
    let count: u64 = run.done.values().sum();
    let what = format!(
        "run {} ({} on {}, {count} corrections)",
        run.id.0,
        printable(&run.method),
        printable(&corpus(&run)),
    );
    if !yes {
        anyhow::bail!("deleting {what} cannot be undone; add `--yes` to do it");
    }
    store.delete_run(run.id).await?;
    writeln!(out, "deleted {what}")?;
    Ok(())
}

fn corpus(run: &RunInfo) -> String {
    corpus_name(&run.dataset, &run.subset, &run.split)
}

/// `dataset:subset split`, as far as they have names.
pub(super) fn corpus_name(dataset: &str, subset: &str, split: &str) -> String {
    let mut text = dataset.to_owned();
    for (mark, name) in [(':', subset), (' ', split)] {
        if !name.is_empty() {
            text.push(mark);
            text.push_str(name);
        }
    }
    text
}

fn verdicts(done: &BTreeMap<String, u64>) -> String {
    if done.is_empty() {
        return "0".to_owned();
    }
    let each: Vec<String> =
        done.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    format!("{} ({})", done.values().sum::<u64>(), each.join(", "))
}

fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| milliseconds.to_string(), |time| format!("{time:.0}"))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

pub(super) fn write_table(table: &Table, out: &mut dyn Write) -> Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Names and values in two columns.
pub(super) fn write_fields(fields: &[(&str, String)], out: &mut dyn Write) -> Result<()> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        writeln!(out, "{name:width$}  {}", printable(value))?;
    }
    Ok(())
}

pub(super) fn write_json<T: Serialize>(value: &T, out: &mut dyn Write) -> Result<()> {
    let json = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(json.len() + 1);
    for one in json.chars() {
        // JSON's own line ends aside, these occur within strings only.
        if is_unprintable(one) && one != '\n' {
            safe.push_str(&format!("\\u{:04x}", u32::from(one)));
        } else {
            safe.push(one);
        }
    }
    writeln!(out, "{safe}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Utterance;
    use crate::store::{CorpusKey, CorrectionRow, NewCorpus, NewRun};

    async fn example(path: &Path) {
        let store = Store::open(path).await.unwrap();
        let key = CorpusKey {
            dataset: "hp".to_owned(),
            subset: "at\u{1b}[31mis".to_owned(),
            split: "test".to_owned(),
            checksum: "00".to_owned(),
            reader_version: 1,
        };
        let utterances = (0..3).map(|number| {
            Ok::<_, String>(Utterance::from_list(
                format!("u{number}"),
                [("a".to_owned(), None, None)],
            ))
        });
        let new = NewCorpus { key, source: "x.json".to_owned() };
        let corpus = store.import(&new, utterances, || true).await.unwrap().corpus.id;
        let new = NewRun {
            fingerprint: "3f9a0123456789abcdef".to_owned(),
            corpus,
            method: "cascade".to_owned(),
            parameters: serde_json::json!({ "beta": 0.5, "name": "\u{9b}31m\u{202e}" }),
            template: None,
            model: None,
            label: Some("bell\u{7}".to_owned()),
            keep_label: false,
            version: "0.1.0".to_owned(),
            fresh: false,
        };
        let run = store.open_run(&new).await.unwrap().id;
        let writer = store.writer(run);
        for one in store.page(corpus, 0, 2).await.unwrap() {
            writer.put(CorrectionRow::new(one.row, "b", "corrected")).await.unwrap();
        }
        writer.finish().await.unwrap();
        store.close().await.unwrap();
    }

    async fn output(path: &Path, command: RunsCommand) -> Result<String> {
        let mut out = Vec::new();
        assert!(run(&RunsArgs { command }, path, &mut out).await?);
        Ok(String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn runs_are_listed_shown_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gec.db");
        let last = || "last".to_owned();
        let list = |format| output(&path, RunsCommand::List { format });
        assert!(list(ListFormat::Table).await.is_err());
        example(&path).await;

        let table = list(ListFormat::Table).await.unwrap();
        for part in ["3f9a01234567", "hp:at\u{fffd}[31mis test", "cascade", "2/3", "running"] {
            assert!(table.contains(part), "{part} in {table}");
        }
        let json = list(ListFormat::Json).await.unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["rows"][0]["done"]["corrected"], 2);
        assert_eq!(value["rows"][0]["parameters"]["name"], "\u{9b}31m\u{202e}");

        let show = |format| output(&path, RunsCommand::Show { run: last(), format });
        let shown = show(ListFormat::Table).await.unwrap();
        assert!(shown.contains("corrections  2 (2 corrected)"), "{shown}");
        assert!(shown.contains("settings     beta = 0.5"), "{shown}");
        for text in [table, json, shown, show(ListFormat::Json).await.unwrap()] {
            assert!(text.chars().all(|one| one == '\n' || !is_unprintable(one)), "{text:?}");
        }

        let delete = |yes| output(&path, RunsCommand::Delete { run: last(), yes });
        assert!(delete(false).await.unwrap_err().to_string().contains("--yes"));
        assert!(delete(true).await.unwrap().starts_with("deleted run 1 "));
        assert!(delete(true).await.is_err());
    }
}
