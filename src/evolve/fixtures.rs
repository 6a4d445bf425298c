//! Templates and a made-up landscape for tests.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::Failure;
use super::fitness::{Candidate, Fitness, Score};
use super::settings::SettingsSpace;
use crate::llm::BoxFuture;
use crate::prompt::{Selection, Template};

/// The body of a chat template with a block of each kind.
pub(super) const MARKED: &str = "\
{% block system %}
{# gec:block instruction #}
You repair the output of a speech recogniser. Write down what was most likely said.

Write nothing but the corrected sentence.
{# gec:end #}
{% endblock %}
{% block user %}
  {# gec:block examples #}
{% for example in examples %}
{{ example.reference }}
{% endfor %}
{# gec:end #}
Guesses:
{# gec:block list #}
{% for hypothesis in hypotheses %}
{{ loop.index }}) {{ hypothesis.text }}
{% endfor %}
{# gec:end #}

{# gec:block output #}
What was said?
{# gec:end #}
{% endblock %}
";

/// A header of a plain template.
pub(super) fn header() -> String {
    "---\nname = \"mine\"\ndescription = \"For tests.\"\noutput = \"text\"\nform = \"plain\"\n---\n"
        .to_owned()
}

/// The file with [`MARKED`] in it.
pub(super) fn marked() -> String {
    format!("{}{MARKED}", header().replace("plain", "chat"))
}

pub(super) fn without_marks(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.contains("gec:")).collect()
}

pub(super) fn space() -> SettingsSpace {
    SettingsSpace {
        examples: vec![0, 1, 3, 5],
        selections: vec![Selection::Nearest, Selection::Random { seed: 0 }],
        hypotheses: vec![1, 3, 5, 10],
    }
}

/// Loads a text as a template file.
pub(super) fn load(source: &str) -> Result<(), String> {
    let mut file = tempfile::Builder::new().suffix(".jinja").tempfile().unwrap();
    file.write_all(source.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    Template::load(path).map(drop).map_err(|error| error.to_string())
}

/// Fails where a wanted text is missing: each costs an error in every third utterance.
pub(super) struct Landscape {
    pub wanted: Vec<&'static str>,
    /// How often an evaluation gives way before it ends, by the length of the source modulo
    /// this number; 0 for never.
    pub detours: usize,
    /// Which evaluation fails, counted from 1; 0 for none.
    pub fails_at: usize,
    pub calls: AtomicUsize,
    /// Every pair of candidate and utterance that was evaluated.
    pub evaluated: Mutex<Vec<(String, usize)>>,
}

impl Landscape {
    pub(super) fn of(wanted: &[&'static str]) -> Self {
        Self {
            wanted: wanted.to_vec(),
            detours: 0,
            fails_at: 0,
            calls: AtomicUsize::new(0),
            evaluated: Mutex::default(),
        }
    }

    pub(super) fn errors(&self, source: &str, utterance: usize) -> u32 {
        let missing = self.wanted.iter().enumerate().filter(|(_, text)| !source.contains(*text));
        missing.map(|(at, _)| u32::from((utterance + at).is_multiple_of(3))).sum()
    }
}

impl Fitness for Landscape {
    fn evaluate<'a>(
        &'a self,
        candidate: &'a Candidate,
        utterances: &'a [usize],
    ) -> BoxFuture<'a, Result<Score, Failure>> {
        Box::pin(async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            for _ in 0..candidate.source.len().checked_rem(self.detours).unwrap_or(0) {
                tokio::task::yield_now().await;
            }
            if call == self.fails_at {
                return Err("the model is gone".into());
            }
            let pairs = utterances.iter().map(|&one| (candidate.hash.clone(), one));
            self.evaluated.lock().unwrap().extend(pairs);
            let errors: Vec<u32> =
                utterances.iter().map(|&one| self.errors(&candidate.source, one)).collect();
            let many = u64::try_from(utterances.len()).unwrap();
            let length = u64::try_from(candidate.source.len()).unwrap();
            Ok(Score { errors, words: 10 * many, tokens: length / 4 * many })
        })
    }
}
