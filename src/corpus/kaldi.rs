//! Kaldi's N-best lists as text: what `lattice-to-nbest | nbest-to-linear` and
//! `int2sym.pl -f 2-` give.
//!
//! ```text
//! words_text   utt-1 i would like a fright     the hypotheses, numbered from the best
//!              utt-2 i would like a flight
//! lm_cost      utt-1 41.2                       costs: negative natural log-probabilities
//! ac_cost      utt-1 3120.7
//! text         utt i would like a flight        references, beside `words_text`
//! ```
//!
//! A job's files may have its number (`transcript-1.txt`, `lm-costs-1.txt`) or be in a folder
//! of their own (`nbest.1/words_text`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ids::Ids;
use super::keyed::{Keyed, KeyedLine, Numbers};
use super::records::Records;
use super::{CorpusError, Utterance, folder};

/// Acoustic costs are summed over frames that depend on each other; a tenth of them is what
/// Kaldi's recipes set against the language model's.
const ACOUSTIC_SCALE: f64 = 0.1;

/// The files of one job.
#[derive(Default)]
struct Job {
    hypotheses: Option<PathBuf>,
    text: Option<PathBuf>,
    lm: Option<PathBuf>,
    ac: Option<PathBuf>,
}

impl Job {
    /// `text` is the references where the hypotheses have another file.
    fn settle(&mut self) {
        if self.hypotheses.is_none() {
            self.hypotheses = self.text.take().filter(|path| is_numbered(path));
        }
    }

    fn files(self) -> impl Iterator<Item = PathBuf> {
        [self.hypotheses, self.text, self.lm, self.ac].into_iter().flatten()
    }
}

/// Whether the keys of a file end in hypothesis numbers, as far as its first line tells.
fn is_numbered(path: &Path) -> bool {
    let first = Keyed::open(path).and_then(|mut lines| lines.next());
    first.is_ok_and(|line| line.is_some_and(|line| split_key(&line.key).is_some()))
}

/// `utt-3` is the third hypothesis of `utt`.
fn split_key(key: &str) -> Option<(&str, u32)> {
    let (id, number) = key.rsplit_once('-')?;
    let number = number.parse().ok()?;
    (!id.is_empty()).then_some((id, number))
}

/// A file's kind and job: `lm-costs-3.txt` is `lm_cost` of job `3`.
fn kind(name: &str) -> (String, String) {
    let name = name.strip_suffix(".txt").unwrap_or(name);
    let stem = name.trim_end_matches(|one: char| one.is_ascii_digit());
    let job = name.get(stem.len()..).unwrap_or_default();
    let stem = stem.trim_end_matches(['.', '-', '_']).replace('-', "_").to_ascii_lowercase();
    (stem.strip_suffix('s').unwrap_or(&stem).to_owned(), job.to_owned())
}

/// The jobs of a folder; empty where it is of another kind.
fn jobs(path: &Path) -> Result<Vec<Job>, CorpusError> {
    let mut jobs = jobs_of(path)?;
    if jobs.is_empty() {
        for entry in folder::entries(path)? {
            let numbered = folder::name(&entry).ends_with(|one: char| one.is_ascii_digit());
            if numbered && entry.is_dir() {
                jobs.extend(jobs_of(&entry)?);
            }
        }
    }
    Ok(jobs)
}

fn jobs_of(path: &Path) -> Result<Vec<Job>, CorpusError> {
    let mut jobs: Vec<(String, Job)> = Vec::new();
    for entry in folder::entries(path)?.into_iter().filter(|entry| entry.is_file()) {
        let (kind, number) = kind(&folder::name(&entry));
        let index = jobs.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
            jobs.push((number, Job::default()));
            jobs.len() - 1
        });
        let Some((_, job)) = jobs.get_mut(index) else { continue };
        match kind.as_str() {
            "words_text" | "transcript" | "nbest" => job.hypotheses = Some(entry),
            "text" => job.text = Some(entry),
            "lm_cost" | "graph_cost" => job.lm = Some(entry),
            "ac_cost" | "acoustic_cost" => job.ac = Some(entry),
            _ => {}
        }
    }
    let mut jobs: Vec<Job> = jobs.into_iter().map(|(_, job)| job).collect();
    jobs.iter_mut().for_each(Job::settle);
    jobs.retain(|job| job.hypotheses.as_deref().is_some_and(is_numbered));
    Ok(jobs)
}

/// The files that are read, in their order; none where the folder is of another kind.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    Ok(jobs(path)?.into_iter().flat_map(Job::files).collect())
}

/// An utterance's id, and its hypotheses with their numbers.
type List = (String, Vec<(u32, KeyedLine)>);

/// A job that is being read.
struct Open {
    lines: Keyed,
    lm: Numbers,
    ac: Numbers,
    references: HashMap<String, String>,
    /// The first line of the next list.
    next: Option<KeyedLine>,
}

impl Open {
    fn new(job: &Job, hypotheses: &Path) -> Result<Self, CorpusError> {
        let number = |text: &str| text.parse().ok();
        let mut references = HashMap::new();
        if let Some(path) = &job.text {
            Keyed::open(path)?.for_each(|KeyedLine { key, text, .. }| {
                references.insert(key, text);
                Ok(())
            })?;
        }
        Ok(Self {
            lines: Keyed::open(hypotheses)?,
            lm: Numbers::read(job.lm.as_deref(), number)?,
            ac: Numbers::read(job.ac.as_deref(), number)?,
            references,
            next: None,
        })
    }

    fn score(&self, key: &str) -> Option<f64> {
        match (self.lm.get(key), self.ac.get(key)) {
            (None, None) => None,
            (lm, ac) => Some(-lm.unwrap_or(0.0) - ACOUSTIC_SCALE * ac.unwrap_or(0.0)),
        }
    }

    fn list(&mut self) -> Result<Option<List>, CorpusError> {
        let mut found: Option<List> = None;
        loop {
            let line = match self.next.take() {
                Some(line) => line,
                None => match self.lines.next()? {
                    Some(line) => line,
                    None => return Ok(found),
                },
            };
            let Some((id, number)) = split_key(&line.key) else {
                let message = format!("key `{}` does not end in a hypothesis's number", line.key);
                return Err(self.lines.error(line.number, message));
            };
            match &mut found {
                None => found = Some((id.to_owned(), vec![(number, line)])),
                Some((known, list)) if known == id => list.push((number, line)),
                Some(_) => {
                    self.next = Some(line);
                    return Ok(found);
                }
            }
        }
    }
}

pub(super) struct Reader {
    jobs: std::vec::IntoIter<Job>,
    job: Option<Open>,
    ids: Ids,
}

impl Reader {
    pub(super) fn new(path: &Path) -> Result<Self, CorpusError> {
        Ok(Self { jobs: jobs(path)?.into_iter(), job: None, ids: Ids::default() })
    }
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        loop {
            let Some(job) = &mut self.job else {
                let Some(next) = self.jobs.next() else { return Ok(None) };
                if let Some(hypotheses) = &next.hypotheses {
                    self.job = Some(Open::new(&next, hypotheses)?);
                }
                continue;
            };
            let Some((id, mut list)) = job.list()? else {
                self.job = None;
                continue;
            };
            self.ids.next_record();
            list.sort_by_key(|(number, _)| *number);
            let list = list.into_iter().map(|(_, line)| {
                let score = job.score(&line.key);
                (line.text, score, None)
            });
            let reference = job.references.get(&id).cloned();
            let mut utterance = Utterance::from_list(self.ids.assign(Some(id)), list);
            utterance.reference = reference;
            return Ok(Some(utterance));
        }
    }
}
