//! Edits: what was, or would be, changed in documents.

use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::{DocumentState, Result, Store};

/// One change of adjacent words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EditRow {
    /// Place of the segment in the file, from 0.
    pub segment: u64,
    /// The segment's name in the file.
    pub name: String,
    /// Line it begins at, from 1.
    pub line: u64,
    /// Where it begins in the recording, milliseconds.
    pub start_ms: Option<i64>,
    /// First token that is replaced, from 0.
    pub first_token: u64,
    /// Tokens that are replaced; 0 for an insertion.
    pub tokens: u64,
    /// The words as they stand in the file; empty for an insertion.
    pub original: String,
    /// The words in their place; empty for a deletion.
    pub replacement: String,
    /// The segment as it stands in the file.
    pub context: String,
    /// Ranks of the hypotheses that have the replacement there.
    pub supported_by: Vec<u32>,
    /// Ranks of the hypotheses that have the original there.
    pub original_in: Vec<u32>,
    /// Confidence of the least sure word of the replacement, in [0, 1], where it was decoded.
    pub score: Option<f64>,
    /// What decided.
    pub reason: String,
}

/// An edit and where it is from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredEdit {
    /// Its number.
    pub id: i64,
    /// Absolute path of the file.
    pub path: String,
    /// Whether it is in the file.
    pub state: String,
    /// The edit itself.
    #[serde(flatten)]
    pub edit: EditRow,
}

/// Which edits are wanted: those that pass all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EditFilter {
    /// Beginning of the path.
    pub path: Option<String>,
    /// Words in original, replacement or context, as an FTS5 query.
    pub text: Option<String>,
    /// What became of the document.
    pub state: Option<DocumentState>,
    /// At least this score; edits without one do not pass.
    pub min_score: Option<f64>,
    /// At most this score; edits without one do not pass.
    pub max_score: Option<f64>,
    /// Whether any hypothesis has the replacement.
    pub supported: Option<bool>,
}

/// Writes the edits of a document.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    document: i64,
    edits: &[EditRow],
) -> sqlx::Result<()> {
    for edit in edits {
        sqlx::query(
            "INSERT INTO edits (document_id, segment, name, line, start_ms, first_token, tokens, \
             original, replacement, context, supported_by, original_in, score, reason) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(document)
        .bind(edit.segment.cast_signed())
        .bind(&edit.name)
        .bind(edit.line.cast_signed())
        .bind(edit.start_ms)
        .bind(edit.first_token.cast_signed())
        .bind(edit.tokens.cast_signed())
        .bind(&edit.original)
        .bind(&edit.replacement)
        .bind(&edit.context)
        .bind(ranks(&edit.supported_by))
        .bind(ranks(&edit.original_in))
        .bind(edit.score)
        .bind(&edit.reason)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

impl Store {
    /// Up to `limit` edits that pass the filter, behind edit `after` (0 begins at the first),
    /// in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails, or the full-text query is not one.
    pub async fn edits(
        &self,
        filter: &EditFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredEdit>> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
            "SELECT e.*, d.path, d.state FROM edits e JOIN documents d ON d.id = e.document_id \
             WHERE e.id > ",
        );
        query.push_bind(after);
        if let Some(path) = &filter.path {
            query.push(" AND substr(d.path, 1, ");
            query.push_bind(i64::try_from(path.chars().count()).unwrap_or(i64::MAX));
            query.push(") = ").push_bind(path);
        }
        if let Some(state) = filter.state {
            query.push(" AND d.state = ").push_bind(state.as_str());
        }
        if let Some(text) = &filter.text {
            query.push(" AND e.id IN (SELECT rowid FROM edits_text WHERE edits_text MATCH ");
            query.push_bind(text).push(")");
        }
        if let Some(least) = filter.min_score {
            query.push(" AND e.score >= ").push_bind(least);
        }
        if let Some(most) = filter.max_score {
            query.push(" AND e.score <= ").push_bind(most);
        }
        match filter.supported {
            Some(true) => drop(query.push(" AND e.supported_by <> '[]'")),
            Some(false) => drop(query.push(" AND e.supported_by = '[]'")),
            None => {}
        }
        query.push(" ORDER BY e.id LIMIT ").push_bind(limit);
        query
            .build()
            .try_map(|row| decode(&row))
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }
}

fn ranks(ranks: &[u32]) -> String {
    let numbers: Vec<String> = ranks.iter().map(u32::to_string).collect();
    format!("[{}]", numbers.join(","))
}

fn decode(row: &SqliteRow) -> sqlx::Result<StoredEdit> {
    let unsigned = |name: &str| row.try_get(name).map(i64::unsigned_abs);
    let ranks = |name: &str| -> sqlx::Result<Vec<u32>> {
        let json: String = row.try_get(name)?;
        serde_json::from_str(&json).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    Ok(StoredEdit {
        id: row.try_get("id")?,
        path: row.try_get("path")?,
        state: row.try_get("state")?,
        edit: EditRow {
            segment: unsigned("segment")?,
            name: row.try_get("name")?,
            line: unsigned("line")?,
            start_ms: row.try_get("start_ms")?,
            first_token: unsigned("first_token")?,
            tokens: unsigned("tokens")?,
            original: row.try_get("original")?,
            replacement: row.try_get("replacement")?,
            context: row.try_get("context")?,
            supported_by: ranks("supported_by")?,
            original_in: ranks("original_in")?,
            score: row.try_get("score")?,
            reason: row.try_get("reason")?,
        },
    })
}
