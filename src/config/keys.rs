//! Every key of `rollcall.toml`, declared once: the check, `rollcall init` and `rollcall explain` read this list.

use serde::Serialize;

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Kind {
    /// Text that is not blank.
    Text,
    /// Text that may be empty.
    Label,
    /// `true` or `false`.
    Flag,
    /// A whole number between two limits.
    Whole(i64, i64),
    /// A finite amount of USD, not negative.
    Price,
    /// A day as `YYYY-MM-DD`, quoted or bare.
    Date,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A program and its arguments: a list of texts, the first of which is not blank.
    Command,
    /// Keys of this list, each with a text.
    Texts(&'static [&'static str]),
    /// Keys of this list, each with a list of texts.
    Lists(&'static [&'static str]),
}

impl Kind {
    /// What to write, for an error.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text in quotes that is not blank".to_owned(),
            Self::Label => "a text in quotes".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(min, max) => format!("a whole number from {min} to {max}"),
            Self::Price => "an amount in USD, 0 or more".to_owned(),
            Self::Date => "a date like \"2027-03-31\"".to_owned(),
            Self::Word(words) => format!("one of \"{}\"", words.join("\", \"")),
            Self::Command => "a list of texts, the program first".to_owned(),
            Self::Texts(keys) => format!("a table of texts with keys among {}", keys.join(", ")),
            Self::Lists(keys) => format!("a table of lists of texts with keys among {}", keys.join(", ")),
        }
    }
}

/// One key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Key {
    /// The table it stands in; `*` is any name.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// An example in TOML: the default where there is one.
    pub example: &'static str,
    /// Whether the example is what holds when the key is absent.
    pub is_default: bool,
    /// What it means, in one sentence.
    pub doc: &'static str,
}

/// Plans that have a meaning here.
pub const PLANS: [&str; 5] = ["free", "team", "enterprise", "plus", "academia"];

/// Fields of a person in the roster.
pub const ROSTER_FIELDS: [&str; 7] =
    ["email", "username", "name", "status", "terminated_on", "manager_email", "department"];

/// Employment statuses of the roster.
pub const STATUSES: [&str; 4] = ["active", "leave", "contractor", "terminated"];

/// Orders of day, month and year.
const DATE_ORDERS: [&str; 3] = ["ymd", "mdy", "dmy"];

/// How often a subscription renews.
const TERMS: [&str; 2] = ["monthly", "annual"];

/// Paper formats.
const PAPERS: [&str; 2] = ["a4", "letter"];

/// The longest span in days or hours that a threshold may have.
const LONG: i64 = 36_500;

/// Shorthand for a key whose example is its default.
const fn preset(
    section: &'static str,
    name: &'static str,
    kind: Kind,
    example: &'static str,
    doc: &'static str,
) -> Key {
    Key { section, name, kind, example, is_default: true, doc }
}

/// Shorthand for a key without a default.
const fn open(section: &'static str, name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { section, name, kind, example, is_default: false, doc }
}

/// Tables in the order of `rollcall init`, each with what it is for.
pub static SECTIONS: [(&str, &str); 10] = [
    ("org.*", "One table per organization; `rollcall run --all` takes each of them."),
    ("seats", "What a seat costs, and which seats are billed."),
    ("activity", "Used wherever a rule asks whether somebody is active."),
    ("analyzers.orphaned-access", "Access that nobody answers for."),
    ("analyzers.owner-coverage", "Who could act for the organization."),
    ("analyzers.offboarding", "Leavers."),
    ("report", "How the report looks."),
    ("witness", "Who is told of each sealed snapshot, outside the reach of whoever can write to the store."),
    ("roster", "People as HR or the identity provider knows them, exported as CSV."),
    ("exceptions", "Accepted risks: each has an owner, a reason and an end. Repeat the table for each."),
];

