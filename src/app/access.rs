//! `access`: who reaches a repository, or what somebody reaches. Offline, over a sealed snapshot.

use std::{cmp::Reverse, collections::BTreeSet, fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{
    Console,
    answer::{self, Basis, Shape},
    error::{Error, Exit},
    request::{Access, Common, Whose},
    select,
    settings::Settings,
};
use crate::{
    analyze::{
        Inputs,
        effective::{self, About, Answer, Found},
    },
    config::keys,
    model::{
        access::Permission,
        coverage::Source,
        ids::OrgName,
        manifest::Manifest,
        outcome::{Cell, Outcome, Row},
        text, time,
    },
    store::Store,
};

/// Format of the JSON.
const FORMAT: &str = "rollcall.access/1";

/// Prints effective permissions.
///
/// # Errors
/// When there is no such snapshot, repository or principal, or the store cannot be read.
pub(super) fn access(
    settings: &Settings,
    org: &OrgName,
    ask: &Access,
    common: &Common,
    console: &Arc<dyn Console>,
) -> Result<Exit, Error> {
    let place = Store::new(settings.store.clone()).org(org);
    place.must_exist()?;
    let ids = place.ids()?;
    let id = select::one("--snapshot", ask.snapshot.as_deref(), &ids)?;
    let snapshot = place.read(&id)?;
    let period = (snapshot.manifest.as_of, snapshot.manifest.as_of);
    let inputs = Inputs {
        manifest: &snapshot.manifest,
        params: &settings.config.params(),
        tables: &snapshot.tables,
        audit_parts: &snapshot.audit_parts,
        exceptions: &[],
        period,
        baseline: None,
    };
    let about = match &ask.whose {
        Whose::Repo(name) => About::Repo(name),
        Whose::User(login) => About::User(login),
    };
    let found = match effective::access(&inputs, about).map_err(Error::Analyze)? {
        Answer::Found(found) => found,
        Answer::NoSuchName(names) => return Err(unknown(about, &names, &snapshot.manifest)),
        Answer::Several(names) => {
            return Err(Error::Name {
                what: format!("several repositories are called {:?}", name_of(about)),
                why: format!("the snapshot holds {}", names.join(", ")),
                hint: "give --repo the one you mean, as it is written here".to_owned(),
            });
        }
    };
    let as_of = time::format(snapshot.manifest.as_of);
    let shape = Shape {
        format: FORMAT,
        asked: vec![
            ("snapshot", json!({ "id": id, "as_of": as_of, "manifest_sha256": snapshot.manifest_sha256 })),
            (if matches!(about, About::Repo(_)) { "repo" } else { "user" }, asked(&found)),
        ],
        text: &|outcome| {
            format!("{}\n{}", head(&found, &format!("{org}  snapshot {id} ({as_of})")), to_text(about, outcome))
        },
    };
    let basis = Basis { place: &place, snapshot: &snapshot, period, settings };
    answer::show(&found.outcome, (basis, ask.form), &shape, (common, console))
}

/// The name that was asked for.
const fn name_of(about: About<'_>) -> &str {
    match about {
        About::Repo(name) | About::User(name) => name,
    }
}

/// The error of a name that the snapshot does not hold.
fn unknown(about: About<'_>, names: &[String], manifest: &Manifest) -> Error {
    let (kind, sources): (_, &[Source]) = match about {
        About::Repo(_) => ("repository", &[Source::Repos]),
        About::User(_) => (
            "member, former member, service account, group user or grantee",
            &[Source::Members, Source::ServiceAccounts, Source::ResourceGroups, Source::GatedAccess, Source::AuditLog],
        ),
    };
    let holes = sources.iter().filter(|source| manifest.is_gap(**source));
    let holes: Vec<_> = holes.map(|source| format!("{source} is {}", manifest.coverage(*source))).collect();
    let name = name_of(about);
    let why = if holes.is_empty() {
        format!("the snapshot {} was read whole and does not name it", manifest.id)
    } else {
        format!("the snapshot {} does not name it, and it has holes: {}", manifest.id, holes.join(", "))
    };
    // A bare name is near to a bare name.
    let bare = |known: &String| {
        if name.contains('/') { known.clone() } else { known.rsplit('/').next().unwrap_or(known).to_owned() }
    };
    let known: Vec<(String, &String)> = names.iter().map(|known| (bare(known), known)).collect();
    let near = keys::nearest(name, known.iter().map(|(bare, _)| bare.as_str()));
    let near = near.and_then(|near| known.iter().find(|(bare, _)| bare == near)).map(|(_, full)| *full);
    let hint = match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "check the spelling; the report's csv/access.csv lists who and what there is".to_owned(),
    };
    Error::Name { what: format!("there is no {kind} called {name:?}"), why, hint }
}

/// Whom or what the answer is about, for the JSON.
fn asked(found: &Found) -> Value {
    let mut map = serde_json::Map::new();
    map.insert("name".to_owned(), found.name.clone().into());
    map.insert("kind".to_owned(), found.kind.clone().into());
    for (label, value) in &found.facts {
        let value = if value.is_empty() { Value::Null } else { value.clone().into() };
        map.insert(label.replace(' ', "_"), value);
    }
    Value::Object(map)
}

/// The lines before the table.
fn head(found: &Found, first: &str) -> String {
    let mut lines = format!("{first}\n{}  {}\n", text::line(&found.name), text::line(&found.kind));
    for (label, value) in found.facts.iter().filter(|(_, value)| !value.is_empty()) {
        let value = text::line(value);
        for (i, line) in answer::wrapped(&value, 76 - label.len()).iter().enumerate() {
            let label = if i == 0 { *label } else { "" };
            let _ = writeln!(lines, "  {label:<18} {line}");
        }
    }
    lines
}

