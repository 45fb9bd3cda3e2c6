//! Layouts of known roster exports: by which headers each is recognized, and what its own words mean.
//!
//! Headers are compared trimmed and case folded. Where a product's spelling differs between its screens, all are
//! accepted. A disabled account counts as a leaver where the product has no other word for one (Entra, Google).

use std::collections::BTreeMap;

use crate::model::{ids::fold, params::Roster};

/// One product's export.
#[derive(Debug)]
pub(super) struct Layout {
    /// The product.
    pub(super) name: &'static str,
    /// Of each list, one header must be there.
    marks: &'static [&'static [&'static str]],
    /// Spellings of each field's header, the preferred one first.
    columns: &'static [(&'static str, &'static [&'static str])],
    /// Headers of the first and the last name.
    names: [&'static [&'static str]; 2],
    /// Header of an address that stands in where a line has no other.
    fallback: &'static [&'static str],
    /// The product's words for each status.
    words: &'static [(&'static str, &'static [&'static str])],
}

/// Headers of first names.
const FIRST: &[&str] =
    &["first name", "firstname", "user.firstname", "givenname", "first name [required]", "legal first name"];
/// Headers of last names.
const LAST: &[&str] = &["last name", "lastname", "user.lastname", "surname", "last name [required]", "legal last name"];
/// Headers of a work address in HR systems.
const WORK_EMAIL: &[&str] = &["work email", "work e-mail", "work email address"];
/// Headers of a status in HR systems, the more telling one first.
const STATUS: &[&str] = &["employment status", "status"];
/// Words of HR systems for people who work there.
const EMPLOYED: &[&str] = &[
    "active",
    "employed",
    "full-time",
    "full time",
    "part-time",
    "part time",
    "regular",
    "permanent",
    "intern",
    "temporary",
    "seasonal",
    "hired",
    "accepted",
    "onboarding",
];
/// Words of HR systems for people who are away for a while.
const AWAY: &[&str] = &["leave", "on leave", "leave of absence", "furloughed"];
/// Words of HR systems for contractors.
const CONTRACTED: &[&str] = &["contractor", "contract", "freelancer", "consultant"];
/// Words of HR systems for leavers.
const LEFT: &[&str] = &["terminated", "inactive", "resigned", "retired", "deceased", "offboarded"];
/// The words of HR systems.
const HR_WORDS: &[(&str, &[&str])] =
    &[("active", EMPLOYED), ("leave", AWAY), ("contractor", CONTRACTED), ("terminated", LEFT)];

