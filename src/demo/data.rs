//! The rows of the sample files, as written. Each file opens with what its columns mean.

use chrono::NaiveDate;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    error::Error,
    words::{Activity, Dated, Timeline, Words, day, day_or_none},
};

/// A row of `people.csv`: somebody who is or was a member.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    /// Login.
    pub(super) login: String,
    /// Display name.
    pub(super) name: String,
    /// Address; filled in by [`Data::load`] where the cell is empty.
    pub(super) email: String,
    /// Organization role.
    pub(super) role: Timeline,
    /// When and how they joined.
    pub(super) joined: Dated,
    /// When and how they left; an empty word for current members.
    pub(super) left: Dated,
    /// Routine activity.
    pub(super) activity: Activity,
    /// `yes`, `no` or `hidden`.
    pub(super) two_factor: Timeline,
    /// What the identity provider knows.
    pub(super) scim: Dated,
    /// What the people export says.
    pub(super) hr: Dated,
    /// Department; empty for none.
    pub(super) department: String,
    /// City and country.
    pub(super) city: String,
    /// Particulars.
    pub(super) flags: Words,
}

/// A row of `roster.csv`: somebody of the people export who never was a member.
#[derive(Debug, Deserialize)]
pub(super) struct Colleague {
    /// Address.
    pub(super) email: String,
    /// Hub login; empty where the export does not know it.
    pub(super) login: String,
    /// Name.
    pub(super) name: String,
    /// Status as `hr` of [`Person`].
    pub(super) status: Dated,
    /// First day in the export.
    #[serde(deserialize_with = "day")]
    pub(super) hired: NaiveDate,
    /// Department.
    pub(super) department: String,
}

/// A row of `departments.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Department {
    /// Name.
    pub(super) department: String,
    /// Login of its head.
    pub(super) head: String,
}

/// A row of `groups.csv`: a resource group.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    /// Name.
    #[serde(rename = "group")]
    pub(super) name: String,
    /// Description.
    pub(super) description: String,
    /// Day of creation.
    #[serde(deserialize_with = "day")]
    pub(super) created: NaiveDate,
    /// Role of those who join by themselves; empty when nobody does.
    pub(super) auto_join: String,
}

/// A row of `group_users.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct GroupUser {
    /// The group.
    pub(super) group: String,
    /// Login of a member or a service account.
    pub(super) login: String,
    /// Role in the group.
    pub(super) role: Timeline,
    /// Day of joining the group.
    #[serde(deserialize_with = "day")]
    pub(super) added: NaiveDate,
    /// Day of being taken out.
    #[serde(deserialize_with = "day_or_none")]
    pub(super) removed: Option<NaiveDate>,
    /// Login of who added them; empty for a steward.
    pub(super) by: String,
    /// Particulars.
    pub(super) flags: Words,
}

/// A row of `repos.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Repo {
    /// `model`, `dataset`, `space`, `bucket`, `kernel`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Name without the organization.
    pub(super) name: String,
    /// `public`, `private`, `protected`.
    pub(super) visibility: Timeline,
    /// `false`, `auto`, `manual`.
    pub(super) gated: Timeline,
    /// Resource group; empty for none.
    pub(super) group: Timeline,
    /// Login of who made it.
    pub(super) creator: String,
    /// Day of creation.
    #[serde(deserialize_with = "day")]
    pub(super) created: NaiveDate,
    /// Day of deletion.
    #[serde(deserialize_with = "day_or_none")]
    pub(super) deleted: Option<NaiveDate>,
    /// Size in gigabytes.
    pub(super) gb: f64,
    /// Logins of who else commits.
    pub(super) committers: Words,
}

/// A row of `grants.csv`: an access request or grant of a gated repository.
#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    /// Path form of the repository.
    pub(super) repo: String,
    /// Login, or `hidden`.
    pub(super) user: String,
    /// Display name; empty for members and the hidden.
    pub(super) name: String,
    /// Address; empty where it is not shared.
    pub(super) email: String,
    /// Day of the request.
    #[serde(deserialize_with = "day")]
    pub(super) requested: NaiveDate,
    /// What was decided and when.
    pub(super) decided: Dated,
    /// Login of who granted without a request, `nobody`, or empty.
    pub(super) granted_by: String,
    /// How many numbered people the row stands for.
    pub(super) count: u32,
}

/// A row of `tokens.csv`: an access token of a member.
#[derive(Debug, Deserialize)]
pub(super) struct Token {
    /// Login of the owner.
    pub(super) owner: String,
    /// Name of the token.
    pub(super) name: String,
    /// `read`, `write`, `fineGrained`.
    pub(super) role: String,
    /// Day of creation.
    #[serde(deserialize_with = "day")]
    pub(super) created: NaiveDate,
    /// `live`, `never`, or the day of the last use.
    pub(super) used: Dated,
    /// `active`, `approved`, `pending`, `denied`, `revoked DAY`.
    pub(super) status: Dated,
    /// Scopes of a fine-grained token.
    pub(super) scopes: String,
    /// Particulars.
    pub(super) flags: Words,
}

/// A row of `service_accounts.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    /// Login.
    pub(super) login: String,
    /// Name.
    pub(super) name: String,
    /// Description.
    pub(super) description: String,
    /// Day of creation.
    #[serde(deserialize_with = "day")]
    pub(super) created: NaiveDate,
}

