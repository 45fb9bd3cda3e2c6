//! The files that belong to no analyzer, made from what the analysis and the manifest hold: rows by the columns that
//! `model` declares. The one thing added here are the words for what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Input,
    error::Error,
    template::Template,
    wording::{self, Wording},
};
use crate::model::{
    coverage::Source,
    data_file::{DataFile, REQUESTS},
    evidence::Request,
    follow_up::{self, Fate, Followed},
    ids::SnapshotId,
    outcome::{Cell, ColumnSpec, Outcome},
    people::{self, PersonFinding, PersonRow, to_do},
};

/// Which analyzers a file may show, and in whose words.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// What is reported.
    input: &'a Input<'a>,
    /// Ids of the analyzers.
    analyzers: BTreeSet<&'a str>,
    /// Words about each of them.
    words: BTreeMap<&'a str, Wording>,
}

impl<'a> Scope<'a> {
    /// The analyzers that a template names.
    ///
    /// # Errors
    /// When words cannot be read.
    pub(super) fn of_template(input: &'a Input<'a>, template: &'a Template) -> Result<Self, Error> {
        Self::new(input, template.layout.analyzers().into_iter().collect(), Some(template))
    }

    /// Every analyzer, in the words of the first template.
    ///
    /// # Errors
    /// When words cannot be read.
    pub(super) fn everything(input: &'a Input<'a>, templates: &'a [Template]) -> Result<Self, Error> {
        Self::new(input, input.outcomes.iter().map(|outcome| outcome.meta.id).collect(), templates.first())
    }

    /// Some analyzers, in the words of a template, where it has some.
    fn new(input: &'a Input<'a>, analyzers: BTreeSet<&'a str>, template: Option<&'a Template>) -> Result<Self, Error> {
        let language = template.map_or("en", Template::language);
        let mut words = BTreeMap::new();
        for id in &analyzers {
            let own = template.and_then(|template| template.wording.get(*id)).cloned();
            if let Some(found) = own.map_or_else(|| wording::load(id, None, language), |own| Ok(Some(own)))? {
                words.insert(*id, found);
            }
        }
        Ok(Self { input, analyzers, words })
    }

    /// The findings by person. A fact is shown where one of the analyzers has a column of that name: who may not see a
    /// column of an analyzer does not see it here either.
    pub(super) fn people(&self) -> DataFile {
        let outcomes: Vec<&Outcome> =
            self.input.outcomes.iter().filter(|outcome| self.analyzers.contains(outcome.meta.id)).collect();
        let columns = || outcomes.iter().flat_map(|outcome| outcome.meta.columns);
        let names: BTreeSet<&str> = columns().map(|column| column.name).collect();
        let shows = |column: &ColumnSpec| {
            let name = if column.name == "org_role" { "role" } else { column.name };
            names.contains(name)
        };
        let mut rows: Vec<PersonRow> = Vec::new();
        for row in self.input.people {
            let chosen: Vec<PersonFinding> =
                row.findings.iter().filter(|finding| self.analyzers.contains(finding.analyzer)).cloned().collect();
            rows.push(PersonRow { findings: chosen, ..row.clone() });
        }
        // What is left out may have been the worst.
        rows.sort_by_cached_key(PersonRow::rank);
        let rows = rows.iter().filter_map(|row| row.cells(shows, self.actions(row))).collect();
        DataFile { spec: &people::FILE, rows }
    }

    /// What to do about a row, one sentence a step.
    fn actions(&self, row: &PersonRow) -> Vec<String> {
        let remedy = |finding: &PersonFinding| {
            let remedy = self.words.get(finding.analyzer)?.remedies.get(finding.rule)?;
            Some(wording::first_sentence(remedy).replace(['`', '*'], ""))
        };
        let mut actions: Vec<String> = Vec::new();
        for action in to_do(&row.findings).into_iter().filter_map(remedy) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }

    /// What became of the findings of the baseline, and how many became what.
    pub(super) fn follow_up(&self) -> (DataFile, BTreeMap<&'static str, BTreeMap<Fate, usize>>) {
        let findings = self.input.follow_up.map_or(&[][..], |follow_up| &follow_up.findings);
        let named = |analyzer: &str| self.analyzers.contains(analyzer);
        let rows = findings.iter().filter(|followed| named(followed.analyzer)).map(Followed::cells).collect();
        (DataFile { spec: &follow_up::FILE, rows }, fates(findings, named))
    }
}

/// Findings of some analyzers, by analyzer and fate; every fate is there. Analyzers without a finding are left out.
pub(super) fn fates(
    findings: &[Followed],
    shows: impl Fn(&str) -> bool,
) -> BTreeMap<&'static str, BTreeMap<Fate, usize>> {
    let mut counts: BTreeMap<&'static str, BTreeMap<Fate, usize>> = BTreeMap::new();
    for followed in findings.iter().filter(|followed| shows(followed.analyzer)) {
        let none = || Fate::ALL.into_iter().map(|fate| (fate, 0)).collect();
        *counts.entry(followed.analyzer).or_insert_with(none).entry(followed.fate).or_default() += 1;
    }
    counts
}

/// Every request of the snapshot.
pub(super) fn requests(input: &Input<'_>) -> DataFile {
    let of = |source: Source| {
        let record = input.manifest.sources.get(&source);
        record.into_iter().flat_map(move |record| record.requests.iter().map(move |request| cells(source, request)))
    };
    DataFile { spec: &REQUESTS, rows: Source::ALL.into_iter().flat_map(of).collect() }
}

