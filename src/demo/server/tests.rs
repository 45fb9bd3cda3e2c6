//! The fixture Hub over a socket, and its routes without one.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    super::{ORG, TOKEN},
    *,
};

/// Status line and headers in lower case, and body, of one request.
async fn send(server: &Server, request: &str, headers: &str) -> (String, Value) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", server.address);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// The header that the fixture Hub accepts.
fn bearer() -> String {
    format!("Authorization: Bearer {TOKEN}\r\n")
}

#[tokio::test]
async fn every_answer_tells_the_limit_and_errors_have_their_status() {
    let server = Server::start(3, 0).await.unwrap();
    let cases = [
        ("GET /api/whoami-v2", true, "200"),
        ("GET /api/whoami-v2", false, "401"),
        ("POST /api/whoami-v2", true, "405"),
        ("DELETE /api/organizations/tidewater-labs/members/wei-zhang", true, "405"),
        ("GET /api/organizations/somebody-else/members", true, "404"),
        ("GET /api/models/tidewater-labs/nothing/commits/main", true, "404"),
        ("GET /api/organizations/tidewater-labs/scim/v2/Users", true, "404"),
        ("GET /api/organizations/tidewater-labs/settings/network-security", true, "403"),
        ("GET /nowhere", true, "404"),
    ];
    for (request, with_token, status) in cases {
        let (head, body) = send(&server, request, &if with_token { bearer() } else { String::new() }).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request}: {head}");
        for header in
            ["ratelimit: \"", "ratelimit-policy: \"fixed window\"", "x-request-id: ", "content-type: application/json"]
        {
            assert!(head.contains(header), "{request}: {head}");
        }
        assert!(status == "200" || body["error"].is_string() || body["detail"].is_string(), "{request}: {body}");
        assert!(status != "404" || head.contains("x-error-code: "), "{request}: {head}");
    }
    let (_, body) = send(&server, "GET /api/whoami-v2", "Authorization: Bearer hf_other\r\n").await;
    assert_eq!(body["error"], "Invalid credentials in Authorization header");
    assert_eq!(server.requests().len(), cases.len() + 1);
    assert_eq!(server.requests()[0], "GET /api/whoami-v2");
    server.stop().await;
}

#[tokio::test]
async fn a_caller_over_quota_is_told_to_wait() {
    let server = Server::start_with(0, 0, Options { quota: 2, window_seconds: 300, clock: None }).await.unwrap();
    let mut heads = Vec::new();
    for _ in 0..3 {
        heads.push(send(&server, "GET /api/whoami-v2", &bearer()).await.0);
    }
    assert!(heads[0].contains("r=1;t=300") && heads[1].starts_with("http/1.1 200"), "{heads:?}");
    assert!(heads[2].starts_with("http/1.1 429") && heads[2].contains("\"api\";r=0;t="), "{heads:?}");
    assert!(heads[2].contains("q=2;w=300"));
    server.stop().await;
}

