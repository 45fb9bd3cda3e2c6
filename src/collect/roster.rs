//! The roster: people as HR or the identity provider knows them, read from a CSV export.
//!
//! Whether somebody was terminated decides critical findings, so a line that cannot be read exactly is an error that
//! names it, never a person left out.

use std::{collections::BTreeMap, fmt};

use chrono::NaiveDate;

use super::layouts::{self, Format};
use crate::{
    model::{ids::fold, params::Roster, time},
    table::access::Person,
};

/// The statuses a person can have; each is also its own word.
const STATUSES: [&str; 4] = ["active", "leave", "contractor", "terminated"];

/// Fields in the order of [`Person`].
const FIELDS: [&str; 7] = ["email", "username", "name", "status", "terminated_on", "manager_email", "department"];

/// Fields without which a line says nothing.
const REQUIRED: [&str; 2] = ["email", "status"];

/// Faulty lines that one error lists.
const SHOWN: usize = 20;

/// A roster that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no UTF-8 text.
    #[error("the roster {file} is not UTF-8 text: line {line} holds other bytes; export it as `CSV UTF-8`")]
    Encoding {
        /// The file as configured.
        file: String,
        /// First line that is not UTF-8, from 1.
        line: usize,
    },
    /// Its header lacks a column, or names it twice.
    #[error("the roster {file}, line {line}: {what}")]
    Header {
        /// The file as configured.
        file: String,
        /// Line of the header, from 1.
        line: usize,
        /// What is wrong and what to do.
        what: String,
    },
    /// Some of its lines cannot be read.
    #[error("the roster {file} has {} that cannot be read: {}{}", lines(*.total), .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), more(*.total, .faults))]
    Lines {
        /// The file as configured.
        file: String,
        /// The first faults, in file order.
        faults: Vec<Fault>,
        /// All faults.
        total: usize,
    },
}

/// A count of lines.
fn lines(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

/// How many faults are not listed.
fn more(total: usize, faults: &[Fault]) -> String {
    match total.saturating_sub(faults.len()) {
        0 => String::new(),
        rest => format!("; and {rest} more"),
    }
}

/// One value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1.
    pub line: usize,
    /// Header of the column; `None` when the whole line is at fault.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A roster that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// People, sorted by folded e-mail address.
    pub people: Vec<Person>,
    /// The product whose layout the file has.
    pub recognized_as: Option<&'static str>,
}

/// Reads a roster: people sorted by folded e-mail address, by [`read`].
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], file: &str, mapping: &Roster) -> Result<Vec<Person>, Error> {
    read(bytes, file, mapping).map(|read| read.people)
}

/// Reads a roster. Columns of the configuration win; else the headers may be those of a known product; else each field
/// is the header of the same name.
///
/// `file` is the name for errors. Headers and status words compare trimmed and case folded; a comma or a semicolon
/// separates; a byte-order mark and lines without any value are passed over.
///
/// # Errors
/// Every value that cannot be read, up to twenty of them, each with line and column.
pub fn read(bytes: &[u8], file: &str, mapping: &Roster) -> Result<Read, Error> {
    let text = utf8(bytes, file)?;
    let records = records(text, file, mapping)?;
    let layout = if mapping.columns.is_empty() { layouts::recognize(&records.header.cells) } else { None };
    let plain = || Format { mapping: mapping.clone(), ..Format::default() };
    let format = layout.map_or_else(plain, |layout| layout.on(&records.header.cells, mapping));
    let header = Header::of(&records.header, file, &format.mapping)?;
    let words = words(&format.mapping);
    let at = |header: &String| find(&records.header.cells, header).next();
    let names = format.names.as_ref().and_then(|[first, last]| Some([at(first)?, at(last)?]));
    let fallback = format.fallback.as_ref().and_then(at);
    let date_order = mapping.date_order.clone();
    let mut reader = Reader {
        header,
        names,
        fallback,
        date_order,
        words,
        faults: Vec::new(),
        people: BTreeMap::new(),
        logins: BTreeMap::new(),
    };
    for record in &records.rows {
        reader.row(record, records.header.cells.len());
    }
    if records.rows.is_empty() {
        let what = "there is nobody under the header; a roster without people proves nothing".to_owned();
        return Err(Error::Header { file: file.to_owned(), line: records.header.line, what });
    }
    let people = reader.people.into_values().map(|(_, person)| person).collect();
    done(Read { people, recognized_as: layout.map(|layout| layout.name) }, reader.faults, file)
}

