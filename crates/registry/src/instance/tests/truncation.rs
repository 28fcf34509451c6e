//! Cuts every file that a serving registry reads, at every length: nobody may do more than before.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use http::request::Parts;

use super::*;
use crate::act::Act;
use crate::caller::Caller;
use crate::server::Peer;

/// Lengths of long files that are tried.
const STEP: usize = 16;
/// Size in bytes up to which every length is tried.
const SHORT: usize = 1024;

const SETTINGS: &str = r#"
listen = ["127.0.0.1:0"]
delete = false

[tls]
certificate = "chain.pem"
key = "key.pem"
client_ca = "ca.pem"

[auth.htpasswd]
file = "users"

[auth.tokens]
key_file = "token.pem"
verification_key_files = ["old-token.pem"]

[auth.groups]
staff = ["alice"]

[limits]
requests_per_second = 100000.0
concurrent_requests = 1000
blob_bytes = "1MiB"

[[rules]]
repositories = ["signed/**"]
required_signature = { keys = ["cosign.pub"] }

[[rules]]
repositories = ["**"]
quota = "1MiB"
immutable_tags = ["v*"]

[[access]]
repositories = ["public/**"]
subjects = ["everyone"]
actions = ["pull"]

[[access]]
repositories = ["**"]
subjects = ["group:staff"]
actions = ["pull", "push", "delete", "list"]

[[access]]
effect = "deny"
repositories = ["public/secret"]
subjects = ["everyone"]
actions = ["pull", "push"]

[log]
level = "error"
"#;

/// A registry with files of every kind.
struct World {
    folder: tempfile::TempDir,
    reloader: Reloader,
    asked: AtomicU32,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let key = || rcgen::KeyPair::generate().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        write("chain.pem", &made.cert.pem());
        write("key.pem", &made.signing_key.serialize_pem());
        let other = rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).unwrap();
        write(
            "ca.pem",
            &format!("{}{}", made.cert.pem(), other.cert.pem()),
        );
        write("token.pem", &key().serialize_pem());
        write("old-token.pem", &key().serialize_pem());
        write("cosign.pub", &key().public_key_pem());
        let users = ["alice", "bob"].map(|user| {
            let hash = bcrypt::hash(user, 4).unwrap();
            format!("{user}:{hash}\n")
        });
        write("users", &users.concat());
        let instance = Instance::open(source(folder.path(), SETTINGS))
            .await
            .unwrap();
        Self {
            folder,
            reloader: instance.reloader,
            asked: AtomicU32::new(0),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The number of reloads that failed.
    fn failures(&self) -> u64 {
        let text = self.reloader.metrics.render();
        let name = "lazaret_config_reloads_total{outcome=\"Failure\"} ";
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |count| count.parse().unwrap())
    }

    /// Whether a request is admitted.
    async fn admits(&self, user: Option<&str>, method: &Method, path: &str) -> bool {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        if let Some(user) = user {
            use base64::Engine as _;
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{user}"));
            request = request.header("authorization", format!("Basic {pair}"));
        }
        let (head, ()): (Parts, ()) = request.body(()).unwrap().into_parts();
        let act = Act::parse(method, path).unwrap();
        // Each from an address of its own, as failed logins make an address wait.
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
        let peer = Peer::plain(SocketAddr::from((address, 1)));
        let registry = &self.reloader.registry;
        Caller::admit(registry, &head, &peer, &act).await.is_ok()
    }

    /// The requests that are admitted.
    async fn admitted(&self) -> Vec<(Option<&'static str>, Method, &'static str)> {
        let mut admitted = Vec::new();
        for user in [None, Some("bob"), Some("alice")] {
            for (method, path) in [
                (Method::GET, "/v2/public/a/manifests/v1"),
                (Method::GET, "/v2/public/secret/manifests/v1"),
                (Method::GET, "/v2/private/manifests/v1"),
                (Method::PUT, "/v2/private/manifests/v1"),
                (Method::GET, "/metrics"),
            ] {
                if self.admits(user, &method, path).await {
                    admitted.push((user, method, path));
                }
            }
        }
        admitted
    }
}

#[tokio::test]
async fn a_file_that_was_cut_lets_nobody_do_more() {
    let mut world = World::new().await;
    let admitted = world.admitted().await;
    assert!(!admitted.is_empty());
    let before = Arc::clone(&world.reloader.live.config.borrow());
    let rules = format!("{:?}", world.reloader.registry.terms().rules);
    for name in [
        "registry.toml",
        "users",
        "chain.pem",
        "key.pem",
        "ca.pem",
        "token.pem",
        "old-token.pem",
        "cosign.pub",
    ] {
        let whole = std::fs::read(world.path(name)).unwrap();
        let step = if whole.len() <= SHORT { 1 } else { STEP };
        for length in (0..whole.len()).step_by(step) {
            let at = format!("{name} cut to {length} of {} bytes", whole.len());
            std::fs::write(world.path(name), &whole[..length]).unwrap();
            let (failures, last) = (world.failures(), world.admitted().await);
            world.reloader.look(true).await;
            let is_refused = world.failures() > failures;
            let now = world.admitted().await;
            assert!(
                now.iter().all(|one| admitted.contains(one)),
                "{at}: {now:?}"
            );
            let config = Arc::clone(&world.reloader.live.config.borrow());
            let terms = world.reloader.registry.terms();
            assert_eq!(format!("{:?}", terms.rules), rules, "{at}");
            assert!(!terms.takes_deletions, "{at}");
            for (what, is_same) in [
                ("auth", config.auth == before.auth),
                ("access", config.access == before.access),
                ("limits", config.limits == before.limits),
                ("tls", config.tls == before.tls),
            ] {
                assert!(is_same, "{at}: {what}");
            }
            // Fewer users or authorities are less access, and what only the log needs is none.
            let may_be_taken = matches!(name, "users" | "ca.pem" | "registry.toml");
            let is_whole = whole[length..].iter().all(u8::is_ascii_whitespace);
            assert!(is_refused || may_be_taken || is_whole, "{at}: taken");
            if is_refused {
                assert_eq!(now, last, "{at}");
            }
        }
        std::fs::write(world.path(name), &whole).unwrap();
        let failures = world.failures();
        world.reloader.look(true).await;
        assert_eq!(world.failures(), failures, "{name} is whole again");
        assert_eq!(world.admitted().await, admitted, "{name} is whole again");
    }
}
