//! Judges a sealed snapshot and writes the report. Offline: nothing here opens a socket or asks the time.

use std::{path::PathBuf, str::FromStr as _, sync::Arc};

use super::{
    Console, VERSION, answer,
    error::{Error, Exit},
    history::{self, Judged},
    personal, remake,
    request::{Common, Report as Ask},
    select::{Asked, Selection},
    settings::Settings,
    summary::{self, Summary},
};
use crate::{
    analyze::{self, Analysis},
    model::{
        coverage::{Coverage, Source},
        ids::OrgName,
        outcome::{Outcome, Row},
        verdict::{Severity, Verdict},
    },
    report::{
        self, Format, Made,
        document::Paper,
        privacy,
        several::{self, Organization, Review},
        template::Template,
    },
    store::{OrgStore, Snapshot, Store},
};

/// The template when nobody names one.
pub(super) const TEMPLATE: &str = "access-review";

/// Formats when nobody names any.
const FORMATS: [&str; 2] = ["csv", "pdf"];

/// Folder of reports when nobody names one.
pub(super) const OUT: &str = "./rollcall-reports";

/// What was asked for, checked before anything is collected or judged.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Which snapshot.
    asked: Asked,
    /// Templates.
    templates: Vec<Template>,
    /// Names of those that are the user's own.
    own: Vec<String>,
    /// Formats.
    formats: Vec<Format>,
    /// Folder.
    out: PathBuf,
}

/// A report that is made and lies nowhere yet.
struct Ready<'a> {
    /// What it is made of.
    input: &'a report::Input<'a>,
    /// What it is about.
    selection: &'a Selection,
    /// Its files.
    made: Made,
}

impl Reporter {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// When a period, an id, a template, a format or a language makes no sense.
    pub(super) fn new(ask: &Ask, settings: &Settings) -> Result<Self, Error> {
        let [period, snapshot, baseline] = [&ask.period, &ask.snapshot, &ask.baseline].map(|text| text.as_deref());
        let asked = Asked::parse(period, snapshot, baseline, settings.config.values.report.grace_days)?;
        let language = settings.config.values.report.language.as_deref();
        let names: Vec<&str> =
            if ask.templates.is_empty() { vec![TEMPLATE] } else { ask.templates.iter().map(String::as_str).collect() };
        let templates = names.iter().map(|name| report::template::load(name, language)).collect::<Result<_, _>>();
        let formats: Vec<&str> =
            if ask.formats.is_empty() { FORMATS.to_vec() } else { ask.formats.iter().map(String::as_str).collect() };
        let formats = formats.into_iter().map(|format| {
            Format::from_str(format.trim()).map_err(|error: report::render::BadFormat| {
                Error::usage(error.to_string(), "give --format one or more of csv,pdf,html,json,md,xlsx,oscal,ocsf")
            })
        });
        let mut formats = formats.collect::<Result<Vec<_>, _>>()?;
        formats.sort_unstable();
        formats.dedup();
        let out = ask.out.clone().unwrap_or_else(|| PathBuf::from(OUT));
        let templates: Vec<Template> = templates?;
        let embedded = report::template::names();
        let own = names.iter().zip(&templates).filter(|(name, _)| !embedded.contains(*name));
        let own = own.map(|(_, template)| template.name().to_owned()).collect();
        Ok(Self { asked, templates, own, formats, out })
    }

    /// The snapshot, baseline and period that were asked for.
    ///
    /// # Errors
    /// When the store cannot be read or nothing in it fits.
    pub(super) fn selection(&self, place: &OrgStore) -> Result<Selection, Error> {
        place.must_exist()?;
        self.asked.select(&place.ids()?)
    }

    /// Judges the chosen snapshot of an organization, writes its report, and prints a summary.
    ///
    /// # Errors
    /// When a snapshot cannot be read or the report cannot be written.
    pub(super) fn report(
        &self,
        settings: &Settings,
        org: &OrgName,
        common: &Common,
        console: &Arc<dyn Console>,
    ) -> Result<Exit, Error> {
        Ok(self.review(settings, org, common, console)?.0)
    }

