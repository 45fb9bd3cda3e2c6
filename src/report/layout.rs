//! What a template may say: the keys of `report.toml`.

use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use super::{document::ChartStyle, words::Words};
use crate::model::verdict::Verdict;

/// A whole template.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layout {
    /// Version of the format, checked before everything else.
    #[serde(rename = "version")]
    pub(super) _version: u32,
    /// Title of the report.
    pub(super) title: String,
    /// Whom it is for.
    pub(super) audience: String,
    /// BCP 47 tag of the words.
    pub(super) language: Spanned<String>,
    /// Frameworks whose points the report speaks to: names of embedded ones, or paths of a user's own.
    #[serde(default)]
    pub(super) controls: Vec<Spanned<String>>,
    /// Sections in order.
    pub(super) sections: Vec<Section>,
}

/// What a section is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Title page.
    Cover,
    /// One page: sentences, tiles, pictures, actions.
    Summary,
    /// Sources, thresholds, limits.
    Scope,
    /// Key figures over the snapshots in the store.
    Trends,
    /// Figures compared.
    TieOut,
    /// One analyzer.
    Analyzer,
    /// What became of the findings of the baseline.
    FollowUp,
    /// Points of frameworks, and what was found about each.
    Controls,
    /// Exceptions and their fate.
    Exceptions,
    /// What is left to decide, and lines to sign on.
    SignOff,
    /// Hashes, requests, commands.
    Manifest,
    /// The population.
    Appendix,
}

/// The words of all kinds.
pub(super) fn words<'a>() -> impl Iterator<Item = &'a str> {
    use Kind::{
        Analyzer, Appendix, Controls, Cover, Exceptions, FollowUp, Manifest, Scope, SignOff, Summary, TieOut, Trends,
    };
    [Cover, Summary, Scope, Trends, TieOut, Analyzer, FollowUp, Controls, Exceptions, SignOff, Manifest, Appendix]
        .into_iter()
        .map(|kind| -> &'a str { kind.word() })
}

/// A part of an analyzer's section.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    /// The question, the answer in one sentence, rows by verdict.
    Answer,
    /// Pictures.
    Charts,
    /// Totals as label and value.
    Facts,
    /// Totals that are tables.
    Breakdowns,
    /// Rows that somebody must look at, each rule with what to do.
    Decisions,
    /// The same rows as one table, for whoever works through them.
    List,
    /// How it was judged.
    Method,
}

impl Part {
    /// The parts of a section that does not say which.
    const USUAL: [Self; 6] = [Self::Answer, Self::Charts, Self::Facts, Self::Breakdowns, Self::Decisions, Self::Method];
}

impl Kind {
    /// The word in a template, also the anchor of the section.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Summary => "summary",
            Self::Scope => "scope",
            Self::Trends => "trends",
            Self::TieOut => "tie-out",
            Self::Analyzer => "analyzer",
            Self::FollowUp => "follow-up",
            Self::Controls => "controls",
            Self::Exceptions => "exceptions",
            Self::SignOff => "sign-off",
            Self::Manifest => "manifest",
            Self::Appendix => "appendix",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// `[[sections]]`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// What it is.
    pub(super) kind: Spanned<Kind>,
    /// Title; the cover's is not printed.
    #[serde(default)]
    pub(super) title: String,
    /// Anchor; the analyzer or the kind when not given.
    pub(super) id: Option<String>,
    /// Whether a cover is the head of the first page rather than a page of its own.
    #[serde(default)]
    pub(super) compact: bool,
    /// Whether everything is printed that is kept: each request, each part of the archive, what each requirement asks.
    #[serde(default)]
    pub(super) full: bool,
    /// Parts of an analyzer's section, in order.
    pub(super) parts: Option<Vec<Part>>,
    /// Whether it follows the section before on the same page.
    #[serde(default)]
    pub(super) flow: bool,
    /// Analyzer of a section of kind `analyzer` or `appendix`.
    pub(super) analyzer: Option<Spanned<String>>,
    /// Analyzers whose answers and actions a summary shows.
    #[serde(default)]
    pub(super) analyzers: Vec<Spanned<String>>,
    /// Key figures of a summary, or of trends.
    #[serde(default)]
    pub(super) tiles: Vec<Spanned<String>>,
    /// Number of actions in a summary.
    #[serde(default)]
    pub(super) actions: usize,
    /// Pictures; two at most stand side by side.
    #[serde(default)]
    pub(super) charts: Vec<ChartSpec>,
    /// Totals shown as label and value.
    #[serde(default)]
    pub(super) facts: Vec<FactSpec>,
    /// Totals that are tables themselves.
    #[serde(default)]
    pub(super) breakdowns: Vec<BreakdownSpec>,
    /// Columns of its table.
    #[serde(default)]
    pub(super) columns: Vec<ColumnSpec>,
    /// Verdicts whose rows are printed; all but `listed` and `pass` when not given.
    pub(super) verdicts: Option<Vec<Verdict>>,
    /// Rows listed at most; none left out when not given.
    pub(super) cap: Option<usize>,
    /// Boxes of a sign-off: who signs.
    #[serde(default)]
    pub(super) signatories: Vec<String>,
    /// Who acknowledges for management, in a box of its own.
    pub(super) acknowledged_by: Option<String>,
}

