//! All combinations of a grid's values.

use std::collections::BTreeMap;

use super::table::Table;
use super::value::Value;

/// More combinations than anybody means to run.
pub(super) const MOST_COMBINATIONS: usize = 10_000;

/// Every combination of the table's values, over `defaults` for what it does not name. The
/// last option varies fastest. `None` where there are more than [`MOST_COMBINATIONS`].
pub(super) fn combinations<const MANY: bool>(
    table: &Table<MANY>,
    defaults: &Table<false>,
) -> Option<Vec<BTreeMap<usize, Value>>> {
    let mut axes = defaults.options.clone();
    axes.extend(table.options.iter().map(|(place, values)| (*place, values.clone())));
    let mut all = vec![BTreeMap::new()];
    for (place, values) in axes {
        if all.len().saturating_mul(values.len()) > MOST_COMBINATIONS {
            return None;
        }
        let mut longer = Vec::with_capacity(all.len() * values.len());
        for begun in &all {
            for value in &values {
                let mut combination = begun.clone();
                combination.insert(place, value.clone());
                longer.push(combination);
            }
        }
        all = longer;
    }
    Some(all)
}
