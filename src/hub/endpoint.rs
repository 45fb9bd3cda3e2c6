//! The base URL of the Hub, checked so that the token cannot leave it, and the URLs built on it.

use std::fmt;

use url::{Host, Url};

use super::{
    endpoints::{Call, ENDPOINTS},
    error::Error,
};

/// Scheme, host, port and path prefix of a Hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Checks the base URL of a Hub.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL, carries credentials, a query or a fragment, or is plain `http` to another
    /// machine without `allow_http`.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, Error> {
        let refuse = |shown: &str, why: &str| Error::Endpoint { endpoint: shown.to_owned(), why: why.to_owned() };
        let url = Url::parse(text.trim()).map_err(|error| {
            // A text with `@` may hold a password; it is not repeated.
            let shown = if text.contains('@') { "…" } else { text };
            refuse(shown, &error.to_string())
        })?;
        let mut shown = url.clone();
        let hidden = shown.set_username("").and_then(|()| shown.set_password(None)).is_ok();
        let shown = if hidden { shown.as_str() } else { "…" };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse(shown, "only https and http are spoken"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(shown, "it carries credentials"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(shown, "it carries a query or a fragment"));
        }
        let endpoint = Self(url);
        if endpoint.0.scheme() == "http" && !allow_http && !endpoint.is_loopback() {
            return Err(Error::PlainHttp { host: endpoint.0.host_str().unwrap_or_default().to_owned() });
        }
        Ok(endpoint)
    }

    /// Whether the Hub runs on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether it is plain `http`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The URL of a call: `{name}` in its path and its query values is replaced by the value given for it.
    ///
    /// A value is one path segment, except `repo`, which is `org/name`. Dot segments are dropped, so that no name can
    /// lead to another endpoint.
    #[must_use]
    pub fn url(&self, call: &Call, values: &[(&str, &str)]) -> Url {
        let value = |hole: &str| {
            let name = hole.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            name.and_then(|name| values.iter().find(|(key, _)| *key == name)).map(|(_, value)| *value)
        };
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in call.path.split('/').filter(|segment| !segment.is_empty()) {
                match value(segment) {
                    Some(name) if segment == "{repo}" => path.extend(name.split('/')),
                    Some(name) => path.push(name),
                    None => path.push(segment),
                };
            }
        }
        if !call.query.is_empty() {
            let mut query = url.query_pairs_mut();
            for (key, text) in call.query {
                query.append_pair(key, value(text).unwrap_or(text));
            }
        }
        url
    }

    /// Whether `url` has the scheme, host and port of the endpoint and no credentials of its own.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        url.scheme() == self.0.scheme()
            && url.host() == self.0.host()
            && url.port_or_known_default() == self.0.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// Whether the path of `url` is one that a declared call on this Hub can have, whatever fills its holes.
    #[must_use]
    pub fn declares(&self, url: &Url) -> bool {
        let prefix = self.0.path().trim_end_matches('/');
        let Some(path) = url.path().strip_prefix(prefix) else { return false };
        ENDPOINTS.iter().any(|call| {
            let mut segments = path.split('/');
            let mut holes = call.path.split('/');
            let fits = holes.by_ref().all(|hole| match (hole, segments.next()) {
                (_, None) => false,
                ("{repo}", Some(owner)) => !owner.is_empty() && segments.next().is_some_and(|name| !name.is_empty()),
                (hole, Some(segment)) if hole.starts_with('{') => !segment.is_empty(),
                (hole, Some(segment)) => hole == segment,
            });
            fits && segments.next().is_none()
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::endpoints;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9", "https://hub.example"] {
            assert!(Endpoint::parse(text, false).is_ok(), "{text}");
        }
        for text in ["http://hub.example", "http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example"] {
            assert!(matches!(Endpoint::parse(text, false), Err(Error::PlainHttp { .. })), "{text}");
            assert!(Endpoint::parse(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_endpoint_with_secrets_is_refused_and_not_repeated() {
        for text in
            ["https://me:pa55@hub.example", "https://me:pa55@:", "https://hub.example?a=1", "https://h.example#x"]
        {
            let error = Endpoint::parse(text, true).unwrap_err().to_string();
            assert!(!error.contains("pa55"), "{error}");
        }
        for text in ["", "hub.example", "ftp://hub.example", "file:///etc/passwd"] {
            assert!(Endpoint::parse(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_are_built_from_the_declared_call() {
        let hub = Endpoint::parse("https://hub.example/sub/", false).unwrap();
        let url = hub.url(&endpoints::MEMBERS, &[("org", "acme")]);
        assert_eq!(url.as_str(), "https://hub.example/sub/api/organizations/acme/members?limit=1000");
        let url = hub.url(&endpoints::TOKENS, &[("org", "acme")]);
        assert_eq!(url.query(), Some("q=status%3Aall&limit=100"));
        let url = hub.url(&endpoints::ACCESS, &[("types", "models"), ("repo", "acme/x y"), ("status", "accepted")]);
        assert_eq!(url.path(), "/sub/api/models/acme/x%20y/user-access-request/accepted");
        assert_eq!(hub.to_string(), "https://hub.example/sub");
    }

    #[test]
    fn no_name_leads_out_of_its_place() {
        let hub = Endpoint::parse("https://hub.example", false).unwrap();
        let url = hub.url(&endpoints::SERVICE_ACCOUNT, &[("org", "acme"), ("id", "../../x?y#z")]);
        assert_eq!(url.as_str(), "https://hub.example/api/organizations/acme/service-accounts/..%2F..%2Fx%3Fy%23z");
        let url = hub.url(&endpoints::COMMITS, &[("types", "models"), ("repo", "acme/../../whoami")]);
        assert!(url.path().starts_with("/api/models/acme/"), "{url}");
    }

    #[test]
    fn a_path_is_declared_when_a_call_can_have_it() {
        let hub = Endpoint::parse("https://hub.example/sub/", false).unwrap();
        let values = [("org", "acme"), ("repo", "acme/x y"), ("types", "models"), ("status", "pending"), ("id", "a/b")];
        for call in &ENDPOINTS {
            assert!(hub.declares(&hub.url(call, &values)), "{}", call.path);
        }
        for (path, declared) in [
            ("/sub/api/models/acme/renamed/user-access-request/accepted", true),
            ("/sub/api/organizations/other/members?limit=1", true),
            ("/api/organizations/acme/members", false),
            ("/sub/api/organizations/acme/members/", false),
            ("/sub/api/organizations//members", false),
            ("/sub/api/organizations/acme/members/more", false),
            ("/sub/api/models/acme/commits/main", false),
            ("/sub/api/models/acme/../whoami-v2", false),
            ("/sub/login", false),
            ("/", false),
        ] {
            let url = Url::parse("https://hub.example").unwrap().join(path).unwrap();
            assert_eq!(hub.declares(&url), declared, "{path}");
        }
    }

    #[test]
    fn only_the_same_scheme_host_and_port_are_covered() {
        let hub = Endpoint::parse("https://hub.example", false).unwrap();
        for (text, covered) in [
            ("https://hub.example/x", true),
            ("https://HUB.example:443/x", true),
            ("http://hub.example/x", false),
            ("https://hub.example:444/x", false),
            ("https://evil.example/x", false),
            ("https://hub.example@evil.example/x", false),
            ("https://me@hub.example/x", false),
        ] {
            assert_eq!(hub.covers(&Url::parse(text).unwrap()), covered, "{text}");
        }
    }
}
