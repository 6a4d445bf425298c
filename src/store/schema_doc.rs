//! Writes `docs/schema.md` from the comments in the migrations, and fails where the file
//! says something else. `GEC_BLESS=1` rewrites it.

use std::fmt::Write as _;
use std::path::Path;

use super::Store;

const HEAD: &str = "\
# The database

<!-- Made from the comments in migrations/ by a test; GEC_BLESS=1 cargo test schema_doc rewrites it. -->

One SQLite file holds everything `gec` keeps. `gec db path` says where it is, `--db` and
`GEC_DB` choose another. It can be read with any SQLite tool while `gec` runs; times are
milliseconds since 1970 in UTC.

SQLite settings: write-ahead log, `synchronous = NORMAL`, foreign keys on, write
transactions begin with `BEGIN IMMEDIATE`. Deleting a run deletes its corrections.
`edits_text` is a full-text index (FTS5) over the texts of `edits`.
";

/// A definition with each column that a later migration added on a line of its own: SQLite
/// appends `, NAME TYPE /* meaning */` to the last line.
fn unfold(sql: &str) -> String {
    let added = regex::Regex::new(r",? *(\w+ [A-Z]+) /\* (.*?) \*/").unwrap();
    added.replace_all(sql, "\n$1 -- $2\n").into_owned()
}

/// One table's or view's part of the page, from the text of its definition.
fn describe(name: &str, sql: &str, columns: &[String]) -> String {
    let (head, rest) = sql.split_once('\n').unwrap();
    let view = head.starts_with("CREATE VIEW");
    assert!(view || head.starts_with("CREATE TABLE"), "{head}");
    let (mut about, mut rows, mut constraints) = (String::new(), String::new(), String::new());
    let mut described = Vec::new();
    for line in rest.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("-- ") {
            about = format!("{about} {text}").trim_start().to_owned();
            continue;
        }
        let (definition, meaning) = line.split_once(" -- ").unwrap_or((line, ""));
        let definition = definition.trim().trim_end_matches(',');
        let (column, kind) = match definition.rsplit_once(" AS ") {
            Some((kind, column)) if view => (column, kind),
            _ => definition.split_once(' ').unwrap_or((definition, "")),
        };
        if columns.iter().any(|known| known == column) {
            described.push(column.to_owned());
            writeln!(rows, "| `{column}` | `{kind}` | {meaning} |").unwrap();
        } else if definition.starts_with(')') {
            if definition.contains("WITHOUT ROWID") {
                constraints
                    .push_str("\nStored in the order of its primary key (`WITHOUT ROWID`).\n");
            }
        } else if !view && !definition.is_empty() {
            write!(constraints, "\n`{definition}`\n").unwrap();
        }
    }
    assert_eq!(described, columns, "every column of `{name}` on a line of its own");
    assert!(!about.is_empty(), "`{name}` begins with a comment");
    let (title, kind) = if view { (" (view)", "taken from") } else { ("", "type") };
    format!(
        "\n## {name}{title}\n{about}\n\n| column | {kind} | meaning |\n|---|---|---|\n{rows}{constraints}"
    )
}

#[tokio::test]
async fn the_schema_page_is_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("gec.db")).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE '\\_%' \
         ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name NOT LIKE 'edits\\_text%' ESCAPE '\\' ORDER BY rowid",
    )
    .fetch_all(&store.readers)
    .await
    .unwrap();
    let mut page = HEAD.to_owned();
    for (name, sql) in tables {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid")
                .bind(&name)
                .fetch_all(&store.readers)
                .await
                .unwrap();
        page.push_str(&describe(&name, &unfold(&sql), &columns));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.md");
    if std::env::var_os("GEC_BLESS").is_some() {
        fs_err::write(&file, &page).unwrap();
    }
    let written = fs_err::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == page, "docs/schema.md is stale: run the tests with GEC_BLESS=1 once");
}