/// The row of one request.
fn cells(source: Source, request: &Request) -> Vec<Cell> {
    let number = |n: u64| Cell::from(i64::try_from(n).unwrap_or(i64::MAX));
    vec![
        source.name().into(),
        request.method.as_str().into(),
        request.url.as_str().into(),
        request.status.map(i64::from).into(),
        request.started_at.into(),
        request.date.into(),
        number(request.ms),
        number(request.bytes),
        request.sha256.clone().into(),
        request.rows.map_or(Cell::Empty, number),
        request.raw.clone().into(),
        i64::from(request.attempts).into(),
        request.error.clone().into(),
        request.from_snapshot.as_ref().map(SnapshotId::as_str).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::data_file::DATA_FILES,
        report::{
            render::{csv, json_v1},
            template,
            testing::{self, Sample},
        },
    };

    /// The texts of a column.
    fn column(file: &DataFile, name: &str) -> Vec<String> {
        let at = file.spec.columns.iter().position(|column| column.name == name).unwrap();
        file.rows.iter().map(|row| row[at].to_text()).collect()
    }

    #[test]
    fn a_template_shows_findings_and_facts_of_its_own_analyzers_alone() {
        let mut sample = Sample::new();
        sample.people[0].findings[0].severity = crate::model::verdict::Severity::Critical;
        sample.follow_up = Some(testing::follow_up());
        let input = sample.input();
        let template = template::load("seat-spend", None).unwrap();
        let scope = Scope::of_template(&input, &template).unwrap();
        let people = scope.people();
        assert_eq!(column(&people, "person"), ["=grace"], "nobody else has a finding about a seat");
        assert_eq!(column(&people, "findings"), ["seat-spend/inactive"]);
        assert_eq!(column(&people, "worst_severity"), ["high"], "the worst of what is shown");
        assert_eq!(column(&people, "monthly_cost_usd"), ["20.00"]);
        assert_eq!((column(&people, "email"), column(&people, "org_role")), (vec![String::new()], vec![String::new()]));
        let (follow_up, counts) = scope.follow_up();
        assert_eq!(column(&follow_up, "status"), ["new"]);
        assert_eq!(counts.keys().collect::<Vec<_>>(), [&"seat-spend"]);
        let templates = [template];
        let json = String::from_utf8(json_v1::render(&input, &templates[0], &templates).unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["people"].as_array().unwrap().len(), 1);
        assert_eq!(json["people"][0]["findings"], serde_json::json!(["seat-spend/inactive"]));
        assert_eq!(json["follow_up"]["rows"].as_array().unwrap().len(), 1);
        assert_eq!(json["follow_up"]["counts"]["seat-spend"]["new"], 1);
    }

    #[test]
    fn every_analyzer_is_in_the_csv_files_whatever_the_template() {
        let mut sample = Sample::new();
        sample.follow_up = Some(testing::follow_up());
        let input = sample.input();
        let templates = [template::load("seat-spend", None).unwrap()];
        let scope = Scope::everything(&input, &templates).unwrap();
        let text = |file: &DataFile| String::from_utf8(csv::render_file(file).unwrap()).unwrap();
        let (people, follow_up) = (text(&scope.people()), text(&scope.follow_up().0));
        testing::snapshot("report-people-csv", &people);
        testing::snapshot("report-follow-up-csv", &follow_up);
        assert!(people.contains("'=grace"), "what a spreadsheet would run is text");
    }

    #[test]
    fn what_to_do_is_said_in_the_language_of_the_template() {
        let sample = Sample::new();
        let input = sample.input();
        let templates = [template::load("access-review", Some("de")).unwrap()];
        let scope = Scope::of_template(&input, &templates[0]).unwrap();
        let said = column(&scope.people(), "actions");
        let english = template::load("access-review", None).unwrap();
        let other = column(&Scope::of_template(&input, &english).unwrap().people(), "actions");
        assert!(said.iter().zip(&other).all(|(german, english)| !german.is_empty() && german != english), "{said:?}");
        assert!(!other.concat().contains(['`', '*']), "{other:?}");
    }

    #[test]
    fn every_request_is_there_by_source_and_in_order() {
        let mut sample = Sample::new();
        let members = sample.manifest.sources[&Source::Members].requests[0].clone();
        let tokens = &mut sample.manifest.sources.get_mut(&Source::Tokens).unwrap().requests;
        for (page, date) in [("1", None), ("2", Some("2026-10-01T06:00:07Z"))] {
            let url = format!("https://hub.example/api/organizations/acme/settings/tokens?p={page}");
            tokens.push(Request { url, date: date.map(testing::at), ..members.clone() });
        }
        let file = requests(&sample.input());
        assert_eq!(column(&file, "source"), ["members", "tokens", "tokens"]);
        assert_eq!(column(&file, "date"), ["", "", "2026-10-01T06:00:07Z"]);
        assert_eq!(
            column(&file, "url").iter().map(|url| &url[url.len() - 3..]).collect::<Vec<_>>(),
            ["500", "p=1", "p=2"]
        );
        let all: usize = sample.manifest.sources.values().map(|record| record.requests.len()).sum();
        assert_eq!(file.rows.len(), all);
        testing::snapshot("report-requests-csv", &String::from_utf8(csv::render_file(&file).unwrap()).unwrap());
    }

    #[test]
    fn every_row_has_one_cell_per_column() {
        let mut sample = Sample::new();
        sample.follow_up = Some(testing::follow_up());
        let input = sample.input();
        let scope = Scope::everything(&input, &[]).unwrap();
        for file in [scope.people(), scope.follow_up().0, requests(&input)] {
            assert!(!file.rows.is_empty() && DATA_FILES.contains(&file.spec), "{}", file.spec.id);
            assert!(file.rows.iter().all(|row| row.len() == file.spec.columns.len()), "{}", file.spec.id);
        }
    }
}