/// What was read, if nothing was wrong with it.
pub(super) fn done<T>(read: T, mut faults: Vec<Fault>, file: &str) -> Result<T, Error> {
    if faults.is_empty() {
        return Ok(read);
    }
    let total = faults.len();
    faults.truncate(SHOWN);
    Err(Error::Lines { file: file.to_owned(), faults, total })
}

/// The text of a file, without a byte-order mark.
fn utf8<'b>(bytes: &'b [u8], file: &str) -> Result<&'b str, Error> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = count_lines(&bytes[..error.valid_up_to()]);
        Error::Encoding { file: file.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The records of any table, by the separator whose header has more of the known columns.
pub(super) fn table(bytes: &[u8], file: &str, known: &[&[&str]]) -> Result<Records, Error> {
    let text = utf8(bytes, file)?;
    let found = |separator| {
        let records = split(text, separator);
        let header = records.first().map(|r| r.cells.as_slice()).unwrap_or_default();
        let has = |any: &&&[&str]| header.iter().any(|cell| any.contains(&fold(cell).as_str()));
        (known.iter().filter(has).count(), records)
    };
    let (comma, semicolon) = (found(b','), found(b';'));
    let records = if semicolon.0 > comma.0 { semicolon.1 } else { comma.1 };
    with_header(records, file)
}

/// The first record apart from the others.
fn with_header(records: Vec<Record>, file: &str) -> Result<Records, Error> {
    let mut all = records.into_iter();
    let Some(header) = all.next() else {
        let what = "the file is empty; it must start with a header line".to_owned();
        return Err(Error::Header { file: file.to_owned(), line: 1, what });
    };
    Ok(Records { header, rows: all.collect() })
}

/// One record with the line on which it starts.
#[derive(Debug)]
pub(super) struct Record {
    /// Line of the file, from 1.
    pub(super) line: usize,
    /// Cells, trimmed.
    pub(super) cells: Vec<String>,
}

/// The records of a file.
#[derive(Debug)]
pub(super) struct Records {
    /// The first one.
    pub(super) header: Record,
    /// The others that hold any value.
    pub(super) rows: Vec<Record>,
}

/// Splits a text into records by the separator whose header fits the mapping best.
fn records(text: &str, file: &str, mapping: &Roster) -> Result<Records, Error> {
    let found = |separator| {
        let records = split(text, separator);
        let header = records.first().map(|r| r.cells.as_slice()).unwrap_or_default();
        let fields = FIELDS.iter().filter(|field| find(header, &header_of(field, mapping)).next().is_some()).count();
        (layouts::recognize(header).is_some(), fields, header.len(), records)
    };
    let (comma, semicolon) = (found(b','), found(b';'));
    let by_semicolon = (semicolon.0, semicolon.1, semicolon.2) > (comma.0, comma.1, comma.2);
    with_header(if by_semicolon { semicolon.3 } else { comma.3 }, file)
}

/// Splits a text by a separator; records without any value are left out.
fn split(text: &str, separator: u8) -> Vec<Record> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    // A text in memory that is UTF-8 gives no errors; flexible records of any length are accepted.
    for record in reader.records().flatten() {
        if record.iter().all(str::is_empty) {
            continue;
        }
        let at = record.position().map_or(0, csv::Position::byte);
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
        // The reader's position may stand before the line ends that it skips.
        let skipped = text.as_bytes()[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let line = count_lines(&text.as_bytes()[..at + skipped]);
        records.push(Record { line, cells: record.iter().map(str::to_owned).collect() });
    }
    records
}

/// The number of the line on which the byte after `before` stands.
fn count_lines(before: &[u8]) -> usize {
    before.split(|b| *b == b'\n').count()
}

/// Header of a field: as configured, else its own name.
fn header_of(field: &str, mapping: &Roster) -> String {
    mapping.columns.get(field).map_or(field, String::as_str).trim().to_owned()
}

/// Positions of a header.
fn find<'h>(header: &'h [String], wanted: &str) -> impl Iterator<Item = usize> + use<'h> {
    let wanted = fold(wanted);
    header.iter().enumerate().filter(move |(_, h)| fold(h) == wanted).map(|(i, _)| i)
}

