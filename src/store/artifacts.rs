//! What runs are made with: prompt templates and language models, known by their content.

use serde::Serialize;
use sqlx::Row as _;

use super::{Result, Store, now_ms};

/// A stored prompt template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Template {
    /// BLAKE3 of the source, hexadecimal.
    pub hash: String,
    /// The name it was last used under.
    pub name: String,
    /// The template itself.
    pub source: String,
}

/// A language model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Hash of the file's content, hexadecimal.
    pub hash: String,
    /// Where it was last seen.
    pub path: String,
    /// The name the model gives itself, or its file name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Architecture, quantisation and the like: a JSON object.
    pub metadata: serde_json::Value,
}

impl Store {
    /// Keeps a template and returns its hash. Known sources only get the new name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_template(&self, name: &str, source: &str) -> Result<String> {
        let hash = blake3::hash(source.as_bytes()).to_hex().to_string();
        sqlx::query(
            "INSERT INTO templates (hash, name, source, created_at) VALUES (?, ?, ?, ?) \
             ON CONFLICT (hash) DO UPDATE SET name = excluded.name",
        )
        .bind(&hash)
        .bind(name)
        .bind(source)
        .bind(now_ms())
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(hash)
    }

    /// The template with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn template(&self, hash: &str) -> Result<Option<Template>> {
        sqlx::query("SELECT hash, name, source FROM templates WHERE hash = ?")
            .bind(hash)
            .try_map(|row| {
                Ok(Template {
                    hash: row.try_get("hash")?,
                    name: row.try_get("name")?,
                    source: row.try_get("source")?,
                })
            })
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Keeps a model. One with a known hash gets the new path, name and metadata.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_model(&self, model: &Model) -> Result<()> {
        sqlx::query(
            "INSERT INTO models (hash, path, name, size, metadata, created_at) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET path = excluded.path, \
             name = excluded.name, size = excluded.size, metadata = excluded.metadata",
        )
        .bind(&model.hash)
        .bind(&model.path)
        .bind(&model.name)
        .bind(i64::try_from(model.size).unwrap_or(i64::MAX))
        .bind(model.metadata.to_string())
        .bind(now_ms())
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The model with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn model(&self, hash: &str) -> Result<Option<Model>> {
        sqlx::query("SELECT hash, path, name, size, metadata FROM models WHERE hash = ?")
            .bind(hash)
            .try_map(|row| {
                Ok(Model {
                    hash: row.try_get("hash")?,
                    path: row.try_get("path")?,
                    name: row.try_get("name")?,
                    size: row.try_get::<i64, _>("size")?.unsigned_abs(),
                    metadata: serde_json::from_str(row.try_get("metadata")?)
                        .map_err(|error| sqlx::Error::Decode(error.into()))?,
                })
            })
            .fetch_optional(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }
}
