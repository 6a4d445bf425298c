//! Ids that are unique within a corpus.

use std::collections::HashMap;

/// Gives each record of one file its id.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    records: u64,
    /// Ids in use, and the last suffix given to a repeat of each.
    used: HashMap<Box<str>, u32>,
}

impl Ids {
    /// Counts a record, usable or not: a record's position then does not depend on
    /// whether those before it could be used.
    pub(crate) fn next_record(&mut self) {
        self.records += 1;
    }

    /// The id of the current record: the given one, else its position from 1; a repeat
    /// gets `#2`, `#3` and so on.
    pub(crate) fn assign(&mut self, given: Option<String>) -> String {
        let id = match given {
            Some(id) if !id.is_empty() => id,
            _ => format!("{:06}", self.records),
        };
        let Some(last) = self.used.get(id.as_str()).copied() else {
            self.used.insert(id.clone().into_boxed_str(), 1);
            return id;
        };
        let mut suffix = last + 1;
        let mut unique = format!("{id}#{suffix}");
        while self.used.contains_key(unique.as_str()) {
            suffix += 1;
            unique = format!("{id}#{suffix}");
        }
        self.used.insert(id.into_boxed_str(), suffix);
        self.used.insert(unique.clone().into_boxed_str(), 1);
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn repeats_get_a_suffix_and_stay_unique() {
        let mut ids = Ids::default();
        let given = [Some("a"), Some("a#2"), Some("a"), None, Some("a"), Some("000004"), Some("")];
        let assigned: Vec<String> = given
            .into_iter()
            .map(|id| {
                ids.next_record();
                ids.assign(id.map(str::to_owned))
            })
            .collect();
        assert_eq!(assigned, ["a", "a#2", "a#3", "000004", "a#4", "000004#2", "000007"]);
    }
}
