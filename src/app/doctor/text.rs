//! A diagnosis as text for people: the table of sources, then the token, then what to change.

use std::fmt::Write as _;

use comfy_table::CellAlignment;

use super::{
    diagnosis::{Diagnosis, QuotaFacts, SourceLine, TokenFacts},
    permissions::Stated,
};
use crate::{app::summary::plain_table, model::coverage::Source};

/// Seconds of clock skew from which there is something to do.
const SKEW: u64 = 60;

impl Diagnosis {
    /// The diagnosis as text.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{} at {}\n\n{}\n\n", self.org, self.endpoint, self.table());
        for (label, fact) in self.facts() {
            let _ = writeln!(text, "{label:<13} {fact}");
        }
        self.permissions(&mut text);
        let _ = write!(
            text,
            "\na token with exactly what is needed is created, by an owner, at\n  {}\n  (the Hub does not document this form \
             of the address; compare the ticked boxes with the list above)\n\nrollcall only reads: nothing was changed. \
             An export of the audit log is itself recorded in the log.\n\n",
            self.link
        );
        text.push_str(&self.verdict());
        text
    }

    /// The sources.
    fn table(&self) -> String {
        let mut table = plain_table(&["source", "readable", "status", "permission", "stated", "note"]);
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Left);
        }
        for line in &self.sources {
            table.add_row(row(line));
        }
        table.trim_fmt()
    }

    /// The token, the plan, the quota and the clock.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let plan = format!("{} (from {})", self.plan.name, self.plan.from);
        let mut facts = vec![("token", token(&self.token)), ("owner", owner(&self.token, self.org.as_str()))];
        if self.restrictions.is_empty() {
            facts.push(("restrictions", "none stated".to_owned()));
        }
        facts.extend(self.restrictions.iter().map(|r| ("restrictions", format!("{}: {}", r.word, r.meaning))));
        facts.push(("plan", plan));
        facts.push(("quota", self.quota.as_ref().map_or_else(|| "not stated".to_owned(), quota)));
        facts.push(("clock", clock(self.clock_skew_seconds)));
        facts
    }

    /// What the token lacks, and what it has to spare.
    fn permissions(&self, text: &mut String) {
        match self.missing.as_deref() {
            None => {}
            Some([]) => text.push_str("\npermissions it lacks: none\n"),
            Some(missing) => {
                text.push_str("\npermissions it lacks for the organization as a whole\n");
                for lack in missing {
                    let opens: Vec<_> = lack.sources.iter().map(|source| source.name()).collect();
                    let _ = writeln!(text, "  {:<26} for {}", lack.permission, opens.join(", "));
                }
            }
        }
        if self.token.unscoped {
            text.push_str(
                "\npermissions it does not need: it reaches everything its owner reaches; use a fine-grained one\n",
            );
        } else if !self.excess.is_empty() {
            text.push_str("\npermissions it has and rollcall does not need\n");
            for excess in &self.excess {
                let _ = writeln!(text, "  {:<26} on {}: {}", excess.permission, excess.on, excess.why);
            }
        } else if self.missing.is_some() {
            text.push_str("\npermissions it does not need: none\n");
        }
    }

    /// The last line.
    fn verdict(&self) -> String {
        let names: Vec<_> = self.gaps.iter().map(|source| source.name()).collect();
        let unasked = self.sources.iter().any(|line| line.source == Source::AuditLog && line.readable == "not probed");
        if !names.is_empty() {
            format!("a collection with this token would have gaps: {}\n", names.join(", "))
        } else if unasked {
            "every source that an analyzer needs can be read, but for audit_log, which was not asked\n".to_owned()
        } else {
            "every source that an analyzer needs can be read\n".to_owned()
        }
    }
}

/// One row of the table.
fn row(line: &SourceLine) -> [String; 6] {
    let dash = || "-".to_owned();
    let permissions: Vec<_> = line.permissions.iter().copied().collect();
    let permission = match (line.source, permissions.as_slice()) {
        (Source::Whoami, []) => "none".to_owned(),
        (_, []) => "not documented".to_owned(),
        (_, all) => all.join(", "),
    };
    [
        line.source.name().to_owned(),
        line.readable.to_owned(),
        line.status.map_or_else(dash, |status| status.to_string()),
        permission,
        line.stated.map_or_else(dash, |stated: Stated| stated.word().to_owned()),
        line.note.clone(),
    ]
}

/// The token in one line.
fn token(token: &TokenFacts) -> String {
    let mut text = token.kind.clone().unwrap_or_else(|| "of unknown kind".to_owned());
    let _ = match &token.role {
        Some(role) => write!(text, ", role {role}"),
        None => write!(text, ", role unknown"),
    };
    if let Some(name) = &token.name {
        let _ = write!(text, ", named {name:?}");
    }
    if let Some(created_at) = &token.created_at {
        let _ = write!(text, ", created {created_at}");
    }
    text
}

/// The owner in one line.
fn owner(token: &TokenFacts, org: &str) -> String {
    let owner = token.owner.as_deref().unwrap_or("unknown");
    match token.role_in_org.as_deref() {
        Some("admin") => format!("{owner}, role admin in {org}"),
        Some(role) => format!("{owner}, role {role} in {org}; much is shown to owners (role admin) only"),
        None => format!("{owner}, no role in {org} that the Hub states; much is shown to owners (role admin) only"),
    }
}

/// The quota in one line.
fn quota(quota: &QuotaFacts) -> String {
    let bucket = if quota.bucket.is_empty() { "requests" } else { quota.bucket.as_str() };
    let mut text = format!("{bucket}: {} left", quota.left);
    if let Some(all) = quota.quota {
        let _ = write!(text, " of {all}");
    }
    if let Some(seconds) = quota.resets_seconds {
        let _ = write!(text, ", the window ends in {seconds} s");
    }
    text
}

/// The clock in one line.
fn clock(skew: Option<i64>) -> String {
    let Some(skew) = skew else { return "the Hub does not tell its time".to_owned() };
    let warning = if skew.unsigned_abs() > SKEW {
        "; WARNING: set this machine's clock, or ages and dates in reports will be wrong"
    } else {
        ""
    };
    match skew {
        0 => "agrees with the Hub's".to_owned(),
        ahead @ 1.. => format!("{ahead} s behind the Hub's{warning}"),
        behind => format!("{} s ahead of the Hub's{warning}", behind.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_a_minute_off_is_a_warning() {
        for (skew, expected, warns) in [
            (Some(0), "agrees", false),
            (Some(60), "60 s behind", false),
            (Some(61), "61 s behind", true),
            (Some(-61), "61 s ahead", true),
            (None, "does not tell", false),
        ] {
            let text = clock(skew);
            assert!(text.contains(expected) && text.contains("WARNING") == warns, "{text}");
        }
    }

    #[test]
    fn a_quota_says_no_more_than_the_hub() {
        let facts = |quota, resets_seconds| QuotaFacts { bucket: "api".to_owned(), left: 5, quota, resets_seconds };
        assert_eq!(quota(&facts(Some(9), Some(30))), "api: 5 left of 9, the window ends in 30 s");
        assert_eq!(quota(&facts(None, None)), "api: 5 left");
    }
}
