//! `gec db path | stats | merge | backup`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::runs::{printable, write_fields, write_json};
use crate::cli::db::{DbArgs, DbCommand};
use crate::cli::runs::ListFormat;
use crate::store::{Merged, Stats, Store};

/// Runs the verb and writes its result to `out`; true when all went well.
///
/// # Errors
/// When there is no database, when a backup would overwrite a file, or when the database
/// or `out` fails.
pub async fn run(args: &DbArgs, store_path: &Path, out: &mut dyn Write) -> Result<bool> {
    match &args.command {
        DbCommand::Path => writeln!(out, "{}", store_path.display())?,
        DbCommand::Stats { format } => {
            let store = Store::open_existing(store_path).await?;
            stats(&store.stats().await?, *format, out)?;
            store.close().await?;
        }
        DbCommand::Merge { files, format } => {
            let store = Store::open(store_path).await?;
            let mut all = Vec::new();
            for file in files {
                all.push((file.display().to_string(), store.merge(file).await?));
            }
            store.close().await?;
            merged(&all, *format, out)?;
        }
        DbCommand::Backup { file } => {
            let store = Store::open_existing(store_path).await?;
            let bytes = store.backup(file).await?;
            store.close().await?;
            writeln!(out, "{} ({bytes} bytes)", file.display())?;
        }
    }
    Ok(true)
}

fn stats(stats: &Stats, format: ListFormat, out: &mut dyn Write) -> Result<()> {
    if format == ListFormat::Json {
        return write_json(stats, out);
    }
    let fields = [
        ("database", stats.path.display().to_string()),
        ("bytes", stats.bytes.to_string()),
        ("bytes of the log", stats.log_bytes.to_string()),
        ("bytes free within", stats.free_bytes.to_string()),
        ("schema version", stats.schema_version.to_string()),
        ("SQLite version", stats.sqlite_version.clone()),
        ("corpora", stats.corpora.to_string()),
        ("utterances", stats.utterances.to_string()),
        ("hypotheses", stats.hypotheses.to_string()),
        ("templates", stats.templates.to_string()),
        ("models", stats.models.to_string()),
        ("runs", stats.runs.to_string()),
        ("corrections", stats.corrections.to_string()),
    ];
    write_fields(&fields, out)
}

fn merged(all: &[(String, Merged)], format: ListFormat, out: &mut dyn Write) -> Result<()> {
    if format == ListFormat::Json {
        let rows = all.iter().map(|(file, merged)| {
            let mut row = serde_json::to_value(merged)?;
            row["file"] = file.as_str().into();
            Ok(row)
        });
        return write_json(&rows.collect::<Result<Vec<_>>>()?, out);
    }
    for (file, merged) in all {
        writeln!(
            out,
            "{}: {} corpora, {} runs, {} corrections, {} answers, {} documents with {} edits",
            printable(file),
            merged.corpora,
            merged.runs,
            merged.corrections,
            merged.answers,
            merged.documents,
            merged.edits
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_database_is_named_counted_and_copied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gec.db");
        let output = async |command| -> Result<String> {
            let mut out = Vec::new();
            assert!(run(&DbArgs { command }, &path, &mut out).await?);
            Ok(String::from_utf8(out)?)
        };
        assert_eq!(output(DbCommand::Path).await.unwrap(), format!("{}\n", path.display()));
        assert!(output(DbCommand::Stats { format: ListFormat::Json }).await.is_err());
        assert!(!path.exists());

        Store::open(&path).await.unwrap().close().await.unwrap();
        let json = output(DbCommand::Stats { format: ListFormat::Json }).await.unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["corrections"], 0);
        let text = output(DbCommand::Stats { format: ListFormat::Table }).await.unwrap();
        assert!(text.contains("schema version     8\n"), "{text}");

        let backup = || DbCommand::Backup { file: folder.path().join("copy.db") };
        assert!(output(backup()).await.unwrap().contains("copy.db ("));
        assert!(output(backup()).await.unwrap_err().to_string().contains("exists"));
    }
}
