//! The API of the original mirror: who may use it, and what it does.

use std::path::{Path, PathBuf};

use lazaret_client::CredentialFiles;
use lazaret_registry::{Instance, Root, Signals, Source};
use lazaret_testing::http::{Reply, Request};
use lazaret_testing::service::Service;
use tempfile::TempDir;

use crate::harness::{Answer, Image, Reading, Upstream, tag_path};

const TOKEN: &str = "a-token-of-the-operator";
const NULL_USER: &str = "00000000-0000-0000-0000-000000000000";

/// A mirror with the API, and the root folder of a node.
struct Node {
    folder: TempDir,
    service: Service,
}

impl Node {
    /// A mirror with the upstreams of some settings.
    fn with(settings: &str) -> Self {
        let api = "[mirror.api]\ntoken_file = \"token\"\nfs_root = \"node\"\n";
        Self::start(&format!("{api}{settings}"))
    }

    fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let text = format!("listen = [\"127.0.0.1:0\"]\n{settings}");
        std::fs::write(path.join("registry.toml"), text).unwrap();
        std::fs::write(path.join("token"), format!("{TOKEN}\n")).unwrap();
        std::fs::write(path.join("password"), "secret\n").unwrap();
        std::fs::write(path.join("refresh"), "a-refresh-token\n").unwrap();
        std::fs::create_dir_all(path.join("node/etc/containerd")).unwrap();
        let source = Source {
            file: Some(path.join("registry.toml")),
            root: Root::Lasting(path.join("content")),
            credentials: CredentialFiles {
                own: Some(path.join("credentials.json")),
                ..CredentialFiles::default()
            },
            ..Source::default()
        };
        let service = Service::start(async move |running| {
            let instance = Instance::open(source).await.unwrap();
            let address = instance.addresses().next().unwrap();
            let ended = running.at(address);
            tokio::select! {
                () = instance.serve(Signals::until(std::future::pending())) => {}
                () = ended => {}
            }
        });
        Self { folder, service }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn hosts(&self, name: &str) -> PathBuf {
        let folder = self.path("node/etc/containerd/certs.d");
        folder.join(name).join("hosts.toml")
    }

    fn config(&self) -> PathBuf {
        self.path("node/etc/containerd/config.toml")
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        let request =
            Request::new(method, path).header("Authorization", &format!("Bearer {TOKEN}"));
        let request = match body {
            [] => request,
            body => request.body(body),
        };
        request.send(self.service.address).unwrap()
    }

    #[track_caller]
    fn configures(&self, method: &str, query: &str, status: u16) {
        let reply = self.ask(method, &format!("/config?{query}"), b"");
        assert_eq!(
            (reply.status, &reply.body[..]),
            (status, &b""[..]),
            "{method} {query}"
        );
    }

    fn login(&self, host: &str, username: &str, password: &str) -> Reply {
        let login = serde_json::json!({"host": host, "username": username, "password": password});
        self.ask("PUT", "/login", login.to_string().as_bytes())
    }

