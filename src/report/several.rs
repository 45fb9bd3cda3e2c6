//! One summary of several organizations: their key figures side by side, and everybody who is in more than one once.
//!
//! A figure that one organization does not know makes the total a lower bound, and an organization that could not be
//! reviewed is named: the sum of what was seen must not read as the whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use serde::Serialize;

use super::{
    Error, Format, Written,
    build::{self, tiles},
    files,
    marks::DATED_BY_HAND,
    render::csv::{self as table, safe_cell},
    words::Words,
};
use crate::model::{
    ids::{SnapshotId, fold},
    outcome::{Cell, KeyFigure, money},
    time::{self, Timestamp},
    verdict::Verdict,
};

/// The format of `summary.json`.
const FORMAT: &str = "rollcall.summary/1";

/// What became of one organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Its review, or why there is none, in one line.
    pub review: Result<Review, String>,
}

/// The review of one organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Review {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// Its instant.
    pub as_of: Timestamp,
    /// SHA-256 of its manifest, hexadecimal.
    pub manifest_sha256: String,
    /// Sources that are holes in its evidence.
    pub gaps: Vec<&'static str>,
    /// Whether somebody chose its date.
    pub dated_by_hand: bool,
    /// Whether it is the sample organization.
    pub sample: bool,
    /// Rows by verdict, over all analyzers.
    pub counts: BTreeMap<Verdict, usize>,
    /// Key figures by tile id; one that is not known is left out.
    pub figures: BTreeMap<String, KeyFigure>,
    /// Id and login of each member that was seen.
    pub members: Vec<(String, String)>,
    /// Whether the list of members is whole.
    pub members_known: bool,
}

/// A figure over all organizations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Total {
    /// The sum of what is known.
    sum: i64,
    /// Whether every organization knows it.
    whole: bool,
}

impl Total {
    /// The sum; `None` where nothing was found and something was not looked at, which is no zero.
    fn known(self) -> Option<i64> {
        (self.whole || self.sum != 0).then_some(self.sum)
    }
}

/// Somebody who is a member of several of the organizations.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Shared {
    /// Login, as the first of them spells it.
    login: String,
    /// The organizations.
    organizations: Vec<String>,
}

/// Everything that the summary adds up.
#[derive(Debug)]
struct Totals {
    /// People, each counted once.
    people: Total,
    /// Those in several organizations, by login.
    shared: Vec<Shared>,
    /// Figures by tile id.
    figures: BTreeMap<&'static str, Total>,
}

/// Writes `summary.json`, `summary.csv` and `summary.md`, those of them that were asked for, into
/// `out/summary-<newest snapshot>`. The Markdown is always there, in the language asked for, else in English.
///
/// # Errors
/// When a file cannot be written.
pub fn write(organizations: &[Organization], formats: &[Format], language: &str, out: &Path) -> Result<Written, Error> {
    let totals = totals(organizations);
    let name = |format: Format| format!("summary.{format}");
    let mut made = BTreeMap::from([(name(Format::Md), markdown(organizations, &totals, language).into_bytes())]);
    if formats.contains(&Format::Json) {
        made.insert(name(Format::Json), json(organizations, &totals)?);
    }
    if formats.contains(&Format::Csv) {
        made.insert(name(Format::Csv), csv(organizations)?);
    }
    let newest = organizations.iter().filter_map(|o| Some(&o.review.as_ref().ok()?.snapshot)).max();
    files::publish(out, &format!("summary-{}", newest.map_or("none", SnapshotId::as_str)), &made)
}

/// Adds up.
fn totals(organizations: &[Organization]) -> Totals {
    let mut people: BTreeMap<String, (String, BTreeSet<&str>)> = BTreeMap::new();
    let mut whole = true;
    for organization in organizations {
        let Ok(review) = &organization.review else {
            whole = false;
            continue;
        };
        whole &= review.members_known;
        for (id, login) in &review.members {
            let key = if id.is_empty() { format!("login {}", fold(login)) } else { id.clone() };
            people.entry(key).or_insert_with(|| (login.clone(), BTreeSet::new())).1.insert(&organization.name);
        }
    }
    let sum = i64::try_from(people.len()).unwrap_or(i64::MAX);
    let mut shared: Vec<Shared> = people
        .into_values()
        .filter(|(_, of)| of.len() > 1)
        .map(|(login, of)| Shared { login, organizations: of.into_iter().map(str::to_owned).collect() })
        .collect();
    shared.sort_by(|a, b| a.login.cmp(&b.login));
    let figures = build::tile_ids().into_iter().map(|id| (id, total(organizations, id))).collect();
    Totals { people: Total { sum, whole }, shared, figures }
}