    /// Writes the summary of several organizations, and prints it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn several(&self, organizations: &[Organization], console: &Arc<dyn Console>) -> Result<(), Error> {
        let language = self.templates.first().map(Template::language).unwrap_or_default();
        let written = several::write(organizations, &self.formats, language, &self.out)?;
        let text = std::fs::read_to_string(written.dir.join("summary.md")).unwrap_or_default();
        let dir = written.dir.display();
        console.print(&format!("\n{text}\nwritten to {dir}\n")).map_err(Error::Output)
    }

    /// Does what [`Reporter::report`] does, and gives what a summary of several organizations needs.
    ///
    /// # Errors
    /// When a snapshot cannot be read or the report cannot be written.
    pub(super) fn review(
        &self,
        settings: &Settings,
        org: &OrgName,
        common: &Common,
        console: &Arc<dyn Console>,
    ) -> Result<(Exit, Review), Error> {
        let deliver = |Ready { input, selection, made }: Ready<'_>| {
            let written = made.publish(input, &self.out)?;
            if input.redacted && !written.earlier.is_empty() {
                // They are counted only: whoever put one there may have called it after somebody.
                let (dir, n) = (written.dir.display(), written.earlier.len());
                console.say(&format!("warning: {dir} also holds files of an earlier run, perhaps not redacted: {n}"));
            }
            let summary = Summary {
                manifest: input.manifest,
                outcomes: input.outcomes,
                exceptions: input.exceptions,
                selection,
                dir: &written.dir,
                files: &written.files,
            };
            console.print(&summary.to_text()).map_err(Error::Output)
        };
        let ((), snapshot, analysis) = self.make(settings, org, common.redact, deliver)?;
        let complete = self.is_complete(&snapshot, &analysis);
        Ok((exit(complete, &analysis, common), review(&snapshot, &analysis)))
    }

    /// Makes the files of a report, which are not written anywhere.
    ///
    /// # Errors
    /// When a snapshot cannot be read or a file cannot be made.
    pub(super) fn files(&self, settings: &Settings, org: &OrgName, common: &Common) -> Result<(Made, Exit), Error> {
        let (made, snapshot, analysis) = self.make(settings, org, common.redact, |ready| Ok(ready.made))?;
        Ok((made, exit(self.is_complete(&snapshot, &analysis), &analysis, common)))
    }

    /// Judges the chosen snapshot of an organization, and hands its report over.
    ///
    /// # Errors
    /// When a snapshot cannot be read, a file cannot be made, or what it is handed to fails.
    fn make<T>(
        &self,
        settings: &Settings,
        org: &OrgName,
        redact: bool,
        deliver: impl FnOnce(Ready<'_>) -> Result<T, Error>,
    ) -> Result<(T, Snapshot, Analysis), Error> {
        let place = Store::new(settings.store.clone()).org(org);
        let selection = self.selection(&place)?;
        let Judged { snapshot, analysis, trend, baseline, follow_up } =
            history::judge_with_trend(&place, &selection, settings)?;
        let input = report::Input {
            manifest: &snapshot.manifest,
            manifest_sha256: snapshot.manifest_sha256.clone(),
            tool_version: VERSION.to_owned(),
            period: (selection.period.start, selection.period.end),
            choice: selection.choice(),
            params: &settings.config.params(),
            outcomes: &analysis.outcomes,
            exceptions: &analysis.exceptions,
            tie_outs: &analysis.tie_outs,
            people: &analysis.people,
            follow_up: follow_up.as_ref(),
            headline: analysis.headline.clone(),
            baseline,
            trend,
            classification: settings.config.values.report.classification.clone(),
            paper: if settings.config.values.report.paper == "letter" { Paper::Letter } else { Paper::A4 },
            redacted: false,
        };
        let redacted = if redact {
            let exceptions = &settings.config.values.exceptions;
            Some(privacy::redact(&input, &personal::of(&place, &snapshot, exceptions)?))
        } else {
            None
        };
        let input = redacted.as_ref().map_or_else(|| input.clone(), |redacted| redacted.input(&input));
        let mut made = report::make(&input, &self.templates, &self.formats)?;
        let request = remake::Request {
            format: remake::FORMAT.to_owned(),
            tool: VERSION.to_owned(),
            org: org.to_string(),
            snapshot: selection.snapshot.to_string(),
            baseline: selection.baseline.as_ref().map(ToString::to_string),
            snapshots: history::read(&place.ids()?, &selection),
            period: selection.asked.clone(),
            templates: self.templates.iter().map(|template| template.name().to_owned()).collect(),
            own_templates: self.own.clone(),
            formats: self.formats.iter().map(ToString::to_string).collect(),
            redacted: input.redacted,
            configuration_sha256: remake::of_report(&settings.config).digest(),
            fonts: made.fonts.clone(),
        };
        made.add(remake::FILE, request.to_json())?;
        let delivered = deliver(Ready { input: &input, selection: &selection, made })?;
        Ok((delivered, snapshot, analysis))
    }

    /// Whether the evidence is complete for what is written: no analyzer in it has a row about missing evidence, and the
    /// snapshot's date is proved. CSV holds every analyzer, the other formats what their templates name.
    fn is_complete(&self, snapshot: &Snapshot, analysis: &Analysis) -> bool {
        let written = |id: &str| {
            self.formats.contains(&Format::Csv) || self.templates.iter().any(|template| template.rests_on(id))
        };
        let mut outcomes = analysis.outcomes.iter().filter(|outcome| written(outcome.meta.id));
        // Leavers cannot be judged without a roster, and a row says so; only one that was asked for can be missing.
        let unasked = |row: &&Row| {
            let source = row.subject.parse::<Source>();
            source.is_ok_and(|source| snapshot.manifest.coverage(source) == Coverage::NotRequested)
        };
        let is_whole = |outcome: &Outcome| answer::gaps(outcome).all(|row| unasked(&row));
        !snapshot.manifest.dated_by_hand && outcomes.all(is_whole)
    }
}