    /// The status, and the pair for a host.
    fn auth(&self, url: &str, host: &str) -> (u16, String, String) {
        let reply = self.ask("GET", &format!("/auth?remote_url={url}"), b"");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let body = reply.json();
        assert_eq!(body["success"], reply.status == 200);
        assert_eq!(body["traceId"].as_str(), reply.header("x-request-id"));
        let pair = &body["data"]["auths"][host];
        let text = |name: &str| pair[name].as_str().unwrap_or_default().to_owned();
        (reply.status, text("username"), text("password"))
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The settings of an upstream that has its own namespace as the address.
fn upstream(upstream: &Upstream) -> String {
    let (at, url) = (upstream.address, upstream.url());
    format!("[[upstreams]]\nnamespace = \"{at}\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n")
}

const TWO: &str = "[[upstreams]]\nnamespace = \"one.example\"\n\
                   [[upstreams]]\nnamespace = \"two.example\"\nstreamable = [\"overlaybd\"]\n";

#[test]
fn without_settings_its_paths_do_not_exist() {
    let node = Node::start(TWO);
    for (method, path) in [
        ("GET", "/config?ns=one.example"),
        ("PUT", "/config?ns=one.example"),
        ("PUT", "/login"),
        ("GET", "/auth?remote_url=https://one.example/"),
        ("GET", "/status"),
        ("POST", "/status"),
    ] {
        let (reply, other) = (node.ask(method, path, b""), node.ask(method, "/other", b""));
        assert_eq!(reply.status, 404, "{method} {path}");
        assert_eq!((reply.status, &reply.body), (other.status, &other.body));
    }
    assert!(!node.hosts("one.example").exists());
}

#[test]
fn the_token_is_read_at_each_request_and_nobody_passes_without_it() {
    let node = Node::with(TWO);
    let with = |authorization: &str| {
        let request = Request::new("GET", "/status").header("Authorization", authorization);
        request.send(node.service.address).unwrap().status
    };
    let right = format!("Bearer {TOKEN}");
    assert_eq!(with(&right), 200);
    assert_eq!(with(&format!("bearer {TOKEN}")), 200);
    let reply = Request::new("GET", "/status")
        .send(node.service.address)
        .unwrap();
    assert_eq!(
        (reply.status, reply.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    for wrong in [
        "Bearer other",
        "Bearer ",
        "Basic YTpi",
        TOKEN,
        &right[..right.len() - 1],
    ] {
        assert_eq!(with(wrong), 401, "{wrong}");
    }
    std::fs::write(node.path("token"), "another").unwrap();
    assert_eq!((with(&right), with("Bearer another")), (401, 200));
    std::fs::write(node.path("token"), "\n").unwrap();
    assert_eq!(with("Bearer "), 503);
    std::fs::remove_file(node.path("token")).unwrap();
    assert_eq!(with("Bearer another"), 503);
}

#[test]
fn methods_are_limited() {
    let node = Node::with(TWO);
    for (method, path, allow) in [
        ("POST", "/config?ns=one.example", "GET, HEAD, PUT, DELETE"),
        ("GET", "/login", "PUT"),
        ("PUT", "/auth", "GET, HEAD"),
        ("DELETE", "/status", "GET, HEAD"),
    ] {
        let reply = node.ask(method, path, b"");
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allow)),
            "{path}"
        );
    }
}

#[test]
fn hosts_are_installed_and_removed_one_by_one() {
    let node = Node::with(TWO);
    let (one, two) = ("ns=one.example", "ns=two.example&enable_suffix=.example");
    node.configures("GET", one, 404);
    node.configures("PUT", one, 200);
    node.configures("PUT", two, 200);
    node.configures("GET", one, 200);
    node.configures("HEAD", two, 200);
    let url = format!("http://{}", node.service.address);
    assert!(text(&node.hosts("one.example")).contains(&url));
    assert!(!node.config().exists());
    node.configures("DELETE", one, 200);
    node.configures("GET", one, 404);
    node.configures("GET", two, 200);
    assert!(!node.hosts("one.example").exists() && node.hosts("two.example").exists());
    node.configures("DELETE", one, 200);
    node.configures("DELETE", two, 200);
    assert!(!node.hosts("two.example").exists());
}

#[test]
fn the_engines_own_configuration_stays_until_the_last_host_goes() {
    let node = Node::with(TWO);
    let before = "version = 2\n# Theirs.\n";
    std::fs::write(node.config(), before).unwrap();
    node.configures("PUT", "ns=one.example&enable_containerd=true", 200);
    node.configures("PUT", "ns=_default&enable_containerd=1", 200);
    let changed = text(&node.config());
    assert!(changed.contains("config_path"), "{changed}");
    assert!(node.hosts("_default").exists());
    node.configures("DELETE", "ns=one.example", 200);
    assert_eq!(text(&node.config()), changed);
    node.configures("DELETE", "ns=_default", 200);
    assert_eq!(text(&node.config()), before);
    assert!(!node.hosts("_default").exists());
}

#[test]
fn what_was_there_comes_back_and_what_somebody_changed_stays() {
    let node = Node::with(TWO);
    let path = node.hosts("one.example");
    let before = "server = \"https://one.example\"\n\n[host.\"https://cache.example\"]\n";
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, before).unwrap();
    node.configures("PUT", "ns=one.example", 200);
    assert!(text(&path).contains("cache.example") && text(&path) != before);
    node.configures("DELETE", "ns=one.example", 200);
    assert_eq!(text(&path), before);
    node.configures("PUT", "ns=one.example", 200);
    let edited = format!("{}# Theirs.\n", text(&path));
    std::fs::write(&path, &edited).unwrap();
    node.configures("DELETE", "ns=one.example", 503);
    assert_eq!(text(&path), edited);
}

#[test]
fn what_the_mirror_would_not_do_is_503_and_writes_nothing() {
    let node = Node::with(TWO);
    for query in [
        "ns=other.example",
        "ns=one.example&enable_suffix=azurecr.io",
        "ns=_default&enable_suffix=azurecr.io",
        "ns=one.example&stream_format=overlaybd",
        "ns=two.example&stream_format=nydus",
        "ns=two.example&stream_format=nonsense",
    ] {
        node.configures("PUT", query, 503);
    }
    for query in ["", "ns=", "ns=a/b", "ns=..", "ns=../../etc"] {
        node.configures("PUT", query, 400);
    }
    assert!(!node.path("node/etc/containerd/certs.d").exists());
    node.configures("PUT", "ns=two.example&stream_format=overlaybd", 200);
    node.configures(
        "PUT",
        "ns=_default&stream_format=overlaybd&enable_suffix=two.example",
        200,
    );
}