/// A picture.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChartSpec {
    /// Chart id, as the analyzer gives it.
    pub(super) id: Spanned<String>,
    /// The analyzer; the section's own when not given.
    pub(super) analyzer: Option<Spanned<String>>,
    /// The drawing.
    #[serde(with = "Style")]
    pub(super) style: ChartStyle,
    /// Whether seats by status over the snapshots in the store take its place, once there are two.
    #[serde(default)]
    pub(super) over_time: bool,
}

/// Words of [`ChartStyle`] in a template.
#[derive(Deserialize)]
#[serde(remote = "ChartStyle", rename_all = "lowercase")]
enum Style {
    /// Vertical bars.
    Columns,
    /// Horizontal bars.
    Bars,
    /// One bar in parts.
    Share,
    /// A mark per subject.
    Dots,
}

/// A total as label and value.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactSpec {
    /// Key of the total.
    pub(super) total: Spanned<String>,
    /// Label.
    pub(super) title: String,
}

/// A total that is a list of objects or a map.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakdownSpec {
    /// Key of the total.
    pub(super) total: Spanned<String>,
    /// Heading; `None` where the section's own title says it.
    pub(super) title: Option<String>,
    /// Keys of the objects with their titles; `key` and `value` for a map.
    pub(super) columns: Vec<FieldSpec>,
    /// Keys of a map of objects with their titles, in order; the first column is then the title.
    #[serde(default)]
    pub(super) rows: Vec<FieldSpec>,
}

/// A column or a row of a breakdown.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    /// Key.
    pub(super) key: Spanned<String>,
    /// Header.
    pub(super) title: String,
}

/// A column of the analyzer's table.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnSpec {
    /// Column name, as in CSV.
    pub(super) name: Spanned<String>,
    /// Header; the name in words when not given.
    pub(super) title: Option<String>,
    /// Share of the width relative to the others.
    pub(super) weight: Option<f32>,
}

impl Section {
    /// Anchor: the analyzer's id, else the kind.
    pub(super) fn anchor(&self) -> &str {
        match (&self.id, &self.analyzer, self.kind.get_ref()) {
            (Some(id), ..) => id,
            (None, Some(id), Kind::Analyzer) => id.get_ref(),
            (None, _, kind) => kind.word(),
        }
    }

    /// Parts of an analyzer's section, in order.
    pub(super) fn parts(&self) -> &[Part] {
        self.parts.as_deref().unwrap_or(&Part::USUAL)
    }

    /// Optional keys: whether the section uses each, and the kinds that take it.
    pub(super) fn keys(&self) -> [(&'static str, bool, &'static [Kind]); 17] {
        use Kind::{
            Analyzer, Appendix, Controls, Cover, Exceptions, FollowUp, Manifest, Scope, SignOff, Summary, TieOut,
            Trends,
        };
        const BODY: &[Kind] =
            &[Summary, Scope, Trends, TieOut, Analyzer, FollowUp, Controls, Exceptions, SignOff, Manifest, Appendix];
        [
            ("flow", self.flow, BODY),
            ("id", self.id.is_some(), BODY),
            ("compact", self.compact, &[Cover]),
            ("full", self.full, &[Scope, Controls, Manifest]),
            ("parts", self.parts.is_some(), &[Analyzer]),
            ("analyzer", self.analyzer.is_some(), &[Analyzer, Appendix]),
            ("analyzers", !self.analyzers.is_empty(), &[Summary]),
            ("tiles", !self.tiles.is_empty(), &[Summary, Trends]),
            ("actions", self.actions > 0, &[Summary]),
            ("charts", !self.charts.is_empty(), &[Summary, Analyzer]),
            ("facts", !self.facts.is_empty(), &[Summary, Analyzer]),
            ("breakdowns", !self.breakdowns.is_empty(), &[Summary, Analyzer]),
            ("columns", !self.columns.is_empty(), &[Analyzer, Appendix]),
            ("verdicts", self.verdicts.is_some(), &[Analyzer]),
            ("cap", self.cap.is_some(), &[Appendix]),
            ("signatories", !self.signatories.is_empty(), &[SignOff]),
            ("acknowledged_by", self.acknowledged_by.is_some(), &[SignOff]),
        ]
    }
}

impl Layout {
    /// Puts its texts into another language, as far as that has words for them.
    pub(super) fn translate(&mut self, words: &Words) {
        words.language().clone_into(self.language.as_mut());
        self.texts(&mut |text| {
            if let Some(translated) = words.find(&format!("template.{text}")) {
                translated.clone_into(text);
            }
        });
    }

    /// Hands every text on that a reader sees.
    pub(super) fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.title);
        each(&mut self.audience);
        for section in &mut self.sections {
            each(&mut section.title);
            section.facts.iter_mut().for_each(|fact| each(&mut fact.title));
            for breakdown in &mut section.breakdowns {
                breakdown.title.iter_mut().for_each(&mut *each);
                let named = breakdown.columns.iter_mut().chain(&mut breakdown.rows);
                named.for_each(|field| each(&mut field.title));
            }
            section.columns.iter_mut().filter_map(|column| column.title.as_mut()).for_each(&mut *each);
            section.signatories.iter_mut().chain(&mut section.acknowledged_by).for_each(&mut *each);
        }
    }

    /// Every analyzer that the template names, in order of first mention.
    pub(super) fn analyzers(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        for section in &self.sections {
            for id in section.analyzer.iter().chain(&section.analyzers) {
                if !ids.contains(&id.get_ref().as_str()) {
                    ids.push(id.get_ref().as_str());
                }
            }
        }
        ids
    }
}
