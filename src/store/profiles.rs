//! Tuning profiles, as JSON: what is in them is the tuner's business.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Result, Store, now_ms};

/// A stored profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredProfile {
    /// BLAKE3 of the content, hexadecimal.
    pub hash: String,
    /// The name given by the user.
    pub name: String,
    /// The profile as JSON.
    pub content: String,
    /// When it was saved, milliseconds since 1970.
    pub created_at: i64,
}

impl Store {
    /// Keeps a profile under a name, whose newest it then is, and returns its hash. Earlier
    /// ones of that name stay, for the runs that were made with them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_profile(&self, name: &str, content: &str) -> Result<String> {
        // The name is part of it: the same content can be kept under two names.
        let hash = blake3::hash(format!("{name}\n{content}").as_bytes()).to_hex().to_string();
        sqlx::query(
            "INSERT INTO profiles (hash, name, content, created_at) VALUES (?, ?, ?, ?) \
             ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at",
        )
        .bind(&hash)
        .bind(name)
        .bind(content)
        .bind(now_ms())
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(hash)
    }

    /// The newest profile of a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn profile(&self, name: &str) -> Result<Option<StoredProfile>> {
        sqlx::query(
            "SELECT hash, name, content, created_at FROM profiles WHERE name = ? \
             ORDER BY created_at DESC, hash LIMIT 1",
        )
        .bind(name)
        .try_map(|row| decode(&row))
        .fetch_optional(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }

    /// The newest profile of each name, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn profiles(&self) -> Result<Vec<StoredProfile>> {
        let mut all: Vec<StoredProfile> = sqlx::query(
            "SELECT hash, name, content, created_at FROM profiles \
             ORDER BY name, created_at DESC, hash",
        )
        .try_map(|row| decode(&row))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        all.dedup_by(|later, first| later.name == first.name);
        Ok(all)
    }

    /// Forgets all profiles of a name and returns how many there were. Runs that were made
    /// with them keep their corrections.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_profile(&self, name: &str) -> Result<u64> {
        let done = sqlx::query("DELETE FROM profiles WHERE name = ?")
            .bind(name)
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(done.rows_affected())
    }
}

fn decode(row: &SqliteRow) -> sqlx::Result<StoredProfile> {
    Ok(StoredProfile {
        hash: row.try_get("hash")?,
        name: row.try_get("name")?,
        content: row.try_get("content")?,
        created_at: row.try_get("created_at")?,
    })
}
