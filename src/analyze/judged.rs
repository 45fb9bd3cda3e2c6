//! A subject with every rule that applies to it, before exceptions and order.

use std::cmp::Ordering;

use crate::model::{
    coverage::Source,
    manifest::Manifest,
    outcome::{Cell, Meta, Row},
    verdict::{Severity, Verdict},
};

/// One rule that applies to one subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hit {
    /// Rule id.
    pub(crate) rule: &'static str,
    /// Its verdict.
    pub(crate) verdict: Verdict,
    /// Its severity here.
    pub(crate) severity: Severity,
    /// One sentence with the numbers in it.
    pub(crate) reason: String,
}

impl Hit {
    /// A broken rule.
    pub(crate) fn fail(rule: &'static str, severity: Severity, reason: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Fail, severity, reason: reason.into() }
    }

    /// A matter for a human.
    pub(crate) fn review(rule: &'static str, severity: Severity, reason: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Review, severity, reason: reason.into() }
    }

    /// A matter that cannot be judged.
    pub(crate) fn unknown(rule: &'static str, severity: Severity, reason: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Unknown, severity, reason: reason.into() }
    }

    /// Shown, and judged by nobody.
    pub(crate) fn listed(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Listed, severity: Severity::Info, reason: reason.into() }
    }

    /// All is well.
    pub(crate) fn pass(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, verdict: Verdict::Pass, severity: Severity::Info, reason: reason.into() }
    }

    /// All is well, unless it rests on a source that is a gap: a pass needs the whole. `gap` is what cannot be known.
    pub(crate) fn pass_unless(gap: Option<&str>, rule: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        match gap {
            Some(gap) => Self::missing(format!("{reason}; {gap}")),
            None => Self::pass(rule, reason),
        }
    }

    /// A verdict that rests on a source that was not seen.
    pub(crate) fn missing(reason: impl Into<String>) -> Self {
        Self::unknown(SOURCE_MISSING, Severity::Medium, reason)
    }

    /// Worst first: fail, review, unknown, listed, pass; then severity; then rule id.
    fn order(&self, other: &Self) -> Ordering {
        (self.verdict, self.severity, self.rule).cmp(&(other.verdict, other.severity, other.rule))
    }
}

/// Rule of everything that rests on a gap.
pub(crate) const SOURCE_MISSING: &str = "source-missing";

/// One subject, judged.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Judged {
    /// Kind of the subject.
    pub(crate) subject_kind: &'static str,
    /// The subject.
    pub(crate) subject: String,
    /// Every rule that applies, worst first; never empty.
    hits: Vec<Hit>,
    /// The analyzer's own columns.
    pub(crate) cells: Vec<Cell>,
    /// Whether exceptions cover every open rule.
    accepted: bool,
    /// The exceptions that cover a rule, as words for the reason; empty without one.
    note: String,
}

/// A count of rows as a total. None found over a gap is not none.
pub(crate) fn found(rows: &[Judged], n: usize) -> serde_json::Value {
    let gap = rows.iter().any(|row| row.subject_kind == "source");
    if n == 0 && gap { serde_json::Value::Null } else { n.into() }
}

impl Judged {
    /// A subject with the rules that apply; `cells` by column name, the rest of the columns empty.
    ///
    /// # Panics
    /// When the analyzer declares no such column: a value would be missing from every report, and nobody would see it.
    pub(crate) fn new(
        meta: &Meta,
        (subject_kind, subject): (&'static str, &str),
        mut hits: Vec<Hit>,
        cells: impl IntoIterator<Item = (&'static str, Cell)>,
    ) -> Self {
        hits.sort_by(Hit::order);
        let mut row = vec![Cell::Empty; meta.columns.len()];
        for (name, cell) in cells {
            let at = declared(meta, name);
            row[at] = cell;
        }
        Self { subject_kind, subject: subject.to_owned(), hits, cells: row, accepted: false, note: String::new() }
    }

    /// The row of a gap.
    pub(crate) fn source(meta: &Meta, manifest: &Manifest, source: Source) -> Self {
        let why = manifest.why(source);
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.trim_end_matches('.')) };
        let reason = format!("{source} is {}{why}: {}", manifest.coverage(source), super::gaps::consequence(source));
        Self::new(meta, ("source", source.name()), vec![Hit::unknown(SOURCE_MISSING, Severity::High, reason)], [])
    }

