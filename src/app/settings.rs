//! What holds for this run: the request, the configuration file and the environment, resolved into one set of values.
//!
//! The only place that reads environment variables.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use chrono::SubsecRound as _;
use secrecy::{SecretString, zeroize::Zeroizing};

use super::{
    error::Error,
    request::Common,
    token::{self, Found},
};
use crate::{
    config::{self, Config},
    model::time::{self, Timestamp},
};

/// Where the Hub is when nobody says otherwise.
const HUB: &str = "https://huggingface.co";

/// The store when nobody says otherwise.
const STORE: &str = "rollcall-store";

/// Requests in flight when nobody says otherwise.
const CONCURRENCY: usize = 8;

/// The environment variables that have a say, and the folders of the user.
#[derive(Clone, Default)]
pub struct Environment {
    /// `HF_TOKEN`.
    pub token: Option<SecretString>,
    /// `HF_TOKEN_PATH`.
    pub token_path: Option<PathBuf>,
    /// `HF_HOME`.
    pub hf_home: Option<PathBuf>,
    /// `HF_ENDPOINT`.
    pub endpoint: Option<String>,
    /// `ROLLCALL_SCIM_TOKEN`.
    pub scim_token: Option<SecretString>,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// `NO_COLOR` is set to anything but nothing.
    pub no_color: bool,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The user's configuration folder for rollcall.
    pub config: Option<PathBuf>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |token: &Option<SecretString>| token.as_ref().map(|_| "***");
        f.debug_struct("Environment")
            .field("token", &hidden(&self.token))
            .field("token_path", &self.token_path)
            .field("hf_home", &self.hf_home)
            .field("endpoint", &self.endpoint)
            .field("scim_token", &hidden(&self.scim_token))
            .field("agent", &self.agent)
            .field("no_color", &self.no_color)
            .field("home", &self.home)
            .field("config", &self.config)
            .finish()
    }
}

impl Environment {
    /// Reads the environment of this process; an empty variable counts as absent.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    #[must_use]
    pub fn read() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // Bytes that are no text stay visible as such, so that a broken token is refused and not passed over.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let secret = |name: &str| {
            let bytes = Zeroizing::new(std::env::var_os(name)?.into_encoded_bytes());
            token::secret(&Zeroizing::new(text(&bytes)))
        };
        let endpoint = std::env::var_os("HF_ENDPOINT").map(|value| text(value.as_encoded_bytes()));
        Self {
            token: secret("HF_TOKEN"),
            token_path: path("HF_TOKEN_PATH"),
            hf_home: path("HF_HOME"),
            endpoint: endpoint.filter(|url| !url.is_empty()),
            scim_token: secret("ROLLCALL_SCIM_TOKEN"),
            agent: path("SSH_AUTH_SOCK"),
            no_color: path("NO_COLOR").is_some(),
            home: directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
            config: directories::ProjectDirs::from("", "", "rollcall").map(|dirs| dirs.config_dir().to_owned()),
        }
    }
}

/// Everything that is settled before anything is done.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The configuration in force.
    pub(super) config: Config,
    /// Folder of the store.
    pub(super) store: PathBuf,
    /// Base URL of the Hub, as given.
    pub(super) endpoint: String,
    /// Whether plain `http:` may leave this machine.
    pub(super) allow_http: bool,
    /// Requests in flight.
    pub(super) concurrency: usize,
    /// The instant that the next collection records; `None` is now.
    pub(super) as_of: Option<Timestamp>,
    /// The environment, for tokens.
    environment: Environment,
}

