//! Files that were corrected: what they were, what they become, and how far that came. The
//! bytes of a file are in the database before the file changes, so there is always a way back.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::edits::{self, EditRow};
use super::{CorrectorId, Result, Store, StoreError, now_ms};

/// Number of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DocumentId(pub i64);

/// How far a document came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentState {
    /// Its edits are known; the file is as it was.
    Proposed,
    /// The file is about to be replaced, or was: its content tells which.
    Applying,
    /// The edits are in the file.
    Applied,
    /// The original was put in its place again.
    Reverted,
}

impl DocumentState {
    /// The name under which it is stored and printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Reverted => "reverted",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Proposed, Self::Applying, Self::Applied, Self::Reverted]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A file with what a corrector proposes for it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDocument {
    /// Absolute path.
    pub path: String,
    /// Name of its format.
    pub format: String,
    /// Who corrected it.
    pub corrector: CorrectorId,
    /// BLAKE3 of the file as it is, hexadecimal.
    pub original_hash: String,
    /// BLAKE3 of the file with all edits made, hexadecimal.
    pub corrected_hash: String,
    /// Segments in the file.
    pub segments: u64,
    /// Segments with an edit.
    pub changed: u64,
    /// Words in the file.
    pub words: u64,
    /// All edits, in the order of the file.
    pub edits: Vec<EditRow>,
}

/// A stored document, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredDocument {
    /// Its number.
    pub id: DocumentId,
    /// Absolute path.
    pub path: String,
    /// Name of its format.
    pub format: String,
    /// BLAKE3 of the file as it was found, hexadecimal.
    pub original_hash: String,
    /// BLAKE3 of the file with all edits made, hexadecimal.
    pub corrected_hash: String,
    /// Segments in the file.
    pub segments: u64,
    /// Segments with an edit.
    pub changed: u64,
    /// How far it came.
    pub state: DocumentState,
    /// Path of the copy beside the file, where one was made.
    pub backup: Option<String>,
    /// When it was written back, milliseconds since 1970.
    pub applied_at: Option<i64>,
}

const COLUMNS: &str = "SELECT id, path, format, original_hash, corrected_hash, segments, changed, \
                       state, backup, applied_at FROM documents";

/// How hard the originals are deflated: subtitles shrink to a third at little cost.
const DEFLATE_LEVEL: u8 = 6;

impl Store {
    /// Keeps what is proposed for a file, in the place of what was proposed for it before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_document(&self, new: &NewDocument) -> Result<DocumentId> {
        let failed = |error| self.failed(error);
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM documents WHERE path = ? AND state = 'proposed'")
            .bind(&new.path)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO documents (path, format, corrector_id, original_hash, corrected_hash, \
             segments, changed, words, state, corrected_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'proposed', ?) RETURNING id",
        )
        .bind(&new.path)
        .bind(&new.format)
        .bind(new.corrector.0)
        .bind(&new.original_hash)
        .bind(&new.corrected_hash)
        .bind(new.segments.cast_signed())
        .bind(new.changed.cast_signed())
        .bind(new.words.cast_signed())
        .bind(now_ms())
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        edits::insert(&mut transaction, id, &new.edits).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(DocumentId(id))
    }

    /// Keeps the bytes of a file that is about to be replaced, and where its copy will be.
    /// They are safe when this returns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_apply(
        &self,
        id: DocumentId,
        original: &[u8],
        backup: Option<&str>,
    ) -> Result<()> {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(original, DEFLATE_LEVEL);
        self.change(
            sqlx::query(
                "UPDATE documents SET state = 'applying', original = ?, backup = ?, \
                 applied_at = ? WHERE id = ?",
            )
            .bind(packed)
            .bind(backup)
            .bind(now_ms())
            .bind(id.0),
        )
        .await
    }

    /// Notes that the file has been replaced.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_apply(&self, id: DocumentId) -> Result<()> {
        self.change(sqlx::query("UPDATE documents SET state = 'applied' WHERE id = ?").bind(id.0))
            .await
    }

    /// Notes that the original is in its place again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_revert(&self, id: DocumentId) -> Result<()> {
        self.change(
            sqlx::query("UPDATE documents SET state = 'reverted', reverted_at = ? WHERE id = ?")
                .bind(now_ms())
                .bind(id.0),
        )
        .await
    }

    async fn change(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<()> {
        query.execute(&self.writer).await.map(drop).map_err(|error| self.failed(error))
    }

    /// The newest document of a path whose edits are, or may be, in the file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applied_document(&self, path: &str) -> Result<Option<StoredDocument>> {
        let sql = format!(
            "{COLUMNS} WHERE path = ? AND state IN ('applying', 'applied') ORDER BY id DESC LIMIT 1"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(path)
            .try_map(|row| decode(&row))
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }

    /// All documents whose path begins with `prefix` and that came so far, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn documents(
        &self,
        prefix: &str,
        state: Option<DocumentState>,
    ) -> Result<Vec<StoredDocument>> {
        let sql = format!(
            "{COLUMNS} WHERE substr(path, 1, length(?1)) = ?1 AND (?2 IS NULL OR state = ?2) \
             ORDER BY id"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(prefix)
            .bind(state.map(DocumentState::as_str))
            .try_map(|row| decode(&row))
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }

    /// The bytes of a file as they were when it was found; `None` where it was never about
    /// to be replaced.
    ///
    /// # Errors
    /// When the database fails, or [`StoreError::Damaged`] where the bytes are not those that
    /// were kept.
    pub async fn original(&self, document: &StoredDocument) -> Result<Option<Vec<u8>>> {
        let packed: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT original FROM documents WHERE id = ?")
                .bind(document.id.0)
                .fetch_one(&self.readers)
                .await
                .map_err(|error| self.failed(error))?;
        let Some(packed) = packed else { return Ok(None) };
        let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).ok();
        let whole = |bytes: &Vec<u8>| {
            blake3::hash(bytes).to_hex().as_str() == document.original_hash.as_str()
        };
        bytes.filter(whole).map(Some).ok_or_else(|| StoreError::Damaged {
            path: self.path().to_owned(),
            detail: format!("the original of `{}` is not what was kept", document.path),
        })
    }
}

fn decode(row: &SqliteRow) -> sqlx::Result<StoredDocument> {
    let state: String = row.try_get("state")?;
    let unsigned = |name: &str| row.try_get(name).map(i64::unsigned_abs);
    Ok(StoredDocument {
        id: DocumentId(row.try_get("id")?),
        path: row.try_get("path")?,
        format: row.try_get("format")?,
        original_hash: row.try_get("original_hash")?,
        corrected_hash: row.try_get("corrected_hash")?,
        segments: unsigned("segments")?,
        changed: unsigned("changed")?,
        state: DocumentState::named(&state)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown state `{state}`").into()))?,
        backup: row.try_get("backup")?,
        applied_at: row.try_get("applied_at")?,
    })
}
