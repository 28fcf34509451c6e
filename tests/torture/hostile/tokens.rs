//! Tokens of one repository, used for another one: they reveal nothing and change nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lazaret_oci::{Digest, media_type};
use lazaret_testing::http::Reply;
use lazaret_testing::program::tool;

use super::leftovers::Leftovers;
use crate::content;
use crate::server::{Server, lazaret};

const SETTINGS: &str = r#"
listen = ["127.0.0.1:0"]
root = "root"
[auth.htpasswd]
file = "users"
[auth.tokens]
[[access]]
repositories = ["${user}/**"]
subjects = ["authenticated"]
actions = ["pull", "push", "delete", "list"]
"#;

/// A registry of `alice` and `bob`, who may do everything below their own name and nothing else.
/// `alice/image:v1` has the layer `secret`.
struct Target {
    server: Server,
    folder: tempfile::TempDir,
    manifest: Vec<u8>,
}

impl Target {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("registry.toml");
        std::fs::write(&file, SETTINGS).unwrap();
        let users =
            ["alice", "bob"].map(|user| tool("htpasswd", &["-Bbn", "-C", "5", user, "secret"]));
        std::fs::write(folder.path().join("users"), users.concat()).unwrap();
        let mut command = lazaret(&folder.path().join("root"));
        command.args(["serve", "--config"]).arg(file);
        let server = Server::try_start(command, &folder.path().join("root")).unwrap();
        let target = Self {
            server,
            folder,
            manifest: content::manifest(b"{}", &[b"secret"], ""),
        };
        let token = target.token("alice", "repository:alice/image:pull,push");
        for blob in [&b"{}"[..], b"secret"] {
            let path = format!("/v2/alice/image/blobs/uploads/?digest={}", Digest::of(blob));
            assert_eq!(target.send(&token, "POST", &path, blob).status, 201);
        }
        let put = target.put_manifest(&token, "alice/image");
        assert_eq!(put.status, 201, "{put:?}");
        target
    }

    /// A token for those of the wanted scopes that the user may have.
    fn token(&self, user: &str, scope: &str) -> String {
        let basic = format!("Basic {}", STANDARD.encode(format!("{user}:secret")));
        let path = format!("/auth/token?service=lazaret-registry&scope={scope}");
        let headers = [("Authorization", basic.as_str())];
        let reply = self.server.send("GET", &path, &headers, b"");
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    fn send(&self, token: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", media_type::MANIFEST),
        ];
        self.server.send(method, path, &headers, body)
    }

    fn put_manifest(&self, token: &str, name: &str) -> Reply {
        let path = format!("/v2/{name}/manifests/v1");
        self.send(token, "PUT", &path, &self.manifest)
    }

    /// Checks that every verb of a repository is refused, whether or not the content exists.
    #[track_caller]
    fn is_closed(&self, token: &str, name: &str, session: &str, what: &str) {
        let (layer, other) = (Digest::of(b"secret"), Digest::of(b"never"));
        let digest = Digest::of(&self.manifest);
        for (method, path) in [
            ("GET", "manifests/v1".to_owned()),
            ("HEAD", "manifests/v1".to_owned()),
            ("GET", format!("manifests/{digest}")),
            ("PUT", "manifests/v2".to_owned()),
            ("DELETE", "manifests/v1".to_owned()),
            ("DELETE", format!("manifests/{digest}")),
            ("GET", format!("blobs/{layer}")),
            ("GET", format!("blobs/{other}")),
            ("DELETE", format!("blobs/{layer}")),
            ("POST", "blobs/uploads/".to_owned()),
            ("POST", format!("blobs/uploads/?digest={other}")),
            ("POST", format!("blobs/uploads/?mount={layer}&from=bob/own")),
            ("GET", format!("blobs/uploads/{session}")),
            ("PATCH", format!("blobs/uploads/{session}")),
            ("PUT", format!("blobs/uploads/{session}?digest={other}")),
            ("DELETE", format!("blobs/uploads/{session}")),
            ("GET", "tags/list".to_owned()),
            ("GET", format!("referrers/{digest}")),
        ] {
            let reply = self.send(token, method, &format!("/v2/{name}/{path}"), b"never");
            let what = format!("{what}: {method} {path}");
            if method == "HEAD" {
                assert!([401, 403].contains(&reply.status), "{what}: {reply:?}");
            } else {
                reply.is_refusal(&[401, 403], &what);
            }
            assert!(
                reply.header("docker-content-digest").is_none(),
                "{what}: {reply:?}"
            );
        }
    }

    /// Checks that alice's content is as before, and that there is nothing new.
    #[track_caller]
    fn is_unharmed(&self) {
        let token = self.token("alice", "repository:alice/image:pull");
        let reply = self.send(&token, "GET", "/v2/alice/image/manifests/v1", b"");
        assert_eq!(reply.body, self.manifest, "{reply:?}");
        let tags = self.send(&token, "GET", "/v2/alice/image/tags/list", b"");
        assert_eq!(tags.json()["tags"], serde_json::json!(["v1"]));
        let log = self.server.log();
        assert!(
            !log.contains("panicked") && !log.contains("secret"),
            "{log}"
        );
    }
}

