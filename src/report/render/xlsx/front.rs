//! The sheets around the analyzers': cover, summary, coverage, exceptions.

use std::borrow::Cow;

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::{
    Book, rows,
    style::Styles,
    table::{Grid, Head},
    text::{fit, height, lines},
};
use crate::{
    model::{
        exception::ExceptionOutcome,
        outcome::{Cell, CellKind, TieOut},
        verdict::Verdict,
    },
    report::{
        SourceFact,
        build::{capitalize, is_finding, state_word},
        snapshots_read,
    },
};

/// A row of a table.
type Line = Vec<Cow<'static, Cell>>;

/// A row of the given cells.
fn line<const N: usize>(cells: [Cell; N]) -> Line {
    cells.into_iter().map(Cow::Owned).collect()
}

/// The first sheet: what this is, of whom, from which evidence, whether it is complete, and how to check it.
pub(super) fn cover(book: &Book<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let (words, input, styles) = (&book.words, book.input, &book.styles);
    let mut facts = Facts { book, sheet, at: 0 };
    facts.sheet.set_print_fit_to_pages(1, 1);
    facts.sheet.set_column_width(0, 36)?;
    facts.sheet.set_column_width(1, 98)?;
    facts.sheet.set_row_height(0, 30)?;
    facts.sheet.write_string_with_format(0, 0, facts.fit(book.template.title()), &styles.title)?;
    facts.at = 2;
    facts.evidence()?;
    for (label, value) in &book.front.facts {
        facts.add(label, value)?;
    }
    let collector = &input.manifest.collector.login;
    let reviewed = words.say("xlsx.self-review", &[("login", collector)]);
    if !collector.is_empty() {
        facts.add(&words.get("xlsx.independence"), &reviewed)?;
    }
    if !input.classification.is_empty() {
        facts.add(&words.get("xlsx.classification"), &input.classification)?;
    }
    facts.heading(&words.get("manifest.read"))?;
    for read in snapshots_read(input) {
        facts.mono(read.id, read.manifest_sha256)?;
    }
    facts.heading(&words.get("scope.thresholds"))?;
    let (label, plan) = &book.front.plan;
    facts.add(label, plan)?;
    for threshold in &book.front.thresholds {
        facts.add(&format!("{} ({})", threshold.label, threshold.key), &threshold.value)?;
    }
    facts.heading(&words.get("manifest.verify"))?;
    let (org, id) = (&input.manifest.org, &input.manifest.id);
    let command = |folder: String| format!("cd {folder} && sha256sum -c SHA256SUMS");
    facts.mono(&words.get("manifest.verify-snapshot"), &command(format!("{org}/snapshots/{id}")))?;
    facts.mono(&words.get("manifest.verify-report"), &command(format!("{org}-{id}")))?;
    facts.add(&words.get("xlsx.digest"), &words.get("manifest.verify-manifest"))?;
    facts.heading(&words.get("xlsx.reading"))?;
    for (label, value) in
        [("xlsx.times", "xlsx.times-text"), ("xlsx.texts", "xlsx.texts-text"), ("xlsx.all", "cover.note")]
    {
        facts.add(&words.get(label), &words.get(value))?;
    }
    Ok(())
}

/// Labels and values, one pair a row.
struct Facts<'b, 'w> {
    /// Formats and words.
    book: &'b Book<'b>,
    /// The sheet.
    sheet: &'w mut Worksheet,
    /// Next free row.
    at: u32,
}

impl Facts<'_, '_> {
    /// A text that a cell can hold.
    fn fit(&self, text: &str) -> String {
        fit(text, &self.book.words.get("xlsx.cut"))
    }

    /// A heading after an empty row.
    fn heading(&mut self, heading: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.at + 1, 0, self.fit(heading), &self.book.styles.heading)?;
        self.at += 2;
        Ok(())
    }

    /// A fact.
    fn add(&mut self, label: &str, value: &str) -> Result<(), XlsxError> {
        let digest = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
        if digest {
            return self.mono(label, value);
        }
        self.pair(label, value, &self.book.styles.value)
    }

    /// A digest or a command.
    fn mono(&mut self, label: &str, value: &str) -> Result<(), XlsxError> {
        self.pair(label, value, &self.book.styles.mono)
    }

    /// A label and a value, in a row that is high enough for both.
    fn pair(&mut self, label: &str, value: &str, format: &Format) -> Result<(), XlsxError> {
        let (label, value) = (self.fit(label), self.fit(value));
        let lines = lines(&label, 36).max(lines(&value, 92));
        self.sheet.write_string_with_format(self.at, 0, label, &self.book.styles.label)?;
        self.sheet.write_string_with_format(self.at, 1, value, format)?;
        self.sheet.set_row_height(self.at, height(lines))?;
        self.at += 1;
        Ok(())
    }

    /// Whether the evidence is complete, and what is missing.
    fn evidence(&mut self) -> Result<(), XlsxError> {
        let (words, front) = (&self.book.words, &self.book.front);
        let gaps = front.sources.iter().filter(|fact| fact.gap);
        let (verdict, badge) = match front.holes.as_slice() {
            [] => (Verdict::Pass, words.get("cover.complete")),
            holes => (Verdict::Unknown, capitalize(&holes.join("; "))),
        };
        self.sheet.merge_range(self.at, 0, self.at, 1, &badge, &Styles::badge(verdict))?;
        self.sheet.set_row_height(self.at, 24)?;
        self.at += 1;
        for mark in &front.marks {
            self.add(&mark.short, &mark.text)?;
        }
        for gap in gaps {
            let (source, coverage) = words_of(self.book, gap);
            let value = [coverage.as_str(), gap.why.unwrap_or_default()];
            let value = value.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
            self.add(&words.say("xlsx.gap", &[("source", &source)]), &value)?;
        }
        self.at += 1;
        Ok(())
    }
}