/// Where each field stands.
#[derive(Debug)]
struct Header {
    /// Position and header by field.
    at: BTreeMap<&'static str, (usize, String)>,
}

impl Header {
    /// Finds the fields; a field that the mapping names must be there.
    fn of(header: &Record, file: &str, mapping: &Roster) -> Result<Self, Error> {
        let wrong = |what| Error::Header { file: file.to_owned(), line: header.line, what };
        let mut at = BTreeMap::new();
        for field in FIELDS {
            let wanted = header_of(field, mapping);
            let mut found = find(&header.cells, &wanted);
            match (found.next(), found.next()) {
                (Some(i), None) => {
                    at.insert(field, (i, wanted));
                }
                (Some(_), Some(_)) => {
                    return Err(wrong(format!("column {wanted:?} ({field}) stands there twice; keep one of them")));
                }
                (None, _) if REQUIRED.contains(&field) || mapping.columns.contains_key(field) => {
                    let there = header.cells.join(", ");
                    return Err(wrong(format!(
                        "there is no column {wanted:?} for {field} (there are: {there}); name the right header under `columns` in [roster], like columns = {{ email = \"Mail\", status = \"State\" }}"
                    )));
                }
                (None, _) => {}
            }
        }
        Ok(Self { at })
    }
}

/// Every accepted word with its status; a company's own words win over the defaults.
fn words(mapping: &Roster) -> BTreeMap<String, &'static str> {
    let mut words: BTreeMap<_, _> = STATUSES.iter().map(|s| ((*s).to_owned(), *s)).collect();
    for status in STATUSES {
        for word in mapping.status_values.get(status).into_iter().flatten() {
            words.insert(fold(word), status);
        }
    }
    words
}

/// Turns records into people and keeps what is wrong.
#[derive(Debug)]
struct Reader {
    /// Where each field stands.
    header: Header,
    /// Where the first and the last name stand, when no column holds both.
    names: Option<[usize; 2]>,
    /// Where an address stands that replaces an empty one.
    fallback: Option<usize>,
    /// How dates are written.
    date_order: String,
    /// Status words.
    words: BTreeMap<String, &'static str>,
    /// Faults, in file order.
    faults: Vec<Fault>,
    /// People with their line, by folded address.
    people: BTreeMap<String, (usize, Person)>,
    /// Line of each folded login.
    logins: BTreeMap<String, usize>,
}

impl Reader {
    /// A cell that is not empty.
    fn cell(&self, record: &Record, field: &str) -> Option<String> {
        let (at, _) = self.header.at.get(field)?;
        record.cells.get(*at).filter(|cell| !cell.is_empty()).cloned()
    }

    /// Notes a fault of a field.
    fn fault(&mut self, line: usize, field: &str, what: String) {
        let column = self.header.at.get(field).map(|(_, header)| header.clone());
        self.faults.push(Fault { line, column, what });
    }