/// All keys, grouped as [`SECTIONS`].
pub static KEYS: [Key; 34] = [
    open("org.*", "plan", Kind::Word(&PLANS), "\"team\"", "Plan of the organization; without it the Hub is asked."),
    open("seats", "price_usd", Kind::Price, "20.0", "Price of a seat per month; without it the plan's list price."),
    open("seats", "purchased", Kind::Whole(0, 10_000_000), "40", "Seats on the contract, compared with those counted."),
    open(
        "seats",
        "invoiced",
        Kind::Whole(0, 10_000_000),
        "41",
        "Seats on the last invoice, compared with those counted.",
    ),
    preset(
        "seats",
        "term",
        Kind::Word(&TERMS),
        "\"monthly\"",
        "How often the subscription renews: \"monthly\" on renewal_day, or \"annual\" with renewal_date.",
    ),
    open(
        "seats",
        "renewal_date",
        Kind::Date,
        "\"2027-03-01\"",
        "A day on which an annual subscription renews; a past one is moved on by whole years.",
    ),
    preset("seats", "renewal_day", Kind::Whole(1, 31), "1", "Day of the month on which a monthly subscription renews."),
    preset("seats", "count_pending_invites", Kind::Flag, "true", "Whether pending invites are billed."),
    preset("seats", "count_external", Kind::Flag, "true", "Whether external collaborators are billed."),
    preset("seats", "count_no_access", Kind::Flag, "true", "Whether members with the role no_access are billed."),
    preset(
        "activity",
        "threshold_days",
        Kind::Whole(1, LONG),
        "90",
        "Days without activity from which somebody is inactive.",
    ),
    preset(
        "activity",
        "grace_days",
        Kind::Whole(0, LONG),
        "30",
        "Days after joining in which nobody is called inactive.",
    ),
    preset(
        "analyzers.orphaned-access",
        "invite_stale_days",
        Kind::Whole(1, LONG),
        "30",
        "Days from which a pending invite is stale.",
    ),
    preset(
        "analyzers.orphaned-access",
        "list_outside_grants",
        Kind::Flag,
        "false",
        "Whether grantees who never were members get a row each.",
    ),
    preset(
        "analyzers.owner-coverage",
        "min_owners",
        Kind::Whole(1, 100_000),
        "2",
        "Owners that the organization needs.",
    ),
    open(
        "analyzers.owner-coverage",
        "max_owners",
        Kind::Whole(1, 100_000),
        "6",
        "Owners above which there are too many; without it the larger of 5 and 10 % of the members, rounded up.",
    ),
    preset(
        "analyzers.offboarding",
        "sla_hours",
        Kind::Whole(1, LONG),
        "24",
        "Hours after the last working day within which access must be gone.",
    ),
    preset("report", "classification", Kind::Label, "\"Confidential\"", "Word in the foot of every page."),
    preset("report", "paper", Kind::Word(&PAPERS), "\"a4\"", "Paper of the PDF: \"a4\" or \"letter\"."),
    open(
        "report",
        "language",
        Kind::Text,
        "\"de\"",
        "Language of the fixed words; without it the template's own. Reasons and rules stay English.",
    ),
    preset(
        "report",
        "grace_days",
        Kind::Whole(0, 366),
        "15",
        "Days after an end of a period within which a snapshot shows the state at that end.",
    ),
    open(
        "witness",
        "command",
        Kind::Command,
        "[\"./witness.sh\", \"--log\", \"access-reviews\"]",
        "Program with arguments that reads the checkpoint line on stdin, within 60 s; what it prints is kept beside the snapshot.",
    ),
    open(
        "roster",
        "file",
        Kind::Text,
        "\"people.csv\"",
        "The CSV file, read by every collection; without it the newest `rollcall import` counts.",
    ),
    open(
        "roster",
        "columns",
        Kind::Texts(&ROSTER_FIELDS),
        "{ email = \"Work Email\", status = \"Employment Status\", terminated_on = \"Termination Date\", manager_email = \"Manager\" }",
        "Header of each field; a field not named is the header of the same name.",
    ),
    open(
        "roster",
        "status_values",
        Kind::Lists(&STATUSES),
        "{ terminated = [\"Terminated\", \"Left\"], leave = [\"On Leave\"] }",
        "The company's own words for the four statuses.",
    ),
    preset(
        "roster",
        "date_order",
        Kind::Word(&DATE_ORDERS),
        "\"ymd\"",
        "How dates are written: \"ymd\" (2026-09-30), \"mdy\" (9/30/2026) or \"dmy\" (30.9.2026).",
    ),
    open(
        "roster",
        "extracted_on",
        Kind::Date,
        "\"2026-09-30\"",
        "Day on which `file` was extracted; without it the only date in its name counts.",
    ),
    preset(
        "roster",
        "max_age_days",
        Kind::Whole(0, LONG),
        "30",
        "Days after which a roster or a list of invites proves nothing about the day of a snapshot.",
    ),
    open("exceptions", "analyzer", Kind::Text, "\"inactive-seats\"", "Analyzer whose finding is accepted."),
    open("exceptions", "rule", Kind::Text, "\"inactive\"", "Rule whose finding is accepted."),
    open(
        "exceptions",
        "subject",
        Kind::Text,
        "\"ci-release-bot\"",
        "Exact subject of the row; a glob when `pattern = true`.",
    ),
    open(
        "exceptions",
        "reason",
        Kind::Text,
        "\"break-glass account, rotation tested monthly\"",
        "Why the risk is accepted.",
    ),
    open("exceptions", "approved_by", Kind::Text, "\"security@acme.example\"", "Who accepted it."),
    open("exceptions", "expires", Kind::Date, "\"2027-03-31\"", "Last day on which it holds, at most 366 days ahead."),
];

