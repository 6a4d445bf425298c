//! Tables of options: `[defaults]`, `[grid]`, `[[arm]]`, and `set` within them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::near;
use super::options::{OPTIONS, place};
use super::value::{Value, Values};

/// The values of each option that is named, by its place in [`OPTIONS`]; `MANY` where lists
/// are allowed. A table of single values may have a name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table<const MANY: bool> {
    pub(super) name: Option<String>,
    pub(super) options: BTreeMap<usize, Vec<Value>>,
}

impl<'de, const MANY: bool> Deserialize<'de> for Table<MANY> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut table = Self { name: None, options: BTreeMap::new() };
        from.deserialize_map(Fields { table: &mut table, within_set: false })?;
        Ok(table)
    }
}

/// One or several tables: `[grid]` or `[[grid]]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Grids(pub(super) Vec<Table<true>>);

impl<'de> Deserialize<'de> for Grids {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneOrMore)
    }
}

struct OneOrMore;

impl<'de> Visitor<'de> for OneOrMore {
    type Value = Grids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table [grid] or tables [[grid]]")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Grids, A::Error> {
        let mut table = Table::default();
        Fields { table: &mut table, within_set: false }.visit_map(map)?;
        Ok(Grids(vec![table]))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Grids, A::Error> {
        let mut grids = Vec::new();
        while let Some(grid) = list.next_element()? {
            grids.push(grid);
        }
        Ok(Grids(grids))
    }
}

/// A name of a field, checked while its place is known.
enum Field {
    Option(usize),
    Name,
    Set,
}

struct FieldName {
    named: bool,
    within_set: bool,
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Field, D::Error> {
        let name = String::deserialize(from)?;
        match name.as_str() {
            "set" if !self.within_set => return Ok(Field::Set),
            "name" if self.named && !self.within_set => return Ok(Field::Name),
            _ => {}
        }
        place(&name).map(Field::Option).ok_or_else(|| {
            let known: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
            D::Error::custom(format!("there is no option `{name}`{}", near::hint(&name, &known)))
        })
    }
}

/// Reads the fields of a table, or of `set` within it, into the table.
struct Fields<'t, const MANY: bool> {
    table: &'t mut Table<MANY>,
    within_set: bool,
}

impl<'de, const MANY: bool> DeserializeSeed<'de> for Fields<'_, MANY> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, const MANY: bool> Visitor<'de> for Fields<'_, MANY> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { table, within_set } = self;
        let seed = || FieldName { named: !MANY, within_set };
        while let Some(field) = map.next_key_seed(seed())? {
            match field {
                Field::Set => {
                    map.next_value_seed(Fields { table: &mut *table, within_set: true })?;
                }
                Field::Name => table.name = Some(map.next_value()?),
                Field::Option(place) => {
                    let option = &OPTIONS[place];
                    let values = map.next_value_seed(Values { option, many: MANY })?;
                    if table.options.insert(place, values).is_some() {
                        return Err(A::Error::custom(format!(
                            "`{}` is given twice, also with `-` for `_` or within `set`",
                            option.name
                        )));
                    }
                }
            }
        }
        Ok(())
    }
}