#[tokio::test]
async fn links_lead_back_to_the_same_host() {
    let server = Server::start(3, 0).await.unwrap();
    let (head, body) = send(&server, "GET /api/organizations/tidewater-labs/members?limit=1", &bearer()).await;
    assert_eq!(body.as_array().map(Vec::len), Some(10), "the smallest limit is 10");
    assert!(
        head.contains(&format!("link: <{}/api/organizations/tidewater-labs/members?limit=1&cursor=", server.url()))
    );
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_frees_its_port() {
    let server = Server::start(0, 0).await.unwrap();
    let address = server.address;
    server.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

/// The answer of a route without a socket.
fn get(state: &State, path: &str) -> (Answer, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let answer = routes::answer(state, &Call::new("h:1", path, query));
    let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    (answer, value)
}

/// Every item of a list, page by page.
fn all(state: &State, path: &str) -> Vec<Value> {
    let (mut items, mut path) = (Vec::new(), path.to_owned());
    loop {
        let (answer, page) = get(state, &path);
        items.extend(page.as_array().cloned().unwrap_or_default());
        let Some((_, link)) = answer.headers.iter().find(|(name, _)| *name == header::LINK) else { return items };
        let url = link.strip_prefix("<http://h:1").and_then(|l| l.split_once('>')).unwrap().0;
        url.clone_into(&mut path);
    }
}

#[test]
fn lists_are_the_same_at_any_limit() {
    let state = State::at(world(), quarters()[3]).unwrap();
    let org = format!("/api/organizations/{ORG}");
    let lists = [
        (format!("{org}/members"), 10),
        (format!("{org}/settings/tokens?q=status:all"), 7),
        (format!("/api/models?author={ORG}"), 5),
        (format!("/api/kernels?author={ORG}"), 1),
        (format!("/api/datasets/{ORG}/harbour-scenes/user-access-request/accepted"), 10),
        (format!("/api/datasets/{ORG}/harbour-scenes/commits/main"), 3),
        (format!("/api/collections?owner={ORG}"), 1),
    ];
    for (path, limit) in lists {
        let sep = if path.contains('?') { '&' } else { '?' };
        let (whole, paged) =
            (all(&state, &format!("{path}{sep}limit=1000")), all(&state, &format!("{path}{sep}limit={limit}")));
        assert!(whole.len() > limit, "{path}: {}", whole.len());
        assert_eq!(whole, paged, "{path}");
    }
}

#[test]
fn scim_pages_count_from_one() {
    let state = State::at(world(), quarters()[3]).unwrap();
    let path = format!("/api/organizations/{ORG}/scim-provisioning/v2/Users");
    let (_, whole) = get(&state, &path);
    let total = usize::try_from(whole["totalResults"].as_u64().unwrap()).unwrap();
    assert!(total > 50 && whole["Resources"].as_array().map(Vec::len) == Some(total));
    let mut read = Vec::new();
    while read.len() < total {
        let (_, page) = get(&state, &format!("{path}?startIndex={}&count=9", read.len() + 1));
        read.extend(page["Resources"].as_array().cloned().unwrap());
    }
    assert_eq!(whole["Resources"], Value::Array(read));
    let (_, one) = get(&state, &format!("{path}?filter=userName%20eq%20%22wei-zhang%22"));
    assert_eq!(one["totalResults"], 1);
}

#[test]
fn parameters_narrow_what_is_answered() {
    let state = State::at(world(), quarters()[3]).unwrap();
    let count = |path: &str| get(&state, path).1.as_array().map(Vec::len).unwrap_or_default();
    let tokens = format!("/api/organizations/{ORG}/settings/tokens");
    let revoked = count(&format!("{tokens}?q=status:all")) - count(&tokens);
    assert_eq!(revoked, 2);
    assert_eq!(count(&format!("{tokens}?q=status:revoked")), revoked);
    assert_eq!(count(&format!("{tokens}?q=status:all%20-status:revoked")), count(&tokens));
    assert_eq!(count(&format!("/api/models?author={ORG}")), state.repos["models"].len());
    assert_eq!(count("/api/models?author=somebody-else"), 0);
    let (_, list) = get(&state, &format!("/api/models?author={ORG}&expand=gated&expand[]=private"));
    let keys: Vec<_> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["_id", "gated", "id", "private"]);
    let repositories = format!("/api/organizations/{ORG}/settings/repositories");
    assert_eq!(count(&format!("{repositories}?type=kernel")), 3);
    assert_eq!(count(&format!("{repositories}?search=LIDAR")), 3);
    let log = format!("/api/organizations/{ORG}/audit-log/export");
    assert_eq!(count(&format!("{log}?q=author:kofi-mensah%20type:repo.add_secret")), 1);
    assert_eq!(get(&state, &format!("{log}?q=x")).1, Value::Array(Vec::new()));
    assert_eq!(get(&state, &format!("{tokens}?limit=many")).0.status, 400);
}
