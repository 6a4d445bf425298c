//! ESPnet's decoding folders: `1best_recog/text`, `2best_recog/text` and so on, each with
//! lines `ID WORDS...`, and beside them `score` with `ID tensor(-3.21)`, the natural
//! log-probability of the whole hypothesis.
//!
//! The folder holds them itself, or in `output.1`, `output.2`, ... or in
//! `logdir/output.1`, ..., one for each job.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ids::Ids;
use super::keyed::{Keyed, KeyedLine, Numbers};
use super::records::Records;
use super::{CorpusError, Utterance, folder};

/// The hypotheses of one rank in one job.
struct Rank {
    text: PathBuf,
    score: Option<PathBuf>,
}

/// The ranks of each job, the best first; empty where the folder is of another kind.
fn jobs(path: &Path) -> Result<Vec<Vec<Rank>>, CorpusError> {
    let own = ranks(path)?;
    if !own.is_empty() {
        return Ok(vec![own]);
    }
    let logs = path.join("logdir");
    let parent = if logs.is_dir() { logs } else { path.to_path_buf() };
    let mut jobs = Vec::new();
    for entry in folder::entries(&parent)? {
        if folder::name(&entry).starts_with("output.") && entry.is_dir() {
            jobs.push(ranks(&entry)?);
        }
    }
    jobs.retain(|ranks| !ranks.is_empty());
    Ok(jobs)
}

fn ranks(job: &Path) -> Result<Vec<Rank>, CorpusError> {
    let mut ranks = Vec::new();
    for entry in folder::entries(job)? {
        let name = folder::name(&entry);
        let number = name.strip_suffix("best_recog").and_then(|text| text.parse::<u32>().ok());
        let text = entry.join("text");
        if let (Some(number), true) = (number, text.is_file()) {
            let score = Some(entry.join("score")).filter(|score| score.is_file());
            ranks.push((number, Rank { text, score }));
        }
    }
    ranks.sort_by_key(|(number, _)| *number);
    // Without a 1-best the order of the utterances is not known.
    let whole = ranks.first().is_some_and(|(number, _)| *number == 1);
    Ok(if whole { ranks.into_iter().map(|(_, rank)| rank).collect() } else { Vec::new() })
}

/// The files that are read, in their order; none where the folder is of another kind.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let ranks = jobs(path)?.into_iter().flatten();
    Ok(ranks.flat_map(|rank| std::iter::once(rank.text).chain(rank.score)).collect())
}

/// `tensor(-3.21)`, `tensor(-3.21, device='cuda:0')` or a bare number.
fn score(text: &str) -> Option<f64> {
    let inner = text.strip_prefix("tensor(").unwrap_or(text);
    inner.split([',', ')']).next()?.trim().parse().ok()
}

type Scored = (String, Option<f64>);

/// A job that is being read: its 1-best lists in order, the others by id.
struct Job {
    first: Keyed,
    scores: Numbers,
    others: Vec<HashMap<String, Scored>>,
}

impl Job {
    fn open(ranks: &[Rank]) -> Result<Option<Self>, CorpusError> {
        let Some((first, others)) = ranks.split_first() else { return Ok(None) };
        let scores = Numbers::read(first.score.as_deref(), score)?;
        let others = others.iter().map(read_rank).collect::<Result<_, _>>()?;
        Ok(Some(Self { first: Keyed::open(&first.text)?, scores, others }))
    }
}

fn read_rank(rank: &Rank) -> Result<HashMap<String, Scored>, CorpusError> {
    let scores = Numbers::read(rank.score.as_deref(), score)?;
    let mut hypotheses = HashMap::new();
    Keyed::open(&rank.text)?.for_each(|KeyedLine { key, text, .. }| {
        let score = scores.get(&key);
        hypotheses.insert(key, (text, score));
        Ok(())
    })?;
    Ok(hypotheses)
}

pub(super) struct Reader {
    jobs: std::vec::IntoIter<Vec<Rank>>,
    job: Option<Job>,
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
                let Some(ranks) = self.jobs.next() else { return Ok(None) };
                self.job = Job::open(&ranks)?;
                continue;
            };
            let Some(KeyedLine { key, text, .. }) = job.first.next()? else {
                self.job = None;
                continue;
            };
            self.ids.next_record();
            let mut list = vec![(text, job.scores.get(&key), None)];
            for rank in &mut job.others {
                list.extend(rank.remove(&key).map(|(text, score)| (text, score, None)));
            }
            return Ok(Some(Utterance::from_list(self.ids.assign(Some(key)), list)));
        }
    }
}