/// A source and its coverage in words.
fn words_of(book: &Book<'_>, fact: &SourceFact<'_>) -> (String, String) {
    let name = fact.source.name();
    let source = book.words.find(&format!("source.{name}")).unwrap_or(name);
    let source = if source == name { name.to_owned() } else { format!("{source} ({name})") };
    let meaning = book.words.find(&format!("coverage.{}", fact.coverage)).unwrap_or_default();
    let coverage =
        if meaning.is_empty() { fact.coverage.to_string() } else { format!("{} ({meaning})", fact.coverage) };
    (source, coverage)
}

/// The key figures, what each analyzer says, and the figures compared.
pub(super) fn summary(book: &Book<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let words = &book.words;
    let mut grid = Grid::new(book, sheet);
    grid.heading(&words.get("xlsx.figures"))?;
    let figures = [
        Head::new(words.get("tie-out.name"), CellKind::Text),
        Head::new(words.get("xlsx.figure"), CellKind::Text),
        Head::new(words.get("xlsx.change"), CellKind::Text),
        Head::verdict(words.get("analyzer.verdict")),
    ];
    let tiles = book.front.tiles.iter().map(|tile| {
        let verdict = tile.verdict.map(|v| v.word().to_owned());
        line([tile.label.clone().into(), tile.value.clone().into(), tile.note.clone().into(), verdict.into()])
    });
    grid.table(&figures, tiles)?;
    grid.heading(&words.get("xlsx.analyzers"))?;
    let mut heads = vec![Head::new(words.get("sign-off.analyzer"), CellKind::Text)];
    heads.push(Head::new(words.get("xlsx.sheet"), CellKind::Text));
    heads.extend(Verdict::ALL.map(|v| Head::new(v.word(), CellKind::Integer)));
    heads.push(Head::new(words.get("xlsx.evidence"), CellKind::Text));
    heads.push(Head::prose(words.get("xlsx.answer")));
    let complete = words.get("xlsx.complete");
    let analyzers = book.front.analyzers.iter().map(|about| {
        let outcome = about.outcome;
        let mut cells = line([about.title.clone().into(), rows::names(book, outcome).join(", ").into()]);
        cells.extend(Verdict::ALL.map(|v| Cow::Owned(Cell::from(outcome.count(v)))));
        let gaps =
            if about.gaps.is_empty() { complete.clone() } else { words.say("xlsx.gap", &[("source", &about.gaps)]) };
        cells.extend(line([gaps.into(), about.answer.clone().into()]));
        cells
    });
    grid.table(&heads, analyzers)?;
    if book.front.analyzers.iter().any(|about| rows::names(book, about.outcome).len() > 1) {
        grid.note(&words.get("xlsx.continued"), 8)?;
    }
    grid.heading(&words.get("xlsx.tie-outs"))?;
    let heads = [
        Head::new(words.get("tie-out.name"), CellKind::Text),
        Head::new(words.get("xlsx.counted-from"), CellKind::Text),
        Head::new(words.get("tie-out.counted"), CellKind::Integer),
        Head::new(words.get("tie-out.stated"), CellKind::Integer),
        Head::new(words.get("tie-out.difference"), CellKind::Integer),
        Head::new(words.get("tie-out.explained"), CellKind::Integer),
        Head::new(words.get("tie-out.unexplained"), CellKind::Integer),
        Head::new(words.get("xlsx.stated-by"), CellKind::Text),
        Head::new(words.get("xlsx.agreement"), CellKind::Text),
        Head::prose(words.get("tie-out.explanation")),
    ];
    if book.input.tie_outs.is_empty() {
        grid.note(&words.get("tie-out.empty"), 8)?;
    } else {
        grid.table(&heads, book.input.tie_outs.iter().map(|tie| tie_out(book, tie)))?;
    }
    grid.finish()
}

/// The row of two figures compared.
fn tie_out(book: &Book<'_>, tie: &TieOut) -> Line {
    let agreement = match (tie.difference, tie.unexplained) {
        (None, _) | (_, None) => "tie-out.incomplete",
        (Some(0), Some(0)) => "tie-out.agrees",
        (_, Some(0)) => "xlsx.explained",
        _ => "xlsx.unexplained",
    };
    line([
        tie.name.clone().into(),
        tie.counted_from.clone().into(),
        tie.counted.into(),
        tie.stated.into(),
        tie.difference.into(),
        tie.explained.into(),
        tie.unexplained.into(),
        tie.stated_by.clone().into(),
        book.words.get(agreement).into(),
        tie.explanation.clone().into(),
    ])
}