impl Settings {
    /// Resolves a request.
    ///
    /// # Errors
    /// When the configuration cannot be used, or `--as-of` is no instant.
    pub(super) fn resolve(common: &Common, environment: &Environment, known: &config::Known) -> Result<Self, Error> {
        let mut candidates = vec![PathBuf::from(config::FILE_NAME)];
        candidates.extend(environment.config.as_ref().map(|folder| folder.join(config::FILE_NAME)));
        let config = Config::find(common.config.as_deref(), &candidates, known)?;
        let endpoint = common.endpoint.clone().or_else(|| environment.endpoint.clone());
        Ok(Self {
            config,
            store: Self::store_of(common),
            endpoint: endpoint.unwrap_or_else(|| HUB.to_owned()),
            allow_http: common.allow_http,
            concurrency: common.concurrency.unwrap_or(CONCURRENCY),
            as_of: common.as_of.as_deref().map(instant).transpose()?,
            environment: environment.clone(),
        })
    }

    /// Settings of a report that is made again: of a store and a configuration, with nothing of this machine.
    pub(super) fn of_report(store: PathBuf, config: Config) -> Self {
        Self {
            config,
            store,
            endpoint: HUB.to_owned(),
            allow_http: false,
            concurrency: CONCURRENCY,
            as_of: None,
            environment: Environment::default(),
        }
    }

    /// The folder of the store that a request names, or the default.
    pub(super) fn store_of(common: &Common) -> PathBuf {
        common.store.clone().unwrap_or_else(|| Path::new(".").join(STORE))
    }

    /// The token to read with.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    pub(super) fn token(&self) -> Result<Found, Error> {
        token::find(&self.environment)
    }

    /// Socket of the ssh-agent, when one runs.
    pub(super) fn agent(&self) -> Option<&Path> {
        self.environment.agent.as_deref()
    }

    /// The token for SCIM, when it differs.
    pub(super) fn scim_token(&self) -> Option<&SecretString> {
        self.environment.scim_token.as_ref()
    }
}

/// An instant in whole seconds.
fn instant(text: &str) -> Result<Timestamp, Error> {
    // A day without a time would leave open which moment of it is meant.
    let given = time::parse(text).filter(|_| text.trim().len() > 10);
    given.map(|t| t.trunc_subsecs(0)).ok_or_else(|| {
        let what = format!("--as-of {text:?} is not an instant of the years 1970 to 9999");
        Error::usage(what, "write it like 2026-10-01T06:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings of a request in an environment.
    fn resolved(common: &Common, environment: &Environment) -> Result<Settings, Error> {
        Settings::resolve(common, environment, &config::Known::new())
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_the_environment_over_the_default() {
        let mut common = Common::default();
        let mut environment = Environment::default();
        assert_eq!(resolved(&common, &environment).unwrap().endpoint, HUB);
        environment.endpoint = Some("https://hub.example".to_owned());
        assert_eq!(resolved(&common, &environment).unwrap().endpoint, "https://hub.example");
        common.endpoint = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(resolved(&common, &environment).unwrap().endpoint, "http://127.0.0.1:1");
    }

    #[test]
    fn the_given_instant_is_kept_in_whole_seconds() {
        let common = Common { as_of: Some("2026-10-01T08:00:00.9+02:00".to_owned()), ..Common::default() };
        let settings = resolved(&common, &Environment::default()).unwrap();
        assert_eq!(settings.as_of.map(time::format).as_deref(), Some("2026-10-01T06:00:00Z"));
        for text in ["yesterday", "2026-10-01", " 2026-10-01 ", "+100000-01-01T00:00:00Z"] {
            let common = Common { as_of: Some(text.to_owned()), ..Common::default() };
            assert!(matches!(resolved(&common, &Environment::default()), Err(Error::Usage { .. })), "{text}");
        }
    }

    #[test]
    fn the_user_folder_is_the_last_place_for_a_configuration() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(config::FILE_NAME), "[activity]\nthreshold_days = 45\n").unwrap();
        let environment = Environment { config: Some(folder.path().to_owned()), ..Environment::default() };
        let settings = resolved(&Common::default(), &environment).unwrap();
        assert_eq!(settings.config.values.activity.threshold_days, 45);
        let common = Common { config: Some(folder.path().join("missing.toml")), ..Common::default() };
        assert!(matches!(resolved(&common, &environment), Err(Error::Config(_))));
    }
}
