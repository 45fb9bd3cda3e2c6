//! A Hub that answers what a test puts into it: any name, any status, any body.

use std::{
    collections::BTreeMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    common::{Run, Sandbox},
    faulty::http_date,
};

/// The organization it knows.
pub(crate) const ORG: &str = "acme-robotics";

/// The token it is read with.
pub(crate) const TOKEN: &str = "hf_TheInventedTokenOfThisTest0123456789";

/// What the answers share.
#[derive(Debug, Default)]
struct Script {
    /// Status and body by path without query; a path that is not there is answered by an empty list.
    answers: BTreeMap<String, (u16, Vec<u8>)>,
    /// What its clock shows, as the header `Date` says it.
    date: String,
    /// Paths asked for, as they came.
    asked: Mutex<Vec<String>>,
}

/// A running scripted Hub; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Scripted {
    /// Serves.
    _runtime: Runtime,
    /// Where it listens.
    url: String,
    /// What it answers.
    script: Arc<Script>,
}

/// Path of a resource of the organization.
pub(crate) fn of_org(rest: &str) -> String {
    format!("/api/organizations/{ORG}/{rest}")
}

/// An organization with one owner and nothing else, to which a test adds.
pub(crate) fn quiet_org() -> BTreeMap<String, (u16, Vec<u8>)> {
    let owner = json!({"_id": "640000000000000000000001", "user": "alice", "fullname": "Alice Admin", "type": "user",
        "role": "admin", "twoFaEnabled": true, "verifiedEmail": "alice@acme.example", "isExternalCollaborator": false});
    let whoami = json!({"type": "user", "id": "640000000000000000000001", "name": "alice", "fullname": "Alice Admin",
        "auth": {"type": "access_token", "accessToken": {"displayName": "review", "role": "read",
            "createdAt": "2026-09-01T08:00:00.000Z"}},
        "orgs": [{"type": "org", "id": "650000000000000000000001", "name": ORG, "roleInOrg": "admin", "plan": "plus"}]});
    let scim = json!({"totalResults": 0, "itemsPerPage": 0, "startIndex": 1, "Resources": []});
    let network = json!({"enforceAuth": "disabled", "enforceIpRestriction": false, "ipRanges": []});
    let mut answers = BTreeMap::new();
    let mut put = |path: String, value: Value| answers.insert(path, (200, value.to_string().into_bytes()));
    put("/api/whoami-v2".to_owned(), whoami);
    put(of_org("overview"), json!({"name": ORG, "numUsers": 1, "plan": "plus"}));
    put(of_org("members"), json!([owner]));
    put(of_org("scim/v2/Users"), scim.clone());
    put(of_org("scim/v2/Groups"), scim);
    put(of_org("settings/network-security"), network);
    answers
}

impl Scripted {
    /// Serves these answers on loopback; its clock stands at `at`.
    pub(crate) fn start(answers: BTreeMap<String, (u16, Vec<u8>)>, at: &str) -> io::Result<Self> {
        let runtime = Runtime::new()?;
        let script = Arc::new(Script { answers, date: http_date(at), asked: Mutex::default() });
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        runtime.spawn(async { axum::serve(listener, router).await });
        Ok(Self { _runtime: runtime, url, script })
    }

    /// Paths asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs the program against it.
    pub(crate) fn run(&self, sandbox: &Sandbox, line: &str) -> io::Result<Run> {
        Run::of(sandbox.command().args(line.split_whitespace()).env("HF_TOKEN", TOKEN).env("HF_ENDPOINT", &self.url))
    }
}

/// Answers one request.
async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let path = request.uri().path();
    script.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    let empty = (200, b"[]".to_vec());
    let (status, body) = script.answers.get(path).unwrap_or(&empty).clone();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(date) = HeaderValue::from_str(&script.date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
