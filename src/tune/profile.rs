//! What tuning leaves behind.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Calibrations, Searched, TuneError};
use crate::{
    corpus::Utterance,
    correct::{Learned, Parameters},
    learn::Evidence,
};

/// Version of the JSON form of a [`Profile`].
pub const PROFILE_VERSION: u32 = 1;

/// Settings and rules learned from a corpus. As JSON it can be copied between databases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// See [`PROFILE_VERSION`].
    pub profile_version: u32,
    /// What it was learned from.
    pub provenance: Provenance,
    /// Word error rates on the tuning corpus, stage by stage, each utterance corrected by what
    /// was learned from others.
    pub stages: Vec<Stage>,
    /// The settings of all methods.
    pub parameters: Parameters,
    /// The rewrite table, and when a proposal is taken.
    pub learned: Learned,
    /// What speaks for the rule that takes proposals; `None` where no model was asked.
    pub evidence: Option<Evidence>,
    /// The settings that were tried.
    pub searched: Vec<Searched>,
    /// Whether confidences mean what they say, before and after.
    pub calibrations: Option<Calibrations>,
}

/// Where a profile comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name of the data set.
    pub dataset: String,
    /// Name of the subset; empty where there is only one.
    pub subset: String,
    /// Name of the split; empty where there is only one.
    pub split: String,
    /// SHA-256 of the source.
    pub checksum: String,
    /// Utterances with references.
    pub utterances: usize,
    /// Groups (distinct references, or what the corpus groups by).
    pub groups: usize,
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// What was minimised.
    pub objective: String,
    /// The method between gate and guard.
    pub inner: String,
    /// Name of the language model; `None` where none was asked.
    pub model: Option<String>,
    /// BLAKE3 of the language model's file.
    pub model_hash: Option<String>,
    /// Name of the prompt template.
    pub template: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Marks of the references, by which they are known again; sorted.
    pub references: BTreeSet<String>,
}

/// The word error rate after a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What was done.
    pub name: String,
    /// Raw corpus word error rate in percent; `None` without reference words.
    pub wer: Option<f64>,
    /// Word errors.
    pub errors: u64,
    /// Reference words.
    pub words: u64,
}

impl Provenance {
    /// Marks what the utterances' references are.
    pub fn remember<'a>(&mut self, utterances: impl IntoIterator<Item = &'a Utterance>) {
        self.references.extend(utterances.into_iter().filter_map(mark));
    }

    /// Whether the profile was learned from this utterance's reference.
    #[must_use]
    pub fn knows(&self, utterance: &Utterance) -> bool {
        mark(utterance).is_some_and(|mark| self.references.contains(&mark))
    }
}

/// 48 bits of the hash of a reference's words: enough to tell a few thousand apart, and the
/// text itself is not in the profile.
fn mark(utterance: &Utterance) -> Option<String> {
    let reference = utterance.reference.as_deref()?;
    let words: Vec<&str> = reference.split_whitespace().collect();
    let hash = blake3::hash(words.join(" ").to_lowercase().as_bytes()).to_hex();
    Some(hash.as_str()[..12].to_owned())
}

impl Profile {
    /// The profile as JSON, for people to read too.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists only: this cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads what [`Profile::to_json`] has written.
    ///
    /// # Errors
    /// [`TuneError::Profile`] where it is no profile, or one of another version.
    pub fn from_json(text: &str) -> Result<Self, TuneError> {
        let wrong = |reason: String| TuneError::Profile { reason };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        match value.get("profile_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(PROFILE_VERSION) => {}
            Some(version) => return Err(wrong(format!("it has version {version}"))),
            None => return Err(wrong("it has no `profile_version`".into())),
        }
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{learn::Acceptance, rewrite::RewriteTable};

    fn utterance(reference: &str) -> Utterance {
        let mut utterance = Utterance::from_list("u", []);
        utterance.reference = Some(reference.to_owned());
        utterance
    }

    #[test]
    fn references_are_known_again_whatever_their_spacing_and_case() {
        let mut provenance = Provenance::default();
        provenance.remember(&[utterance("Show me  flights"), utterance("thank you")]);
        assert!(provenance.knows(&utterance("show me flights")));
        assert!(!provenance.knows(&utterance("show me flight")));
        assert!(!provenance.knows(&Utterance::from_list("u", [])));
        let json = serde_json::to_string(&provenance).unwrap();
        assert!(!json.contains("flights") && !json.contains("thank"), "{json}");
    }

    #[test]
    fn a_profile_survives_json_and_another_version_is_refused() {
        let profile = Profile {
            profile_version: PROFILE_VERSION,
            provenance: Provenance::default(),
            stages: vec![Stage { name: "1best".into(), wer: Some(1.5), errors: 3, words: 200 }],
            parameters: Parameters::default(),
            learned: Learned {
                rewrite: RewriteTable::new(Vec::new()),
                acceptance: Acceptance::Always,
                variants: None,
            },
            evidence: None,
            searched: Vec::new(),
            calibrations: None,
        };
        let json = profile.to_json();
        assert_eq!(Profile::from_json(&json).unwrap(), profile);
        let newer = json.replacen("\"profile_version\": 1", "\"profile_version\": 9", 1);
        let error = Profile::from_json(&newer).unwrap_err().to_string();
        assert!(error.contains("version 9"), "{error}");
        assert!(Profile::from_json("{}").is_err() && Profile::from_json("x").is_err());
    }
}
