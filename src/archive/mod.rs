//! Archives: which files are meant, how one is replaced without ever being lost, and how its
//! edits are shown.
//!
//! | part | what it does |
//! |---|---|
//! | [`files`] | names, folders and globs become files, and a shard of them |
//! | [`replace`] | a file's content changes in one step, with a copy beside it |
//! | [`diff`] | edits as people read them |
//!
//! What is inside a file is the business of [`crate::document`] and [`crate::edits`].

pub mod diff;
mod error;
pub mod files;
pub mod replace;

pub use error::ArchiveError;
