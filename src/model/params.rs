//! Thresholds and prices: what a reader of the report must know to recompute a verdict.
//!
//! These are the sections `[seats]`, `[activity]` and `[analyzers.*]` of the configuration; the defaults here are the
//! ones printed in the README and echoed in every report.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::time;

/// How often the subscription renews.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Term {
    /// Every month, on `renewal_day`.
    #[default]
    Monthly,
    /// Every year, on the day of `renewal_date`.
    Annual,
}

/// `[seats]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seats {
    /// Price of a seat per month in USD; `None` takes the plan's list price.
    pub price_usd: Option<f64>,
    /// Seats on the contract; `None` when not known.
    pub purchased: Option<u32>,
    /// Seats on the last invoice; `None` when not known.
    pub invoiced: Option<u32>,
    /// How often the subscription renews.
    pub term: Term,
    /// A day on which an annual subscription renews; those of other years follow. `None` when not known.
    pub renewal_date: Option<NaiveDate>,
    /// Day of the month on which a monthly subscription renews, 1 to 31.
    pub renewal_day: u32,
    /// Whether pending invites are billed.
    pub count_pending_invites: bool,
    /// Whether external collaborators are billed.
    pub count_external: bool,
    /// Whether members with the role `no_access` are billed.
    pub count_no_access: bool,
}

impl Default for Seats {
    fn default() -> Self {
        Self {
            price_usd: None,
            purchased: None,
            invoiced: None,
            term: Term::Monthly,
            renewal_date: None,
            renewal_day: 1,
            count_pending_invites: true,
            count_external: true,
            count_no_access: true,
        }
    }
}

impl Seats {
    /// The first renewal strictly after a day: a seat removed on the day of a renewal has been paid for.
    #[must_use]
    pub fn next_renewal(&self, today: NaiveDate) -> NaiveDate {
        match (self.term, self.renewal_date) {
            (Term::Annual, Some(date)) => time::next_yearly(today, date),
            _ => time::next_monthly(today, self.renewal_day),
        }
    }
}

/// `[activity]`, used wherever a rule asks whether somebody is active.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// Days without activity from which somebody is inactive.
    pub threshold_days: i64,
    /// Days after joining in which nobody is called inactive.
    pub grace_days: i64,
}

impl Default for Activity {
    fn default() -> Self {
        Self { threshold_days: 90, grace_days: 30 }
    }
}

/// `[analyzers.orphaned-access]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrphanedAccess {
    /// Days from which a pending invite is stale.
    pub invite_stale_days: i64,
    /// Whether grantees who never were members get a row each.
    pub list_outside_grants: bool,
}

impl Default for OrphanedAccess {
    fn default() -> Self {
        Self { invite_stale_days: 30, list_outside_grants: false }
    }
}

/// `[analyzers.owner-coverage]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnerCoverage {
    /// Owners an organization needs.
    pub min_owners: u32,
    /// Owners from which there are too many; `None` is max(5, 10 % of members rounded up).
    pub max_owners: Option<u32>,
}

impl Default for OwnerCoverage {
    fn default() -> Self {
        Self { min_owners: 2, max_owners: None }
    }
}

/// `[analyzers.offboarding]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Offboarding {
    /// Hours after the end of the last working day within which access must be gone.
    pub sla_hours: i64,
}

impl Default for Offboarding {
    fn default() -> Self {
        Self { sla_hours: 24 }
    }
}

/// `[analyzers.*]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Analyzers {
    /// Orphaned access.
    pub orphaned_access: OrphanedAccess,
    /// Owner coverage.
    pub owner_coverage: OwnerCoverage,
    /// Offboarding.
    pub offboarding: Offboarding,
}

/// Everything an analysis can be tuned by; echoed in every report.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Params {
    /// `[seats]`.
    pub seats: Seats,
    /// `[activity]`.
    pub activity: Activity,
    /// `[analyzers]`.
    pub analyzers: Analyzers,
}

/// `[roster]`: which column of a people export says what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roster {
    /// The file, relative to the folder of the configuration; empty when it is imported.
    pub file: String,
    /// Header of each field; a field not named here is the header of the same name.
    pub columns: std::collections::BTreeMap<String, String>,
    /// A company's own words for `active`, `leave`, `contractor` and `terminated`.
    pub status_values: std::collections::BTreeMap<String, Vec<String>>,
    /// How dates are written: `ymd`, `mdy` or `dmy`.
    pub date_order: String,
    /// The day on which the file was extracted; `None` leaves it to the file's name.
    pub extracted_on: Option<NaiveDate>,
    /// Days after which a roster or a list of invites proves nothing about the day of a snapshot.
    pub max_age_days: i64,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            file: String::new(),
            columns: std::collections::BTreeMap::new(),
            status_values: std::collections::BTreeMap::new(),
            date_order: "ymd".to_owned(),
            extracted_on: None,
            max_age_days: 30,
        }
    }
}

impl Roster {
    /// Whether it says how a file is to be read.
    #[must_use]
    pub fn is_mapping(&self) -> bool {
        !self.columns.is_empty() || !self.status_values.is_empty() || self.date_order != Self::default().date_order
    }
}
