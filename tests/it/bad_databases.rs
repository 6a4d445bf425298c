//! Databases that cannot be used.

use crate::harness::{Home, Ran};
use crate::store;

fn run(home: &Home, method: &str, more: &[&str]) -> Ran {
    home.gec(&[&["run", "--dataset", "sample", "--method", method], more].concat())
}

/// Every verb that opens the database refuses it in the same words.
fn all_refuse(home: &Home, db: &str, said: &[&str]) {
    run(home, "1best", &["--db", db]).refuses(said);
    for arguments in
        [&["runs", "list"][..], &["score", "last"], &["db", "stats"], &["db", "backup", "b.db"]]
    {
        home.gec(&[arguments, &["--db", db]].concat()).refuses(said);
    }
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() {
    let home = Home::new();
    run(&home, "1best", &[]).succeeds();
    std::fs::copy(home.db(), home.path("newer.db")).unwrap();
    store::execute(&home.path("newer.db"), "UPDATE _sqlx_migrations SET version = version + 1000");
    let before = std::fs::read(home.path("newer.db")).unwrap();
    all_refuse(&home, "newer.db", &["`newer.db` has schema version 100", "update gec"]);
    assert!(std::fs::read(home.path("newer.db")).unwrap() == before);
    run(&home, "1best", &[]).succeeds().says(&["all stored already"]);
}

#[test]
fn a_database_with_another_migration_is_left_alone() {
    let home = Home::new();
    run(&home, "1best", &[]).succeeds();
    store::execute(&home.db(), "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1");
    run(&home, "1best", &[]).refuses(&["another version of migration 1"]);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let home = Home::new();
    home.write("notes.db", "these are my notes, and they are longer than a header\n".repeat(100));
    all_refuse(&home, "notes.db", &["`notes.db` is not an SQLite database", "--db"]);
    assert!(std::fs::read_to_string(home.path("notes.db")).unwrap().starts_with("these are"));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let home = Home::new();
    home.write("other.db", "");
    store::execute(&home.path("other.db"), "CREATE TABLE bookmarks (url TEXT)");
    all_refuse(&home, "other.db", &["`other.db` is a database of another program", "--db"]);
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(store::number(&home.path("other.db"), tables), 1);
}

#[test]
fn a_damaged_database_is_told() {
    let home = Home::new();
    run(&home, "1best", &[]).succeeds();
    let mut bytes = std::fs::read(home.db()).unwrap();
    let length = bytes.len();
    bytes[4096..length].fill(0xa5);
    home.write("broken.db", bytes);
    let ran = run(&home, "mbr", &["--db", "broken.db"]).ends_with(2);
    ran.says(&["broken.db", "error: "]);
}

#[test]
fn a_database_that_cannot_be_created_is_told() {
    let home = Home::new();
    home.write("file", "");
    let ran = run(&home, "1best", &["--db", "file/gec.db"]);
    ran.refuses(&["cannot create the folder of database `file/gec.db`", "writable"]);
    // A folder is no file.
    std::fs::create_dir(home.path("folder")).unwrap();
    run(&home, "1best", &["--db", "folder"]).refuses(&["`folder`"]);
}

#[test]
fn processes_share_a_database() {
    let home = Home::new();
    let start = |method: &str| {
        home.command(&["run", "-d", "sample", "-m", method, "--format", "json"]).spawn().unwrap()
    };
    let finish = |child| Ran::of(&home, child);
    // The same import at once: one does it, and who was in its way says so.
    let first = [start("1best"), start("mbr"), start("1best")].map(finish);
    for ran in first.into_iter().filter(|ran| ran.code != Some(0)) {
        ran.refuses(&["was taken over by another process", "run the same command again"]);
    }
    for ran in [start("1best"), start("mbr"), start("1best")].map(finish) {
        assert_eq!(ran.succeeds().rows()[0]["utterances"], 500);
    }
    assert_eq!(store::corrections(&home.db()).len(), 1000);
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM utterances"), 500);
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM corpora"), 1);
}
