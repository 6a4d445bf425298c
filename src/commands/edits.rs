//! `gec edits`: what was changed, or would be.

use std::io::Write;

use super::{
    Context, ExitStatus,
    failure::Hinted,
    runs::{printable, write_json},
};
use crate::{
    cli::correct::{EditState, EditsArgs},
    cli::runs::ListFormat,
    store::{DocumentState, EditFilter, Store, StoreError, StoredEdit},
};

/// Edits fetched at a time.
const PAGE: u32 = 512;

/// Runs the verb.
///
/// # Errors
/// Where there is no database, or the query is none.
pub(super) async fn run(
    args: &EditsArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let store = Store::open_existing(&context.db).await?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut all = Vec::new();
    for filter in filters(args)? {
        let mut after = 0;
        while left > 0 {
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(PAGE);
            let page =
                store.edits(&filter, after, limit).await.map_err(|error| bad_query(args, error))?;
            let Some(last) = page.last() else { break };
            after = last.id;
            left -= page.len() as u64;
            match args.format {
                ListFormat::Table => page.iter().try_for_each(|edit| line(edit, out))?,
                ListFormat::Json => all.extend(page),
            }
        }
    }
    if args.format == ListFormat::Json {
        write_json(&all, out)?;
    }
    store.close().await?;
    Ok(ExitStatus::Done)
}

/// One for each path, or one for all.
fn filters(args: &EditsArgs) -> anyhow::Result<Vec<EditFilter>> {
    let base = EditFilter {
        path: None,
        text: args.text.clone(),
        state: args.state.map(|state| match state {
            EditState::Proposed => DocumentState::Proposed,
            EditState::Applied => DocumentState::Applied,
            EditState::Reverted => DocumentState::Reverted,
        }),
        min_score: args.min_score,
        max_score: args.max_score,
        supported: match (args.supported, args.unsupported) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
    };
    if args.paths.is_empty() {
        return Ok(vec![base]);
    }
    let with_path = |path: &std::path::PathBuf| {
        // A file that is gone still has its edits.
        let absolute = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path))?;
        let path = Some(absolute.to_string_lossy().into_owned());
        Ok(EditFilter { path, ..base.clone() })
    };
    args.paths.iter().map(with_path).collect()
}

/// A full-text query that is none is the user's to mend.
fn bad_query(args: &EditsArgs, error: StoreError) -> anyhow::Error {
    match &args.text {
        Some(text)
            if error.to_string().contains("fts5") || error_chain(&error).contains("fts5") =>
        {
            Hinted::new(
                format!("`{text}` is no full-text query"),
                "put words with signs in them into double quotes: '\"don''t\"'",
            )
            .into()
        }
        _ => error.into(),
    }
}

fn error_chain(error: &StoreError) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn line(stored: &StoredEdit, out: &mut dyn Write) -> anyhow::Result<()> {
    let edit = &stored.edit;
    let score = edit.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.2}"));
    let shown = |text: &str| if text.is_empty() { "(nothing)".into() } else { printable(text) };
    writeln!(
        out,
        "{}:{} {} -> {}  [{}, score {score}, in {} hypotheses] {}",
        printable(&stored.path),
        edit.line,
        shown(&edit.original),
        shown(&edit.replacement),
        stored.state,
        edit.supported_by.len(),
        printable(&edit.reason),
    )?;
    Ok(())
}
