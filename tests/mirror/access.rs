//! Who may read what is kept: the mirror's own rules decide, not what the upstream would say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Image, Served, Upstream, blob_path, manifest_path, tag_path};

/// The value of `Authorization` of a user whose password is `secret`.
fn of(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:secret")))
}

/// A mirror of a private upstream, of whose repositories `ada` may read `team/**`.
fn private(upstream: &Upstream) -> Served {
    let users: Vec<String> = ["ada", "bob"]
        .iter()
        .map(|user| format!("{user}:{}\n", bcrypt::hash("secret", 4).unwrap()))
        .collect();
    let users = users.concat();
    let files = [("users", &users[..]), ("password", "of-the-mirror")];
    let url = upstream.url();
    let settings = format!(
        "[auth.htpasswd]\nfile = \"FOLDER/users\"\n\
         [[access]]\nrepositories = [\"up/team/**\"]\nsubjects = [\"user:ada\"]\nactions = [\"pull\"]\n\
         [[access]]\nrepositories = [\"up/open/**\"]\nsubjects = [\"everyone\"]\nactions = [\"pull\"]\n\
         [[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n\
         credentials = {{ username = \"robot\", password_file = \"FOLDER/password\" }}\n"
    );
    Served::beside(&files, &settings)
}

#[test]
fn what_is_kept_is_for_those_alone_whom_the_rules_name() {
    let (upstream, image) = (Upstream::start(), Image::small(70));
    upstream.require("robot", "of-the-mirror");
    upstream.image("team/app", "v1", &image);
    let mirror = private(&upstream);
    let layer = &image.layers[0][0];
    let paths = [
        tag_path("team/app", "v1"),
        manifest_path("team/app", &image.index),
        blob_path("team/app", layer),
        "/v2/up/team/app/tags/list".to_owned(),
        format!("/v2/up/team/app/referrers/{}", image.index.digest),
        // The same by the other ways to name it.
        "/v2/team/app/manifests/v1?ns=up.example".to_owned(),
        format!("/https://up.example/v2/team/app/blobs/{}", layer.digest),
    ];
    let ask = |user: Option<&str>, path: &str| {
        let proof = user.map(of);
        let headers: Vec<(&str, &str)> = proof
            .iter()
            .map(|proof| ("Authorization", &proof[..]))
            .collect();
        mirror.ask("GET", path, &headers).status
    };
    for path in &paths {
        assert_eq!(ask(None, path), 401, "{path}");
        assert!(matches!(ask(Some("bob"), path), 403 | 404), "{path}");
    }
    assert_eq!(upstream.calls(), 0, "{:?}", upstream.log());
    for path in &paths {
        assert_eq!(ask(Some("ada"), path), 200, "{path}");
    }
    let calls = upstream.calls();
    assert!(calls > 0);
    for path in &paths {
        assert_eq!(ask(None, path), 401, "{path}");
        assert!(matches!(ask(Some("bob"), path), 403 | 404), "{path}");
        let other = path.replace("team/app", "team2/app");
        assert!(matches!(ask(Some("ada"), &other), 403 | 404), "{other}");
    }
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn a_digest_that_is_kept_for_one_repository_is_not_had_through_another() {
    let (upstream, image) = (Upstream::start(), Image::small(71));
    upstream.require("robot", "of-the-mirror");
    upstream.image("team/app", "v1", &image);
    let mirror = private(&upstream);
    let (layer, ada) = (&image.layers[0][0], of("ada"));
    let headers = [("Authorization", &ada[..])];
    let path = blob_path("team/app", layer);
    mirror.ask("GET", &path, &headers).is(200).has(&layer.bytes);
    let path = manifest_path("team/app", &image.index);
    mirror.ask("GET", &path, &headers).is(200);
    // Everybody may read this repository, and its upstream has no such content there.
    mirror.get(&blob_path("open/app", layer)).is(404);
    mirror.get(&manifest_path("open/app", &image.index)).is(404);
}

#[test]
fn nobody_pushes_to_what_is_mirrored() {
    let upstream = Upstream::start();
    let mirror = Served::of(&upstream);
    for (method, path) in [
        ("POST", "/v2/up/app/blobs/uploads/"),
        ("PUT", "/v2/up/app/manifests/v1"),
    ] {
        let headers = [("Content-Length", "0")];
        let answer = mirror.ask(method, path, &headers).is(405);
        assert!(answer.header("allow").is_some());
    }
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn a_repository_that_is_not_in_the_settings_is_not_asked_for() {
    let (upstream, image) = (Upstream::start(), Image::small(72));
    upstream.image("library/app", "v1", &image);
    upstream.image("library/bad", "v1", &image);
    upstream.image("other/app", "v1", &image);
    let more = "repositories = [\"library/**\"]\nexcluded = [\"library/bad\"]";
    let mirror = Served::with(&upstream, "", more);
    mirror.get(&tag_path("library/app", "v1")).is(200);
    let calls = upstream.calls();
    mirror.get(&tag_path("library/bad", "v1")).is(403);
    mirror.get(&tag_path("other/app", "v1")).is(403);
    mirror
        .get(&blob_path("other/app", &image.layers[0][0]))
        .is(403);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}
