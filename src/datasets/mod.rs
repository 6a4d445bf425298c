//! Known corpora: which there are, where their files are, and whether they are right.
//!
//! A [`Manifest`] describes a dataset: its subsets, files, expected counts and checksums,
//! licence, and where to get it. [`resolve()`] turns what a user typed (`sample`,
//! `hp:atis,wsj`, a path) into files to read with [`corpus::open`](crate::corpus::open).
//!
//! Manifests and the sample are part of the program. A file of the same name wins over
//! them: `NAME.toml` in a data folder or in `./datasets`, and a dataset's files in the
//! folders that its manifest names, below a data folder or `./datasets`.

mod dirs;
mod error;
mod filter;
mod manifest;
#[cfg(feature = "hub")]
mod pull;
mod resolve;
mod unpack;
mod verify;

#[cfg(test)]
mod tests;

pub use dirs::DataDirs;
pub use error::DatasetError;
pub use filter::{Filter, FilterError};
pub use manifest::{DataFile, Expected, Grouping, HubRepository, Manifest, Subset, names};
#[cfg(feature = "hub")]
pub use pull::{Hub, pull};
pub use resolve::{ResolvedCorpus, at_path, resolve};
pub use unpack::unpack;
pub use verify::{Counts, FileReport, Status, count, verify};