/// One figure over all organizations.
fn total(organizations: &[Organization], id: &str) -> Total {
    let figures = organizations.iter().map(|o| o.review.as_ref().ok().and_then(|review| review.figures.get(id)));
    figures.fold(Total { sum: 0, whole: true }, |total, figure| match figure {
        Some(n) => Total { sum: total.sum.saturating_add(n.value), whole: total.whole && !n.at_least },
        None => Total { whole: false, ..total },
    })
}

/// The page for people.
fn markdown(organizations: &[Organization], totals: &Totals, language: &str) -> String {
    let words = Words::of(language).unwrap_or_else(Words::english);
    let unknown = words.get("unknown.value");
    let of = |total: &Total, id: &str| {
        let Some(sum) = total.known() else { return unknown.clone() };
        let n = tiles::show(id, sum);
        if total.whole { n } else { words.say("summary.at-least", &[("n", &n)]) }
    };
    let title = |id: &&str| words.find(&format!("tile.{id}")).unwrap_or(id).to_owned();
    let mut head = vec![words.get("several.organization"), words.get("several.as-of"), words.get("several.gaps")];
    head.extend(Verdict::ALL.iter().map(|v| v.word().to_owned()));
    head.extend(build::tile_ids().iter().map(title));
    let mut text = format!("# {}\n\n| {} |\n", words.get("several.title"), head.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(head.len()));
    for organization in organizations {
        let mut row = vec![organization.name.clone()];
        if let Ok(review) = &organization.review {
            let gaps = if review.gaps.is_empty() { words.get("several.none") } else { review.gaps.join(", ") };
            let marks = marks(review).map(|(_, key)| words.get(key));
            let as_of = std::iter::once(time::format_date(review.as_of.date_naive())).chain(marks);
            row.extend([as_of.collect::<Vec<_>>().join(", "), gaps]);
            row.extend(Verdict::ALL.map(|v| review.counts.get(&v).copied().unwrap_or_default().to_string()));
            row.extend(build::tile_ids().into_iter().map(|id| {
                let known = review.figures.get(id);
                known.map_or_else(|| unknown.clone(), |known| tiles::say(&words, id, *known))
            }));
        } else {
            row.push(words.get("several.failed"));
            row.resize(head.len(), String::new());
        }
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    let mut row = vec![words.get("several.total")];
    row.resize(3 + Verdict::ALL.len(), String::new());
    row.extend(build::tile_ids().iter().map(|id| match *id {
        "members" => of(&totals.people, id),
        id => totals.figures.get(id).map_or_else(|| unknown.clone(), |total| of(total, id)),
    }));
    let _ = writeln!(text, "| {} |\n\n{}", row.join(" | "), words.get("several.once"));
    for organization in organizations {
        if let Err(why) = &organization.review {
            let values = [("org", organization.name.as_str()), ("why", why)];
            let _ = writeln!(text, "\n{}", words.say("several.not-reviewed", &values));
        }
    }
    let n = totals.shared.len().to_string();
    let _ = writeln!(text, "\n{}", words.say("several.shared", &[("n", &n)]));
    if !totals.shared.is_empty() {
        text.push('\n');
    }
    for person in &totals.shared {
        let _ = writeln!(text, "- `{}`: {}", person.login, person.organizations.join(", "));
    }
    text
}

/// The table for spreadsheets: one line per organization.
fn csv(organizations: &[Organization]) -> Result<Vec<u8>, Error> {
    let first = ["org", "snapshot", "as_of", "manifest_sha256", "gaps", "marks", "not_reviewed"].into_iter();
    let head: Vec<&str> =
        first.chain(Verdict::ALL.iter().map(|v| v.word())).chain(build::tile_ids()).chain(["at_least"]).collect();
    let row = |organization: &Organization| {
        let mut row: Vec<Cell> = vec![organization.name.as_str().into()];
        match &organization.review {
            Ok(review) => {
                let list = |names: Vec<&str>| Cell::from(names.into_iter().map(str::to_owned).collect::<Vec<_>>());
                let (id, sha256) = (review.snapshot.as_str(), review.manifest_sha256.as_str());
                row.extend([id.into(), review.as_of.into(), sha256.into(), list(review.gaps.clone())]);
                row.extend([list(marks(review).map(|(name, _)| name).collect()), Cell::Empty]);
                let count = |v| i64::try_from(review.counts.get(v).copied().unwrap_or_default()).unwrap_or(i64::MAX);
                row.extend(Verdict::ALL.iter().map(|v| Cell::from(count(v))));
                row.extend(figures(review));
                row.push(list(at_least(review)));
            }
            Err(why) => {
                row.resize(6, Cell::Empty);
                row.push(why.as_str().into());
                row.resize(head.len(), Cell::Empty);
            }
        }
        row.iter().map(safe_cell).collect()
    };
    table::write(head.iter().copied(), organizations.iter().map(row))
        .map_err(|source| Error::Csv { file: "summary", source })
}

/// What holds for a whole review: its name for programs, and the key of its words.
fn marks(review: &Review) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = [(review.sample, "sample", "mark.sample"), (review.dated_by_hand, DATED_BY_HAND, "mark.dated-by-hand")];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, name, key)| (name, key))
}

