//! One analyzer's result alone as JSON, for the commands that answer one question on stdout.
//!
//! The keys `format` and `org`, then what the question was, `tool`, `redacted`, then `coverage` of the sources it needs,
//! `counts`, `totals`, `limits` and `rows` as in `rollcall.report/1`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use super::json_v1::{Analyzer, CoverageItem, coverage, spelled};
use crate::{
    model::outcome::Outcome,
    report::{Input, error::Error},
};

/// What was asked and what came of it.
struct Answer<'a> {
    /// Name and version of this form, e.g. `rollcall.diff/1`.
    format: &'a str,
    /// The question, key by key.
    asked: &'a [(&'static str, Value)],
    /// What the result rests on.
    input: &'a Input<'a>,
    /// The result.
    outcome: &'a Outcome,
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Self { format, asked, input, outcome } = self;
        let needed: Vec<CoverageItem<'_>> =
            coverage(input, &[outcome]).into_iter().filter(|item| outcome.meta.needs.contains(&item.source)).collect();
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("format", format)?;
        map.serialize_entry("org", input.manifest.org.as_str())?;
        for (key, value) in *asked {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("tool", &BTreeMap::from([("name", "rollcall"), ("version", &*input.tool_version)]))?;
        map.serialize_entry("redacted", &input.redacted)?;
        map.serialize_entry("coverage", &needed)?;
        let Analyzer { counts, limits, rows } = Analyzer::of(outcome);
        map.serialize_entry("counts", &counts)?;
        map.serialize_entry("totals", &outcome.totals)?;
        map.serialize_entry("limits", limits)?;
        map.serialize_entry("rows", &rows)?;
        map.end()
    }
}

/// The JSON of one result; it ends with a line feed.
///
/// # Errors
/// When a value has no form in JSON.
pub fn render(
    format: &str,
    asked: &[(&'static str, Value)],
    input: &Input<'_>,
    outcome: &Outcome,
) -> Result<String, Error> {
    let answer = Answer { format, asked, input, outcome };
    let mut text =
        serde_json::to_string_pretty(&answer).map_err(|source| Error::Json { template: format.to_owned(), source })?;
    text.push('\n');
    Ok(spelled(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn the_keys_stand_in_order_and_the_rows_are_those_of_the_report() {
        let sample = testing::Sample::new();
        let outcome = testing::inactive_seats();
        let text = render("rollcall.diff/1", &[("from", "a".into()), ("to", "b".into())], &sample.input(), &outcome);
        let text = text.unwrap();
        let keys =
            ["format", "org", "from", "to", "tool", "redacted", "coverage", "counts", "totals", "limits", "rows"];
        let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\n  \"{key}\": ")).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["rows"].as_array().unwrap().len(), outcome.rows.len());
        let columns: Vec<_> = outcome.meta.columns.iter().map(|column| column.name).collect();
        assert!(columns.iter().all(|name| value["rows"][0].get(name).is_some()), "{value}");
        let needed: Vec<_> = value["coverage"].as_array().unwrap().iter().map(|c| c["source"].clone()).collect();
        assert_eq!(needed.len(), outcome.meta.needs.len());
    }
}