/// A row of `service_tokens.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceToken {
    /// Login of the account.
    pub(super) account: String,
    /// Name of the token.
    pub(super) name: String,
    /// Day of creation.
    #[serde(deserialize_with = "day")]
    pub(super) created: NaiveDate,
    /// `live`, `never`, or the day of the last use.
    pub(super) used: Dated,
    /// Day of expiry; `None` for never.
    #[serde(deserialize_with = "day_or_none")]
    pub(super) expires: Option<NaiveDate>,
    /// Permissions on the organization.
    pub(super) permissions: Words,
    /// Path forms of the repositories it may write to.
    pub(super) repos: Words,
}

/// A row of `scim_pending.csv`: provisioned by the identity provider and no member.
#[derive(Debug, Deserialize)]
pub(super) struct Provisioned {
    /// User name.
    pub(super) login: String,
    /// Name.
    pub(super) name: String,
    /// Address.
    pub(super) email: String,
    /// First day in the listing.
    #[serde(deserialize_with = "day")]
    pub(super) since: NaiveDate,
    /// Whether the identity provider still wants them in.
    pub(super) active: bool,
}

/// A row of `invites.csv`: an invitation without an acceptance.
#[derive(Debug, Deserialize)]
pub(super) struct Invite {
    /// Login or address.
    pub(super) invitee: String,
    /// Role offered.
    pub(super) role: String,
    /// Day of the invitation.
    #[serde(deserialize_with = "day")]
    pub(super) invited: NaiveDate,
    /// Login of who invited.
    pub(super) by: String,
    /// Key under which the log names the invitee.
    pub(super) data: String,
}

/// A row of `events.csv`: an event that no other file implies.
#[derive(Debug, Deserialize)]
pub(super) struct Single {
    /// Instant, RFC 3339.
    pub(super) at: String,
    /// Event type.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Login, or `system`.
    pub(super) author: String,
    /// `web`, `oauth` or `token NAME`.
    pub(super) via: String,
    /// JSON, or empty.
    pub(super) data: String,
    /// The Hub's sentence.
    pub(super) message: String,
}

/// A row of `seats.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Seats {
    /// First day of the quarter.
    #[serde(deserialize_with = "day")]
    pub(super) as_of: NaiveDate,
    /// Seats on the contract.
    pub(super) purchased: u32,
    /// Seats on the last invoice.
    pub(super) invoiced: u32,
}

/// Every file of the sample.
#[derive(Debug)]
pub(super) struct Data {
    /// `people.csv`.
    pub(super) people: Vec<Person>,
    /// `roster.csv`.
    pub(super) colleagues: Vec<Colleague>,
    /// `departments.csv`.
    pub(super) departments: Vec<Department>,
    /// `groups.csv`.
    pub(super) groups: Vec<Group>,
    /// `group_users.csv`.
    pub(super) group_users: Vec<GroupUser>,
    /// `repos.csv`.
    pub(super) repos: Vec<Repo>,
    /// `grants.csv`.
    pub(super) grants: Vec<Grant>,
    /// `tokens.csv`.
    pub(super) tokens: Vec<Token>,
    /// `service_accounts.csv`.
    pub(super) services: Vec<Service>,
    /// `service_tokens.csv`.
    pub(super) service_tokens: Vec<ServiceToken>,
    /// `scim_pending.csv`.
    pub(super) provisioned: Vec<Provisioned>,
    /// `invites.csv`.
    pub(super) invites: Vec<Invite>,
    /// `events.csv`.
    pub(super) singles: Vec<Single>,
    /// `seats.csv`.
    pub(super) seats: Vec<Seats>,
}

/// Names and embeds one file of the sample, and reads its rows.
macro_rules! rows {
    ($file:literal) => {
        read($file, include_str!(concat!("../../fixtures/sample/", $file)))
    };
}

impl Data {
    /// Reads every file.
    ///
    /// # Errors
    /// When a row does not parse.
    pub(super) fn load() -> Result<Self, Error> {
        let mut people: Vec<Person> = rows!("people.csv")?;
        for person in people.iter_mut().filter(|p| p.email.is_empty()) {
            person.email = format!("{}@example.com", person.login);
        }
        Ok(Self {
            people,
            colleagues: rows!("roster.csv")?,
            departments: rows!("departments.csv")?,
            groups: rows!("groups.csv")?,
            group_users: rows!("group_users.csv")?,
            repos: rows!("repos.csv")?,
            grants: rows!("grants.csv")?,
            tokens: rows!("tokens.csv")?,
            services: rows!("service_accounts.csv")?,
            service_tokens: rows!("service_tokens.csv")?,
            provisioned: rows!("scim_pending.csv")?,
            invites: rows!("invites.csv")?,
            singles: rows!("events.csv")?,
            seats: rows!("seats.csv")?,
        })
    }
}

/// Reads the rows of one file; lines that begin with `#` are talk.
fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, Error> {
    csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|source| Error::Row { file, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_reads() {
        Data::load().unwrap();
    }

    #[test]
    fn a_bad_row_names_its_file_and_line() {
        let error = read::<Department>("departments.csv", "# talk\ndepartment,head\nPlatform\n").unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(error.to_string().contains("departments.csv") && source.contains("line: 3"), "{error}: {source}");
    }
}
