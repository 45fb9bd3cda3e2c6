//! Marks of a document: what every page and every format says about the whole of it.

use super::{Input, words::Words};
use crate::model::time;

/// Something that holds for a whole report and that nobody may overlook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// Its name in files that programs read.
    pub(super) id: &'static str,
    /// The words at the foot of every page.
    pub(super) short: String,
    /// What it means, in sentences.
    pub(super) text: String,
}

/// Name of the mark of a snapshot whose date somebody chose.
pub(super) const DATED_BY_HAND: &str = "dated-by-hand";

/// The marks of a report, in the order in which pages show them.
pub(super) fn of(input: &Input<'_>, words: &Words) -> Vec<Mark> {
    let manifest = input.manifest;
    let mark = |id, short: &str, text: String| Mark { id, short: words.get(short), text };
    let mut marks = Vec::new();
    if manifest.sample {
        marks.push(mark("sample", "mark.sample", words.get("mark.sample-text")));
    }
    if manifest.dated_by_hand {
        let first = manifest.hub_clock.first.map_or_else(|| words.get("unknown.value"), time::format);
        let values = [("as_of", time::format(manifest.as_of)), ("clock", first)];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        marks.push(mark(DATED_BY_HAND, "mark.dated-by-hand", words.say("mark.dated-by-hand-text", &values)));
    }
    if input.redacted {
        marks.push(mark("redacted", "mark.redacted", words.get("mark.redacted-text")));
    }
    marks
}