/// What became of every source, gaps first.
pub(super) fn coverage(book: &Book<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let words = &book.words;
    let heads = [
        Head::new(words.get("scope.source"), CellKind::Text),
        Head::new(words.get("scope.coverage"), CellKind::Text),
        Head::new(words.get("xlsx.is-gap"), CellKind::Boolean),
        Head::new(words.get("scope.rows"), CellKind::Integer),
        Head::new(words.get("scope.requests"), CellKind::Integer),
        Head::prose(words.get("xlsx.why")),
        Head::prose(words.get("xlsx.needed-by")),
    ];
    let (gaps, others): (Vec<_>, Vec<_>) = book.front.sources.iter().partition(|fact| fact.gap);
    let mut grid = Grid::new(book, sheet);
    let rows = gaps.into_iter().chain(others).map(|fact| {
        let (source, coverage) = words_of(book, fact);
        let rows = fact.rows.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let needed: Vec<String> = fact.needed_by.iter().map(|id| (*id).to_owned()).collect();
        line([
            source.into(),
            coverage.into(),
            fact.gap.into(),
            rows.into(),
            fact.requests.into(),
            fact.why.unwrap_or_default().into(),
            needed.into(),
        ])
    });
    grid.table(&heads, rows)?;
    finish_list(grid, heads.len())
}

/// Points of frameworks, and what was found about each.
pub(super) fn controls(book: &Book<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let words = &book.words;
    let mut heads = vec![
        Head::new(words.get("controls.framework-name"), CellKind::Text),
        Head::new(words.get("controls.requirement"), CellKind::Text),
        Head::prose(words.get("controls.title")),
        Head::new(words.get("controls.found"), CellKind::Text),
    ];
    heads.extend(Verdict::ALL.map(|v| Head::new(v.word(), CellKind::Integer)));
    heads.push(Head::prose(words.get("controls.looked-at")));
    heads.push(Head::prose(words.get("controls.not-read")));
    let assessed = crate::report::controls::assess(book.input, &book.template.frameworks);
    let rows = assessed.iter().map(|a| {
        let state = words.find(&format!("controls.{}", a.state.word())).unwrap_or(a.state.word()).to_owned();
        let requirement = a.requirement;
        let id = requirement.id.get_ref().clone();
        let mut cells =
            line([a.framework.name.clone().into(), id.into(), requirement.title.clone().into(), state.into()]);
        cells.extend(a.counts.values().map(|n| Cow::Owned(Cell::from(*n))));
        cells.extend(line([requirement.looks().collect::<Vec<_>>().into(), a.missing.clone().into()]));
        cells
    });
    let mut grid = Grid::new(book, sheet);
    grid.table(&heads, rows)?;
    finish_list(grid, heads.len())
}

/// Every exception and its fate, those that need attention first.
pub(super) fn exceptions(book: &Book<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let words = &book.words;
    let mut grid = Grid::new(book, sheet);
    let names =
        ["analyzer", "rule", "subject", "pattern", "resource", "reason", "approved_by", "expires", "state", "rows"];
    let mut heads: Vec<Head> = names
        .into_iter()
        .map(|name| match name {
            "pattern" => Head::new(name, CellKind::Boolean),
            "expires" => Head::new(name, CellKind::Date),
            "rows" => Head::new(name, CellKind::Integer),
            "reason" => Head::prose(name),
            _ => Head::new(name, CellKind::Text),
        })
        .collect();
    heads.push(Head::prose("note"));
    let mut list: Vec<&ExceptionOutcome> = book.input.exceptions.iter().collect();
    list.sort_by_key(|outcome| !is_finding(outcome));
    grid.table(&heads, list.into_iter().map(exception))?;
    if book.input.exceptions.is_empty() {
        grid.at += 1;
        grid.note(&words.get("exceptions.empty"), 6)?;
        grid.at = 1;
    }
    finish_list(grid, heads.len())
}

/// The row of an exception.
fn exception(outcome: &ExceptionOutcome) -> Line {
    let e = &outcome.exception;
    line([
        e.analyzer.clone().into(),
        e.rule.clone().into(),
        e.subject.clone().into(),
        e.pattern.into(),
        e.resource.clone().into(),
        e.reason.clone().into(),
        e.approved_by.clone().into(),
        e.expires.into(),
        state_word(outcome.state).into(),
        outcome.matched.into(),
        outcome.note.clone().into(),
    ])
}

/// Header that stays in sight and filters, on a sheet that is one list.
fn finish_list(grid: Grid<'_, '_>, columns: usize) -> Result<(), XlsxError> {
    let last = u16::try_from(columns.saturating_sub(1)).unwrap_or(u16::MAX);
    grid.sheet.set_freeze_panes(1, 1)?;
    grid.sheet.set_repeat_rows(0, 0)?;
    grid.sheet.autofilter(0, 0, grid.at.saturating_sub(1), last)?;
    grid.finish()
}