/// Every known layout; the first that fits is taken.
pub(super) static LAYOUTS: [Layout; 5] = [
    Layout {
        name: "Microsoft Entra",
        marks: &[&["userprincipalname", "user principal name"], &["accountenabled", "account enabled"]],
        columns: &[
            ("email", &["mail", "email", "userprincipalname", "user principal name"]),
            ("name", &["displayname", "display name"]),
            ("status", &["accountenabled", "account enabled"]),
            ("terminated_on", &["employeeleavedatetime", "employee leave date time"]),
            ("department", &["department"]),
        ],
        names: [FIRST, LAST],
        fallback: &["userprincipalname", "user principal name"],
        words: &[("active", &["true", "yes", "enabled"]), ("terminated", &["false", "no", "disabled"])],
    },
    Layout {
        name: "Google Workspace",
        marks: &[&["email address [required]"], &["status [read only]"]],
        columns: &[
            ("email", &["email address [required]"]),
            ("status", &["status [read only]"]),
            ("manager_email", &["manager email"]),
            ("department", &["department"]),
        ],
        names: [FIRST, LAST],
        fallback: &[],
        words: &[("active", &["active"]), ("terminated", &["suspended", "archived", "deleted"])],
    },
    Layout {
        name: "Okta",
        marks: &[
            &["login", "user.login", "profile.login", "okta username"],
            &["status", "user.status", "user status", "okta user status"],
        ],
        columns: &[
            ("email", &["email", "user.email", "profile.email", "primary email", "login", "user.login"]),
            ("name", &["displayname", "display name", "user.displayname"]),
            ("status", &["status", "user.status", "user status", "okta user status"]),
            ("department", &["department", "user.department"]),
        ],
        names: [FIRST, LAST],
        fallback: &["login", "user.login", "profile.login", "okta username"],
        words: &[
            (
                "active",
                &[
                    "active",
                    "staged",
                    "provisioned",
                    "pending user action",
                    "recovery",
                    "password reset",
                    "password_expired",
                    "password expired",
                    "locked_out",
                    "locked out",
                ],
            ),
            ("leave", &["suspended"]),
            ("terminated", &["deprovisioned", "deactivated"]),
        ],
    },
    Layout {
        name: "BambooHR",
        marks: &[
            WORK_EMAIL,
            STATUS,
            &[
                "employee #",
                "employee number",
                "supervisor",
                "supervisor email",
                "reporting to",
                "reports to",
                "last name, first name",
            ],
        ],
        columns: &[
            ("email", WORK_EMAIL),
            ("name", &["name", "full name", "employee name", "display name", "last name, first name"]),
            ("status", STATUS),
            ("terminated_on", &["termination date"]),
            ("manager_email", &["supervisor email", "reporting to email"]),
            ("department", &["department"]),
        ],
        names: [FIRST, LAST],
        fallback: &[],
        words: HR_WORDS,
    },
    Layout {
        name: "Rippling",
        marks: &[
            WORK_EMAIL,
            STATUS,
            &[
                "manager - work email",
                "manager",
                "employee - id",
                "last day of work",
                "end date",
                "employment type name",
            ],
        ],
        columns: &[
            ("email", WORK_EMAIL),
            ("name", &["employee", "employee name", "full name", "name"]),
            ("status", STATUS),
            ("terminated_on", &["termination date", "last day of work", "end date"]),
            ("manager_email", &["manager - work email", "manager email"]),
            ("department", &["department"]),
        ],
        names: [FIRST, LAST],
        fallback: &[],
        words: HR_WORDS,
    },
];

/// How one file is read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Format {
    /// Headers and words.
    pub(super) mapping: Roster,
    /// Headers of the first and the last name, where no header holds both.
    pub(super) names: Option<[String; 2]>,
    /// Header of the address that stands in for an empty one.
    pub(super) fallback: Option<String>,
}

/// The first layout that fits a header.
pub(super) fn recognize(header: &[String]) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.marks.iter().all(|any| spelled(header, any).is_some()))
}

/// The first of several spellings that a header has, as the header writes it.
fn spelled<'h>(header: &'h [String], spellings: &[&str]) -> Option<&'h String> {
    spellings.iter().find_map(|wanted| header.iter().find(|found| fold(found) == *wanted))
}

impl Layout {
    /// The layout on a header; words of the configuration are kept and win.
    pub(super) fn on(&self, header: &[String], configured: &Roster) -> Format {
        let columns = self
            .columns
            .iter()
            .filter_map(|(field, any)| spelled(header, any).map(|found| ((*field).to_owned(), found.clone())));
        let mut mapping = Roster { columns: columns.collect::<BTreeMap<_, _>>(), ..configured.clone() };
        let own: Vec<String> = configured.status_values.values().flatten().map(|word| fold(word)).collect();
        for (status, words) in self.words {
            let words = words.iter().filter(|word| !own.iter().any(|o| o == *word)).map(|word| (*word).to_owned());
            mapping.status_values.entry((*status).to_owned()).or_default().extend(words);
        }
        let [first, last] = self.names.map(|any| spelled(header, any).cloned());
        let names = first.zip(last).filter(|_| !mapping.columns.contains_key("name")).map(|(f, l)| [f, l]);
        let fallback = spelled(header, self.fallback).cloned();
        Format { mapping, names, fallback }
    }
}

#[cfg(test)]
#[path = "layouts_tests.rs"]
mod tests;