#[test]
fn a_login_is_stored_for_an_upstream_and_used() {
    let (registry, image) = (Upstream::start(), Image::small(71));
    registry.image("app", "v1", &image);
    registry.require("robot", "pass:word");
    let node = Node::with(&upstream(&registry));
    let host = registry.address.to_string();
    assert_eq!(
        node.auth(&format!("https://{host}/v2/app/blobs/sha256:00"), &host)
            .0,
        503
    );
    let reply = node.login(&host, "robot", "wrong");
    assert_eq!((reply.status, &reply.body[..]), (200, &b""[..]));
    assert_eq!(reply.header("x-lazaret-overwritten"), None);
    let reply = node.login(&host, "robot", "pass:word");
    assert_eq!((reply.status, &reply.body[..]), (200, &b""[..]));
    assert_eq!(reply.header("x-lazaret-overwritten"), Some("true"));
    get(node.service.address, &tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    let pair = (200, "robot".to_owned(), "pass:word".to_owned());
    assert_eq!(
        node.auth(&format!("https://{host}/v2/app/blobs/sha256:00"), &host),
        pair
    );
    assert_eq!(node.auth(&host, &host), pair);
    let stored = text(&node.path("credentials.json"));
    assert!(
        stored.contains(&host) && !stored.contains("pass:word"),
        "{stored}"
    );
}

#[test]
fn logins_of_others_and_malformed_ones_are_refused() {
    let node = Node::with(
        "[[upstreams]]\nnamespace = \"one.example\"\n\
         [[upstreams]]\nnamespace = \"set.example\"\ncredentials = { anonymous = true }\n",
    );
    assert_eq!(node.login("other.example", "u", "p").status, 503);
    assert_eq!(node.login("set.example", "u", "p").status, 503);
    assert_eq!(node.login("one.example", "a:b", "p").status, 400);
    assert_eq!(node.login("one.example", "", "p").status, 400);
    assert_eq!(node.login("one.example", "u", "line\nline").status, 400);
    let reply = node.ask(
        "PUT",
        "/login",
        b"{\"host\": \"one.example\", \"password\": \"secret",
    );
    assert_eq!(reply.status, 400);
    assert!(!String::from_utf8_lossy(&reply.body).contains("secret"));
    let long = "x".repeat(16 * 1024);
    assert_eq!(node.login("one.example", "u", &long).status, 413);
    assert!(!node.path("credentials.json").exists());
}

#[test]
fn auth_gives_the_credential_of_the_settings_and_of_no_other_host() {
    let node = Node::with(
        "[[upstreams]]\nnamespace = \"one.example\"\n\
         credentials = { username = \"robot\", password_file = \"password\" }\n\
         [[upstreams]]\nnamespace = \"acr.example\"\n\
         credentials = { acr = { refresh_token_file = \"refresh\" } }\n\
         [[upstreams]]\nnamespace = \"open.example\"\n\
         credentials = { username = \"robot\", password_file = \"password\" }\n\
         [upstreams.pipeline]\nmanifests = { stages = [\"cache\", \"pull\"] }\n",
    );
    let found = |user: &str, password: &str| (200, user.to_owned(), password.to_owned());
    let one = node.auth("https://one.example/v2/a/b/manifests/v1", "one.example");
    assert_eq!(one, found("robot", "secret"));
    let acr = node.auth("https://ACR.example/v2/a/blobs/sha256:0", "ACR.example");
    assert_eq!(acr, found(NULL_USER, "a-refresh-token"));
    for (url, host) in [
        ("https://other.example/v2/", "other.example"),
        ("https://one.example@evil.example/v2/", "evil.example"),
        (
            "https://one.example.evil.example/",
            "one.example.evil.example",
        ),
        ("https://open.example/v2/", "open.example"),
        ("", ""),
    ] {
        assert_eq!(
            node.auth(url, host),
            (503, String::new(), String::new()),
            "{url}"
        );
    }
}

#[test]
fn the_status_has_a_line_for_each_upstream() {
    let registry = Upstream::start();
    let node = Node::with(&format!("{}{TWO}", upstream(&registry)));
    registry.always(
        "*",
        "/v2/",
        crate::harness::Fault::Refusal(429, vec![("Retry-After", "60".to_owned())]),
    );
    get(node.service.address, &tag_path("app", "v1")).is(503);
    let reply = node.ask("GET", "/status", b"");
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let lines = String::from_utf8(reply.body).unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    let at = registry.address;
    assert!(
        lines[0].starts_with(&format!("{at}: {at} rests ")),
        "{lines:?}"
    );
    assert_eq!(
        lines[1..],
        [
            "one.example: one.example is asked",
            "two.example: two.example is asked",
        ]
    );
}

fn get(address: std::net::SocketAddr, path: &str) -> Answer {
    Reading::begin(address, "GET", path, &[]).unwrap().finish()
}