    /// Reads one record.
    fn row(&mut self, record: &Record, width: usize) {
        let line = record.line;
        if record.cells.len() != width {
            let (found, expected) = (record.cells.len(), width);
            let what = format!("{found} cells where the header has {expected}; quote cells that hold the separator");
            self.faults.push(Fault { line, column: None, what });
            return;
        }
        let email = self.email(record);
        let status = self.status(record);
        let terminated_on = self.date(record, "terminated_on");
        let (Some(email), Some(status), Some(terminated_on)) = (email, status, terminated_on) else { return };
        let key = fold(&email);
        if let Some((first, _)) = self.people.get(&key) {
            let what = format!("{email:?} is already on line {first}; keep one line for each person");
            self.fault(line, "email", what);
            return;
        }
        let [username, name, manager_email, department] =
            ["username", "name", "manager_email", "department"].map(|field| self.cell(record, field));
        if let Some(login) = &username {
            if let Some(first) = self.logins.get(&fold(login)) {
                let what = format!("the login {login:?} is already on line {first}; one login is one person");
                self.fault(line, "username", what);
                return;
            }
            self.logins.insert(fold(login), line);
        }
        let at = |i: &usize| record.cells.get(*i).filter(|cell| !cell.is_empty()).cloned();
        let joined = || self.names.map(|both| both.iter().filter_map(at).collect::<Vec<_>>().join(" "));
        let name = name.or_else(joined).filter(|name| !name.is_empty());
        let person =
            Person { email, username, name, status: status.to_owned(), terminated_on, manager_email, department };
        self.people.insert(key, (line, person));
    }

    /// The address of a record.
    fn email(&mut self, record: &Record) -> Option<String> {
        let fallback = || self.fallback.and_then(|at| record.cells.get(at)).filter(|cell| !cell.is_empty()).cloned();
        match self.cell(record, "email").or_else(fallback) {
            None => self.fault(record.line, "email", "no e-mail address; add it or remove the line".to_owned()),
            Some(email) if !email.contains('@') => {
                self.fault(record.line, "email", format!("{email:?} is not an e-mail address"));
            }
            Some(email) => return Some(email),
        }
        None
    }

    /// The status of a record.
    fn status(&mut self, record: &Record) -> Option<&'static str> {
        let Some(word) = self.cell(record, "status") else {
            self.fault(record.line, "status", "no status; write one or remove the line".to_owned());
            return None;
        };
        let status = self.words.get(&fold(&word)).copied();
        if status.is_none() {
            let statuses = STATUSES.join(", ");
            let what = format!(
                "{word:?} is not a known status; map it to one of {statuses} under `status_values` in [roster]"
            );
            self.fault(record.line, "status", what);
        }
        status
    }

    /// A date of a record: `Some(None)` when the cell is empty, `None` when it is wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are different things here")]
    fn date(&mut self, record: &Record, field: &str) -> Option<Option<NaiveDate>> {
        let Some(text) = self.cell(record, field) else { return Some(None) };
        let date = date_of(&text, &self.date_order);
        if date.is_none() {
            let what = format!("{text:?} is not a date; write it as 2026-09-30, or set `date_order` in [roster]");
            self.fault(record.line, field, what);
        }
        date.map(Some)
    }
}

/// Reads a date: `2026-09-30` always, an instant by its UTC day, other forms only in the configured order, since a
/// guess would move a leaver's last day.
fn date_of(text: &str, order: &str) -> Option<NaiveDate> {
    // Ten characters exactly: the parser alone would take 2026-9-3, which other tools read otherwise.
    if let Some(date) = time::parse_date(text).filter(|_| text.len() == 10) {
        return Some(date);
    }
    if text.len() > 10 && text.as_bytes().get(10) == Some(&b'T') {
        return time::parse(text).map(|t| t.date_naive());
    }
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let [one, two, year] = parts.as_slice() else { return None };
    let (day, month) = match order {
        "dmy" => (one, two),
        "mdy" => (two, one),
        _ => return None,
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() <= 2);
    let year = year.parse().ok().filter(|_| year.len() == 4)?;
    time::date(year, number(month)?, number(day)?)
}

#[cfg(test)]
mod tests;