/// Figures of one organization for the table.
fn figures(review: &Review) -> impl Iterator<Item = Cell> {
    let cell = |id, n| if tiles::is_money(id) { Cell::Money(n) } else { Cell::Integer(n) };
    build::tile_ids()
        .into_iter()
        .map(move |id| review.figures.get(id).map_or(Cell::Empty, |known| cell(id, known.value)))
}

/// Names of the figures that are lower bounds.
fn at_least(review: &Review) -> Vec<&str> {
    review.figures.iter().filter(|(_, known)| known.at_least).map(|(id, _)| id.as_str()).collect()
}

/// The same for programs.
fn json(organizations: &[Organization], totals: &Totals) -> Result<Vec<u8>, Error> {
    let number =
        |id: &str, n: i64| -> serde_json::Value { if tiles::is_money(id) { money(n).into() } else { n.into() } };
    let total = |id: &str, total: &Total| serde_json::json!({"value": total.known().map(|sum| number(id, sum)), "complete": total.whole});
    let each = organizations.iter().map(|organization| match &organization.review {
        Ok(review) => {
            let figures: BTreeMap<_, _> = build::tile_ids()
                .into_iter()
                .map(|id| (id, review.figures.get(id).map(|n| number(id, n.value))))
                .collect();
            serde_json::json!({
                "org": organization.name, "snapshot": review.snapshot, "as_of": time::format(review.as_of),
                "manifest_sha256": review.manifest_sha256, "gaps": review.gaps, "counts": review.counts,
                "marks": marks(review).map(|(name, _)| name).collect::<Vec<_>>(),
                "figures": figures, "at_least": at_least(review), "not_reviewed": null,
            })
        }
        Err(why) => serde_json::json!({"org": organization.name, "not_reviewed": why}),
    });
    let sums: BTreeMap<_, _> =
        totals.figures.iter().filter(|(id, _)| **id != "members").map(|(id, sum)| (*id, total(id, sum))).collect();
    let summary = serde_json::json!({
        "format": FORMAT,
        "organizations": each.collect::<Vec<_>>(),
        "people": total("members", &totals.people),
        "in_several": totals.shared,
        "totals": sums,
    });
    let mut bytes =
        serde_json::to_vec_pretty(&summary).map_err(|source| Error::Json { template: "summary".to_owned(), source })?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A review with these members.
    fn review(members: &[(&str, &str)], spend: Option<i64>) -> Review {
        let as_of = time::parse("2026-10-01T06:00:00Z").unwrap();
        let own = |(id, login): &(&str, &str)| ((*id).to_owned(), (*login).to_owned());
        let whole = |value| KeyFigure { value, at_least: false };
        let mut figures = BTreeMap::from([("members".to_owned(), whole(i64::try_from(members.len()).unwrap()))]);
        figures.extend(spend.map(|cents| ("monthly_cost_usd".to_owned(), whole(cents))));
        Review {
            snapshot: SnapshotId::of(as_of),
            as_of,
            manifest_sha256: "ab".repeat(32),
            gaps: if spend.is_some() { Vec::new() } else { vec!["scim"] },
            dated_by_hand: spend.is_none(),
            sample: spend.is_none(),
            counts: BTreeMap::from([(Verdict::Fail, 2), (Verdict::Pass, 5)]),
            figures,
            members: members.iter().map(own).collect(),
            members_known: true,
        }
    }

    /// Two organizations that share one person, whose login differs in case.
    fn two(spend: Option<i64>) -> Vec<Organization> {
        vec![
            Organization { name: "acme".to_owned(), review: Ok(review(&[("1", "Ada"), ("2", "bob")], Some(4000))) },
            Organization { name: "zeta".to_owned(), review: Ok(review(&[("1", "ada"), ("3", "cyd")], spend)) },
        ]
    }

    #[test]
    fn somebody_in_two_organizations_counts_once_and_seats_are_summed() {
        let totals = totals(&two(Some(2000)));
        assert_eq!(totals.people, Total { sum: 3, whole: true });
        assert_eq!(totals.figures["monthly_cost_usd"], Total { sum: 6000, whole: true });
        let shared = Shared { login: "Ada".to_owned(), organizations: vec!["acme".to_owned(), "zeta".to_owned()] };
        assert_eq!(totals.shared, [shared]);
    }

    #[test]
    fn what_one_organization_does_not_know_makes_a_lower_bound() {
        let text = markdown(&two(None), &totals(&two(None)), "en");
        assert!(text.contains("at least 40.00"), "{text}");
        assert!(
            text.contains("| zeta | 2026-10-01, sample data, dated by hand | scim | 2 | 0 | 0 | 0 | 0 | 5 | 2 |"),
            "{text}"
        );
        let mut organizations = two(Some(1));
        organizations[1].review = Err("no token".to_owned());
        let totals = totals(&organizations);
        assert_eq!(totals.people, Total { sum: 2, whole: false });
        assert_eq!(totals.figures["monthly_cost_usd"], Total { sum: 4000, whole: false });
        let text = markdown(&organizations, &totals, "en");
        assert!(text.contains("at least 2") && text.contains("zeta") && text.contains("no token"), "{text}");
    }

    #[test]
    fn what_holds_for_a_whole_review_is_in_every_file() {
        let organizations = two(None);
        let json: serde_json::Value =
            serde_json::from_slice(&json(&organizations, &totals(&organizations)).unwrap()).unwrap();
        assert_eq!(json["organizations"][0]["marks"], serde_json::json!([]));
        assert_eq!(json["organizations"][1]["marks"], serde_json::json!(["sample", "dated-by-hand"]));
        let csv = String::from_utf8(csv(&organizations).unwrap()).unwrap();
        assert!(csv.contains(r#","scim","sample\;dated-by-hand",,2,"#), "{csv}");
    }

    #[test]
    fn a_figure_over_a_gap_is_a_lower_bound_although_it_has_a_number() {
        let mut organizations = two(Some(2000));
        if let Ok(review) = &mut organizations[1].review {
            review.gaps = vec!["scim"];
            review.figures.insert("monthly_cost_usd".to_owned(), KeyFigure { value: 2000, at_least: true });
        }
        let totals = totals(&organizations);
        assert_eq!(totals.figures["monthly_cost_usd"], Total { sum: 6000, whole: false });
        assert_eq!(totals.people, Total { sum: 3, whole: true }, "the list of members has no gap");
        let text = markdown(&organizations, &totals, "en");
        assert!(text.contains("at least 20.00") && text.contains("at least 60.00"), "{text}");
        assert!(!text.contains("at least 40.00") && !text.contains("at least 0"), "{text}");
        let json: serde_json::Value = serde_json::from_slice(&json(&organizations, &totals).unwrap()).unwrap();
        assert_eq!(json["totals"]["reclaimable"], serde_json::json!({"value": null, "complete": false}));
    }

    #[test]
    fn a_folder_of_three_files_with_the_same_bytes_each_time() {
        let out = tempfile::tempdir().unwrap();
        let sums = |name: &str| {
            let written = write(&two(None), &[Format::Csv, Format::Json], "en", &out.path().join(name)).unwrap();
            assert!(written.dir.ends_with("summary-20261001T060000Z"));
            let csv = std::fs::read_to_string(written.dir.join(format!("summary.{}", Format::Csv))).unwrap();
            let widths: BTreeSet<usize> = csv.lines().map(|line| line.split(',').count()).collect();
            assert_eq!(widths.len(), 1, "{csv}");
            std::fs::read_to_string(written.dir.join("SHA256SUMS")).unwrap()
        };
        assert_eq!(sums("a"), sums("b"));
        assert_eq!(sums("a").lines().count(), 3);
    }
}