/// What a summary of several organizations needs of one review.
fn review(snapshot: &Snapshot, analysis: &Analysis) -> Review {
    let Snapshot { manifest, manifest_sha256, tables, .. } = snapshot;
    let count = |verdict| (verdict, analysis.outcomes.iter().map(|outcome| outcome.count(verdict)).sum());
    Review {
        snapshot: manifest.id.clone(),
        as_of: manifest.as_of,
        manifest_sha256: manifest_sha256.clone(),
        dated_by_hand: manifest.dated_by_hand,
        sample: manifest.sample,
        gaps: analyze::gaps_of(manifest).into_iter().map(Source::name).collect(),
        counts: Verdict::ALL.into_iter().map(count).collect(),
        figures: analysis.headline.clone(),
        members: tables.members.iter().map(|m| (m.user_id.clone(), m.username.clone())).collect(),
        members_known: !manifest.is_gap(Source::Members),
    }
}

/// The exit code of a finished report: gaps win over verdicts.
fn exit(complete: bool, analysis: &Analysis, common: &Common) -> Exit {
    if common.require_complete && !complete {
        return Exit::Gaps;
    }
    let Some(bar) = common.fail_on else { return Exit::Done };
    let by_row = reaches(analysis.outcomes.iter().flat_map(|outcome| &outcome.rows), bar);
    let by_exception = summary::EXCEPTION_SEVERITY.at_least(bar)
        && analysis.exceptions.iter().any(|e| e.state != crate::model::exception::ExceptionState::InForce);
    if by_row || by_exception { Exit::Verdicts } else { Exit::Done }
}

/// Whether a row that needs a decision is as severe as a bar.
pub(super) fn reaches<'r>(rows: impl IntoIterator<Item = &'r Row>, bar: Severity) -> bool {
    rows.into_iter().any(|row| row.verdict.is_open() && row.severity.at_least(bar))
}