    /// The worst rule.
    pub(crate) fn worst(&self) -> Option<&Hit> {
        self.hits.first()
    }

    /// The worst rule's verdict; `accepted` under an exception.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.accepted {
            return Verdict::Accepted;
        }
        self.worst().map_or(Verdict::Unknown, |hit| hit.verdict)
    }

    /// All rules, worst first.
    pub(crate) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Notes the exceptions that cover rules of this row, and whether these are all that are open.
    pub(crate) fn accept(&mut self, accepted: bool, note: String) {
        (self.accepted, self.note) = (accepted, note);
    }

    /// Moves a rule behind those that no exception covers.
    pub(crate) fn demote(&mut self, rule: &str) {
        if let Some(at) = self.hits.iter().position(|hit| hit.rule == rule) {
            let hit = self.hits.remove(at);
            self.hits.push(hit);
        }
    }

    /// The cell of a column.
    pub(crate) fn cell(&self, meta: &Meta, name: &str) -> &Cell {
        let at = meta.columns.iter().position(|column| column.name == name);
        at.and_then(|at| self.cells.get(at)).unwrap_or(&Cell::Empty)
    }

    /// Replaces the cell of a column.
    ///
    /// # Panics
    /// When the analyzer declares no such column.
    pub(crate) fn set(&mut self, meta: &Meta, name: &str, cell: Cell) {
        self.cells[declared(meta, name)] = cell;
    }

    /// The finished row.
    pub(crate) fn into_row(self) -> Row {
        let verdict = self.verdict();
        let mut hits = self.hits.into_iter();
        let worst = hits.next().unwrap_or_else(|| Hit::missing("no rule applies"));
        let mut also: Vec<String> = hits.map(|hit| hit.rule.to_owned()).collect();
        also.sort();
        also.dedup();
        let note = if self.note.is_empty() { String::new() } else { format!("; {}", self.note) };
        let reason = format!("{}{note}", worst.reason);
        Row {
            subject_kind: self.subject_kind.to_owned(),
            subject: self.subject,
            verdict,
            severity: worst.severity,
            rule: worst.rule.to_owned(),
            also,
            reason,
            cells: self.cells,
        }
    }
}

/// Position of a column. In the optimized program too, a name that is not declared is an error and no empty cell.
fn declared(meta: &Meta, name: &str) -> usize {
    let at = meta.columns.iter().position(|column| column.name == name);
    at.unwrap_or_else(|| panic!("{} declares no column {name}", meta.id))
}

/// Report order: verdict, severity, kind, subject, resource, in byte order.
pub(crate) fn sort(meta: &Meta, rows: &mut [Row]) {
    let resource = meta.columns.iter().position(|column| column.name == "resource");
    let at = |row: &Row| resource.and_then(|at| row.cells.get(at)).map(Cell::to_text).unwrap_or_default();
    rows.sort_by_cached_key(|row| (row.verdict, row.severity, row.subject_kind.clone(), row.subject.clone(), at(row)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::metas;

    /// A row of the first analyzer with one cell.
    fn row(column: &'static str) -> Judged {
        let meta = metas().next().expect("there are analyzers");
        Judged::new(meta, ("member", "ada"), vec![Hit::pass("active", "")], [(column, "x".into())])
    }

    #[test]
    fn a_declared_column_is_kept() {
        assert_eq!(row("fullname").cell(metas().next().unwrap(), "fullname"), &Cell::Text("x".to_owned()));
    }

    #[test]
    #[should_panic(expected = "inactive-seats declares no column full_name")]
    fn a_column_that_is_not_declared_is_never_dropped() {
        row("full_name");
    }

    #[test]
    #[should_panic(expected = "inactive-seats declares no column full_name")]
    fn a_column_that_is_not_declared_is_never_set() {
        row("fullname").set(metas().next().unwrap(), "full_name", Cell::Empty);
    }
}
