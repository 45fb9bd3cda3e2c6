//! The files that a user would have beside the tool: `rollcall.toml` and the people export of a quarter.

use chrono::NaiveDate;

use super::{
    error::Error,
    words::Dated,
    world::{QUARTERS, World},
};
use crate::model::time::format_date;

/// The configuration, with words in braces for what differs from quarter to quarter.
const CONFIG: &str = include_str!("../../fixtures/sample/rollcall.toml");

/// Headers of the people export, in the style of an HR system.
const HEADERS: [&str; 8] = [
    "Employee",
    "Full Name",
    "Work Email",
    "Employment Status",
    "Termination Date",
    "Manager",
    "Department",
    "Hub login",
];

/// `rollcall.toml` and `people.csv` of a quarter; a quarter beyond the last is the last.
///
/// # Errors
/// When the export cannot be written as CSV, which no sample data causes.
pub(super) fn files(world: &World, quarter: usize) -> Result<Vec<(&'static str, String)>, Error> {
    let day = QUARTERS[quarter.min(QUARTERS.len() - 1)].date_naive();
    let seats = world.data.seats.iter().rev().find(|s| s.as_of <= day);
    let (purchased, invoiced) = seats.map_or((0, 0), |s| (s.purchased, s.invoiced));
    // The file opens with a note for readers of the fixture, which is no part of a user's configuration.
    let config = CONFIG.split_once("\n\n").map_or(CONFIG, |(_, rest)| rest);
    let config = config.replace("{purchased}", &purchased.to_string()).replace("{invoiced}", &invoiced.to_string());
    let config = config.replace("{extracted_on}", &format_date(day));
    let people = export(world, day).map_err(|source| Error::Row { file: "people.csv", source })?;
    Ok(vec![("rollcall.toml", config), ("people.csv", people)])
}

/// One line of the export.
struct Line<'a> {
    /// Name.
    name: &'a str,
    /// Address as the export spells it.
    email: String,
    /// Status as `hr` of `people.csv` says it.
    status: &'a Dated,
    /// Department; empty for none.
    department: &'a str,
    /// Hub login as the export spells it; empty where it does not know one.
    login: String,
}

/// The people export as it stood when `day` began, by address.
fn export(world: &World, day: NaiveDate) -> Result<String, csv::Error> {
    let hired = |p: &&super::data::Person| p.hr.word != "none" && p.joined_on() < day;
    let members = world.data.people.iter().filter(hired).map(|p| {
        let shouts = p.flags.has("shouts");
        let spell = |text: &str| if shouts { text.to_uppercase() } else { text.to_owned() };
        Line {
            name: &p.name,
            email: spell(&p.email),
            status: &p.hr,
            department: &p.department,
            login: if shouts || p.flags.has("hr-login") { spell(&p.login) } else { String::new() },
        }
    });
    let others = world.data.colleagues.iter().filter(|c| c.hired < day).map(|c| Line {
        name: &c.name,
        email: c.email.clone(),
        status: &c.status,
        department: &c.department,
        login: c.login.clone(),
    });
    let mut lines: Vec<_> = members.chain(others).collect();
    lines.sort_by_key(|line| line.email.to_lowercase());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADERS)?;
    for (number, line) in lines.iter().enumerate() {
        let (status, ended) = status(line.status, day);
        let head = world.data.departments.iter().find(|d| d.department == line.department);
        let head = head.and_then(|d| world.person(&d.head)).map_or("", |p| p.email.as_str());
        // The head of a department answers to somebody who is not in the sample.
        let manager = if head == line.email { "board@example.com" } else { head };
        let ended = ended.map(format_date).unwrap_or_default();
        let number = format!("{:05}", 10_000 + number);
        let cells = [&number, line.name, &line.email, status, &ended, manager, line.department, &line.login];
        out.write_record(cells)?;
    }
    let bytes = out.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The company's own word for a status, and the last working day where the status is an end.
///
/// An end that is known beforehand is not in the export: the sample's personnel office enters it on the day.
fn status(status: &Dated, day: NaiveDate) -> (&'static str, Option<NaiveDate>) {
    let happened = status.day.filter(|at| *at < day);
    match (status.word.as_str(), happened) {
        ("terminated", Some(end)) => ("Terminated", Some(end)),
        ("resigned", Some(end)) => ("Resigned", Some(end)),
        ("leave", Some(_)) => ("On Leave", None),
        ("contractor", _) => ("Agency Contractor", None),
        _ => ("Employed", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo::world::world, model::params};

    /// The export's rows by header.
    fn rows(quarter: usize) -> Vec<std::collections::BTreeMap<String, String>> {
        let files = files(world(), quarter).unwrap();
        csv::Reader::from_reader(files[1].1.as_bytes()).deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn the_configuration_is_one_the_tool_can_read() {
        for quarter in 0..4 {
            let files = files(world(), quarter).unwrap();
            assert_eq!(files[0].0, "rollcall.toml");
            let table: toml::Table = files[0].1.parse().unwrap();
            assert!(table["org"].get(super::super::ORG).is_some());
            let seats: params::Seats = table["seats"].clone().try_into().unwrap();
            assert!(seats.purchased > Some(0) && seats.invoiced > Some(0));
            let _: params::Activity = table["activity"].clone().try_into().unwrap();
            let _: params::Analyzers = table["analyzers"].clone().try_into().unwrap();
            let roster: params::Roster = table["roster"].clone().try_into().unwrap();
            assert_eq!(roster.extracted_on, Some(QUARTERS[quarter].date_naive()));
            let exceptions: Vec<crate::model::exception::Exception> = table["exceptions"].clone().try_into().unwrap();
            assert_eq!(exceptions.len(), 3);
            for header in roster.columns.values() {
                assert!(files[1].1.lines().next().unwrap().contains(header.as_str()), "{header}");
            }
            for row in rows(quarter) {
                let word = row["Employment Status"].clone();
                assert!(roster.status_values.values().any(|words| words.contains(&word)), "{word}");
            }
        }
    }

    #[test]
    fn leavers_are_employed_until_their_last_day() {
        let of = |quarter: usize| {
            rows(quarter).into_iter().find(|r| r["Work Email"] == "ingrid-solheim@example.com").unwrap()
        };
        assert_eq!(of(2)["Employment Status"], "Employed");
        assert_eq!(of(3)["Employment Status"], "Terminated");
        assert_eq!(of(3)["Termination Date"], "2026-09-11");
    }

    #[test]
    fn no_address_is_listed_twice() {
        let mut seen: Vec<_> = rows(3).into_iter().map(|r| r["Work Email"].to_lowercase()).collect();
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all);
        assert!(all >= 80);
    }
}