#[test]
fn tokens_open_no_other_repository() {
    let target = Target::new();
    let alice = target.token("alice", "repository:alice/image:pull,push");
    let started = target.send(&alice, "POST", "/v2/alice/image/blobs/uploads/", b"");
    let location = started.header("location").unwrap().to_owned();
    let path = location.split('?').next().unwrap();
    let session = path.rsplit('/').next().unwrap();

    let own = target.token("bob", "repository:bob/own:pull,push,delete");
    target.is_closed(
        &own,
        "alice/image",
        session,
        "the token of another repository",
    );
    let asked = target.token("bob", "repository:alice/image:pull,push,delete");
    target.is_closed(&asked, "alice/image", session, "a token that was asked for");
    let nothing = target.token("bob", "");
    target.is_closed(&nothing, "alice/image", session, "a token for nothing");
    target.is_closed(&nothing, "bob/own", session, "a token for nothing, at home");
    let prefix = target.token("bob", "repository:alice:pull,push,delete");
    target.is_closed(&prefix, "alice/image", session, "a token of a prefix");
    // A token of alice for another one of her repositories.
    let other = target.token("alice", "repository:alice/other:pull,push,delete");
    target.is_closed(
        &other,
        "alice/image",
        session,
        "her token of another repository",
    );

    // The session of one repository, under the name of another.
    for (method, query, body) in [
        ("GET", "", &b""[..]),
        ("PATCH", "", b"never"),
        (
            "PUT",
            &format!("?digest={}", Digest::of(b"never")),
            b"never",
        ),
        ("DELETE", "", b""),
    ] {
        let path = format!("/v2/bob/own/blobs/uploads/{session}{query}");
        target
            .send(&own, method, &path, body)
            .is_refusal(&[404], method);
    }
    let status = target.send(&alice, "GET", &location, b"");
    assert_eq!(status.status, 204, "the session is still hers: {status:?}");
    assert_eq!(target.send(&alice, "DELETE", &location, b"").status, 204);
    target.is_unharmed();
    Leftovers::assert_none(&target.folder.path().join("root"));
}

#[test]
fn content_of_others_is_not_taken_by_its_digest() {
    let target = Target::new();
    let bob = target.token("bob", "repository:bob/own:pull,push,delete");
    let both = target.token(
        "bob",
        "repository:bob/own:pull,push&scope=repository:alice/image:pull",
    );
    let layer = Digest::of(b"secret");
    for (token, query) in [
        (&bob, format!("?mount={layer}&from=alice/image")),
        (&both, format!("?mount={layer}&from=alice/image")),
        (&bob, format!("?mount={layer}")),
    ] {
        let path = format!("/v2/bob/own/blobs/uploads/{query}");
        let reply = target.send(token, "POST", &path, b"");
        assert_eq!(reply.status, 202, "nothing is mounted: {query} {reply:?}");
        let location = reply.header("location").unwrap().to_owned();
        assert_eq!(target.send(token, "DELETE", &location, b"").status, 204);
        let path = format!("/v2/bob/own/blobs/{layer}");
        target
            .send(token, "GET", &path, b"")
            .is_refusal(&[404], &query);
    }
    // The configuration is in bob's repository, the layer only in alice's.
    let path = format!("/v2/bob/own/blobs/uploads/?digest={}", Digest::of(b"{}"));
    assert_eq!(target.send(&bob, "POST", &path, b"{}").status, 201);
    let reply = target.put_manifest(&bob, "bob/own");
    reply.is_refusal(&[404], "a manifest of a layer of others");
    assert_eq!(reply.json()["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");
    target.is_unharmed();
}

#[test]
fn tokens_allow_the_verbs_they_name() {
    let target = Target::new();
    let pull = target.token("alice", "repository:alice/image:pull");
    let push = target.token("alice", "repository:alice/image:push");
    let manifest = "/v2/alice/image/manifests/v1";
    for (token, method, path) in [
        (&pull, "PUT", manifest),
        (&pull, "POST", "/v2/alice/image/blobs/uploads/"),
        (&pull, "DELETE", manifest),
        (&push, "DELETE", manifest),
        (&push, "GET", manifest),
    ] {
        let reply = target.send(token, method, path, &target.manifest);
        reply.is_refusal(&[401, 403], &format!("{method} {path}"));
    }
    // Claims with one changed byte, and claims with another token's signature.
    let parts: Vec<&str> = pull.split('.').collect();
    let bob = target.token("bob", "repository:bob/own:pull");
    let strange = bob.split('.').next_back().unwrap();
    for forged in [
        format!("{}.{}A.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{strange}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
    ] {
        let reply = target.send(&forged, "GET", manifest, b"");
        reply.is_refusal(&[401], "a forged token");
    }
    let catalog = target.send(&bob, "GET", "/v2/_catalog", b"");
    assert!(
        !String::from_utf8_lossy(&catalog.body).contains("alice"),
        "{catalog:?}"
    );
    target.is_unharmed();
}