/// Keys that may be left out of their table although they have no default.
pub static OPTIONAL: [Key; 2] = [
    open(
        "exceptions",
        "resource",
        Kind::Text,
        "\"acme-robotics\"",
        "Exact resource of the row; without it every resource of the subject.",
    ),
    open(
        "exceptions",
        "pattern",
        Kind::Flag,
        "false",
        "Whether `subject` is a glob; it may cover ten subjects at most.",
    ),
];

/// Keys without which their table says nothing.
pub const REQUIRED: [(&str, &[&str]); 1] =
    [("exceptions", &["analyzer", "rule", "subject", "reason", "approved_by", "expires"])];

/// The declared keys of a section.
pub fn of_section(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(OPTIONAL.iter()).filter(move |key| key.section == section)
}

/// The declared word nearest to `word`, when it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &k.to_lowercase()), k))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score >= 0.4)
        .map(|(_, k)| k)
}

/// A commented configuration with every key, its default and its meaning.
#[must_use]
pub fn sample() -> String {
    let mut lines: Vec<String> = [
        "# rollcall.toml: what rollcall cannot learn from the Hub.",
        "#",
        "# Every key may be left out. A commented key shows its default, or an example where there is none.",
        "# Paths are relative to the folder of this file. Tokens never stand here.",
    ]
    .map(str::to_owned)
    .into();
    for (section, doc) in &SECTIONS {
        let header = match *section {
            "org.*" => "#[org.acme-robotics]".to_owned(),
            "exceptions" => "#[[exceptions]]".to_owned(),
            "roster" => "#[roster]".to_owned(),
            other => format!("[{other}]"),
        };
        lines.extend([String::new(), format!("# {doc}"), header]);
        for key in of_section(section) {
            let note = if key.is_default || key.section == "exceptions" || key.section == "roster" {
                ""
            } else {
                " (no default; an example:)"
            };
            lines.extend([format!("# {}{note}", key.doc), format!("#{} = {}", key.name, key.example)]);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_in_a_declared_section_once() {
        let mut seen = std::collections::BTreeSet::new();
        for key in KEYS.iter().chain(&OPTIONAL) {
            assert!(SECTIONS.iter().any(|(s, _)| *s == key.section), "{}", key.section);
            assert!(seen.insert((key.section, key.name)), "{}", key.name);
            assert!(key.doc.ends_with('.'), "{}", key.doc);
        }
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("treshold_days", ["threshold_days", "grace_days"]), Some("threshold_days"));
        assert_eq!(nearest("zzz", ["threshold_days", "grace_days"]), None);
    }
}
