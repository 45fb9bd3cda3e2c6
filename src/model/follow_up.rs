//! What became of the findings of the last report: the open findings of the baseline against those of now.

use serde::Serialize;

use super::{
    data_file::{DataFileSpec, column},
    ids::SnapshotId,
    outcome::{Cell, CellKind},
    time::Timestamp,
    verdict::{Severity, Verdict},
};

/// The declaration.
pub static FILE: DataFileSpec = DataFileSpec {
    id: "follow-up",
    doc: "csv/follow-up.csv, and follow_up in JSON: what became of the open findings (fail, review, unknown) of the \
          baseline, and which are new. Both snapshots are judged with the thresholds and exceptions of now. Findings of \
          changes and privileged-activity are left out: they are about what happened in a period, not about a state. \
          Without a baseline there is no row.",
    columns: &[
        column(
            "status",
            CellKind::Text,
            "cannot-tell (evidence that it rested on is missing now), still-open, accepted (under an exception), new, or closed.",
        ),
        column("analyzer", CellKind::Text, "Analyzer."),
        column("rule", CellKind::Text, "Rule."),
        column("subject_kind", CellKind::Text, "What kind of thing is judged."),
        column(
            "subject",
            CellKind::Text,
            "Who or what is judged, as it is called now; of one that is gone, as it was called.",
        ),
        column("resource", CellKind::Text, "What it is about; empty where the analyzer names none."),
        column("verdict_before", CellKind::Text, "Verdict of the rule in the baseline; empty when new."),
        column("severity_before", CellKind::Text, "Severity of the rule in the baseline; empty when new."),
        column("verdict_now", CellKind::Text, "Verdict of the rule now; empty when it no longer applies."),
        column("severity_now", CellKind::Text, "Severity of the rule now; empty when it no longer applies."),
        column("missing", CellKind::List, "Sources that are missing now and keep one from telling; empty elsewhere."),
    ],
};

/// What became of a finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is no longer found, but evidence that it rested on is missing: whether it was mended cannot be told.
    CannotTell,
    /// It is still found.
    StillOpen,
    /// It is still found, and an exception accepts it.
    Accepted,
    /// It was not found in the baseline.
    New,
    /// It is no longer found, and everything that it rested on was read.
    Closed,
}

impl Fate {
    /// All fates, in the order of reports.
    pub const ALL: [Self; 5] = [Self::CannotTell, Self::StillOpen, Self::Accepted, Self::New, Self::Closed];

    /// The word in every output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CannotTell => "cannot-tell",
            Self::StillOpen => "still-open",
            Self::Accepted => "accepted",
            Self::New => "new",
            Self::Closed => "closed",
        }
    }
}

/// A finding of the baseline, of now, or of both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// What became of it.
    pub fate: Fate,
    /// Analyzer id.
    pub analyzer: &'static str,
    /// Rule id.
    pub rule: &'static str,
    /// Kind of the subject.
    pub subject_kind: &'static str,
    /// The subject.
    pub subject: String,
    /// What it is about; empty where the analyzer names none.
    pub resource: String,
    /// Verdict and severity in the baseline; `None` when new.
    pub before: Option<(Verdict, Severity)>,
    /// Verdict and severity now; `None` when the rule no longer applies.
    pub now: Option<(Verdict, Severity)>,
    /// Sources that are missing now and keep one from telling.
    pub missing: Vec<String>,
}

impl Followed {
    /// The row, in the order of [`FILE`].
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let verdict = |of: Option<(Verdict, Severity)>| Cell::from(of.map(|(verdict, _)| verdict.word()));
        let severity = |of: Option<(Verdict, Severity)>| Cell::from(of.map(|(_, severity)| severity.word()));
        vec![
            self.fate.word().into(),
            self.analyzer.into(),
            self.rule.into(),
            self.subject_kind.into(),
            self.subject.as_str().into(),
            self.resource.as_str().into(),
            verdict(self.before),
            severity(self.before),
            verdict(self.now),
            severity(self.now),
            self.missing.clone().into(),
        ]
    }

    /// Where a row stands: by fate, then worst first.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        let worst = self.now.or(self.before);
        let names = (self.subject_kind, self.subject.clone(), self.resource.clone(), self.rule);
        (self.fate, worst, self.analyzer, names)
    }
}

/// The findings of two snapshots, compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowUp {
    /// The baseline.
    pub baseline: SnapshotId,
    /// Its instant.
    pub as_of: Timestamp,
    /// Every finding of either, by [`Followed::rank`].
    pub findings: Vec<Followed>,
}
