//! Looks into a database behind the program's back.

use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// One stored correction, with its utterance's name instead of its key.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Correction {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) verdict: String,
    pub(crate) reason: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) near_ties: i64,
    pub(crate) attempts: i64,
    pub(crate) created_at: i64,
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// All corrections of all runs, by utterance.
pub(crate) fn corrections(path: &Path) -> Vec<Correction> {
    run(async {
        let mut connection = connect(path).await;
        let sql = "SELECT name, text, verdict, reason, raw, near_ties, attempts, created_at \
                   FROM corrections JOIN utterances ON utterances.id = utterance_id \
                   ORDER BY name, run_id";
        let rows = sqlx::query_as(sql).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        // A database that was killed while it was made has no tables yet.
        rows.unwrap_or_default()
    })
}

/// The first column of the first row, a number.
pub(crate) fn number(path: &Path, sql: &'static str) -> i64 {
    run(async {
        let mut connection = connect(path).await;
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        number
    })
}

/// As [`number`], or `otherwise` where there is no such table yet.
pub(crate) fn number_or(path: &Path, sql: &'static str, otherwise: i64) -> i64 {
    if !path.exists() {
        return otherwise;
    }
    run(async {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let Ok(mut connection) = SqliteConnection::connect_with(&options).await else {
            return otherwise;
        };
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap_or(otherwise)
    })
}

/// The first two columns of all rows, texts.
pub(crate) fn pairs(path: &Path, sql: &'static str) -> Vec<(String, String)> {
    run(async {
        let mut connection = connect(path).await;
        let rows = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    })
}

pub(crate) fn execute(path: &Path, sql: &'static str) {
    run(async {
        let mut connection = connect(path).await;
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