/// Gaps, the table, the notes that its numbers refer to, and counts.
fn to_text(about: About<'_>, outcome: &Outcome) -> String {
    let mut text = answer::gap_lines(outcome);
    let mut rows: Vec<&Row> = outcome.rows.iter().filter(|row| !answer::is_gap(row)).collect();
    rows.sort_by_cached_key(|row| order(outcome, row));
    let open = rows.iter().any(|r| r.subject_kind == "everybody" && answer::cell(outcome, r, "permission") == "read");
    // One line says for all of them what those have who reach a public repository as everybody does.
    let like_everybody = |row: &&Row| {
        let (paths, permission) = (answer::cell(outcome, row, "paths"), answer::cell(outcome, row, "permission"));
        open && row.subject_kind != "everybody" && paths == "public" && permission == "read"
    };
    let (alike, rows): (Vec<&Row>, Vec<&Row>) = rows.into_iter().partition(like_everybody);
    let mut notes = Notes::default();
    let mut cells: Vec<Vec<String>> = rows.iter().map(|row| cells(about, outcome, row, &mut notes)).collect();
    if !alike.is_empty() {
        let numbers: BTreeSet<usize> = alike.iter().flat_map(|row| notes.numbers(outcome, row)).collect();
        let doubtful = alike.iter().filter(|row| answer::cell(outcome, row, "certainty") != "certain").count();
        let certainty = match doubtful {
            0 => "certain".to_owned(),
            n => format!("uncertain for {n} {}", marks(numbers)),
        };
        let who = format!("{} more, as everybody", alike.len());
        cells.push(vec!["read".to_owned(), who, "public".to_owned(), certainty]);
    }
    let first = if matches!(about, About::Repo(_)) { "principal" } else { "repository" };
    if cells.is_empty() {
        text.push_str("nothing to list\n");
    } else {
        text.push_str(&answer::table(&["permission", first, "by", "certainty"], &cells, &[0, 1]));
    }
    for (i, note) in notes.0.iter().enumerate() {
        text.push_str(if i == 0 { "\n" } else { "" });
        for (at, line) in answer::wrapped(&text::line(note), answer::TEXT_WIDTH - 5).into_iter().enumerate() {
            let mark = if at == 0 { format!("[{}]", i + 1) } else { String::new() };
            let _ = writeln!(text, "{mark:<4} {line}");
        }
    }
    let _ = writeln!(text, "\n{}", counts(about, outcome));
    text
}

/// Notes, numbered as they come.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    /// The numbers of a row's notes.
    fn numbers(&mut self, outcome: &Outcome, row: &Row) -> Vec<usize> {
        let Some(Cell::List(notes)) = outcome.cell(row, "notes") else { return Vec::new() };
        let number = |note: &String| {
            let at = self.0.iter().position(|known| known == note).unwrap_or_else(|| {
                self.0.push(note.clone());
                self.0.len() - 1
            });
            at + 1
        };
        notes.iter().map(number).collect()
    }
}

/// Numbers as they stand in a table.
fn marks(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|number| format!("[{number}]")).collect::<Vec<_>>().join(" ")
}

/// One line of the table.
fn cells(about: About<'_>, outcome: &Outcome, row: &Row, notes: &mut Notes) -> Vec<String> {
    let cell = |name| answer::cell(outcome, row, name);
    let permission = match (cell("permission"), cell("at_least")) {
        (permission, least) if permission == "unknown" && least != "none" => format!("unknown, at least {least}"),
        (permission, _) => permission,
    };
    let subject = match (about, row.subject_kind.as_str()) {
        (About::User(_), _) => cell("resource"),
        (About::Repo(_), "everybody") => "everybody".to_owned(),
        (About::Repo(_), "hidden-grantees") => format!("{} whose names are hidden", cell("count")),
        (About::Repo(_), "member") => text::line(&row.subject),
        (About::Repo(_), kind) => format!("{} ({kind})", text::line(&row.subject)),
    };
    let numbers: BTreeSet<usize> = notes.numbers(outcome, row).into_iter().collect();
    let certainty = format!("{} {}", cell("certainty"), marks(numbers));
    vec![permission, subject, cell("paths").replace(';', ", "), certainty.trim_end().to_owned()]
}

/// The most first; what is unknown stands between what is there and what is not.
fn order(outcome: &Outcome, row: &Row) -> (bool, Reverse<usize>, bool, String, String) {
    let word = answer::cell(outcome, row, "permission");
    let rank = Permission::ALL.iter().position(|p| p.word() == word);
    let rank = rank.map_or(1, |rank| rank * 2);
    let everybody = row.subject_kind == "everybody";
    (
        !everybody,
        Reverse(rank),
        row.subject_kind == "hidden-grantees",
        row.subject.to_lowercase(),
        answer::cell(outcome, row, "resource"),
    )
}

/// How many have what.
fn counts(about: About<'_>, outcome: &Outcome) -> String {
    let what = if matches!(about, About::Repo(_)) { "principals" } else { "repositories" };
    let words = Permission::ALL.iter().rev().map(|p| p.word());
    let words: Vec<&str> = words.filter(|word| *word != "none").chain(["unknown", "none"]).collect();
    let count = |word: &&str| {
        outcome.totals.get(*word).and_then(Value::as_u64).filter(|n| *n > 0).map(|n| format!("{n} {word}"))
    };
    format!("{what}: {}", words.iter().filter_map(count).collect::<Vec<_>>().join(", "))
}
