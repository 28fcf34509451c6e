use lazaret_content::UploadId;
use lazaret_oci::Algorithm;
use proptest::prelude::*;

use super::*;

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn status(path: &str) -> u16 {
    Act::parse(&Method::GET, path)
        .unwrap_err()
        .into_response()
        .status()
        .as_u16()
}

#[test]
fn paths_are_read_from_their_end() {
    let digest = Digest::of(b"");
    let id = UploadId::random();
    let check = |method: Method, path: &str, expected: Act| {
        assert_eq!(Act::parse(&method, path).unwrap(), expected, "{path}");
    };
    let tags = |name: &str| Act::ListTags {
        repository: repository(name),
    };
    let blob = |name: &str| Act::ReadBlob {
        repository: repository(name),
        digest: digest.clone(),
        head_only: false,
    };
    check(Method::GET, "/v2", Act::Greet);
    check(Method::GET, "/v2/", Act::Greet);
    check(Method::GET, "/v2/_catalog", Act::ListRepositories);
    check(Method::GET, "/v2/a/tags/list", tags("a"));
    check(Method::GET, "/v2/tags/tags/list", tags("tags"));
    check(
        Method::GET,
        "/v2/a/tags/list/tags/list",
        tags("a/tags/list"),
    );
    let by_tag = Act::ReadManifest {
        repository: repository("a/b"),
        selector: ManifestSelector::Tag("v1".parse().unwrap()),
        head_only: true,
    };
    check(Method::HEAD, "/v2/a/b/manifests/v1", by_tag);
    let by_digest = Act::DeleteManifest {
        repository: repository("a"),
        selector: ManifestSelector::Digest(digest.clone()),
    };
    check(
        Method::DELETE,
        &format!("/v2/a/manifests/{digest}"),
        by_digest,
    );
    let none = Act::NoManifest {
        repository: repository("a"),
        reference: ".bad".into(),
        action: Action::Pull,
    };
    check(Method::GET, "/v2/a/manifests/.bad", none);
    let of_uploads = format!("/v2/blobs/uploads/blobs/{digest}");
    check(Method::GET, &of_uploads, blob("blobs/uploads"));
    let escaped = digest.to_string().replace(':', "%3A");
    check(Method::GET, &format!("/v2/a/blobs/{escaped}"), blob("a"));
    for path in ["/v2/a/blobs/uploads", "/v2/a/blobs/uploads/"] {
        let repository = repository("a");
        check(Method::POST, path, Act::StartUpload { repository });
    }
    let patch = Act::PatchUpload {
        repository: repository("a"),
        id: id.clone(),
    };
    check(Method::PATCH, &format!("/v2/a/blobs/uploads/{id}"), patch);
    let referrers = Act::ListReferrers {
        repository: repository("a"),
        digest: digest.clone(),
    };
    check(Method::GET, &format!("/v2/a/referrers/{digest}"), referrers);
    check(Method::GET, "/ext/v1/types", Act::ListTypes);
}

#[test]
fn paths_that_name_nothing_are_refused() {
    let digest = Digest::of(b"");
    for (path, expected) in [
        ("/", 404),
        ("", 404),
        ("//v2/", 404),
        ("/v2//", 404),
        ("/v1/", 404),
        ("/v2/a", 404),
        ("/v2/a/tags", 404),
        ("/v2/a/blobs/uploads/../../etc/passwd", 404),
        ("/v2/a/blobs/uploads/..", 404),
        ("/v2/a/blobs/uploads/%2e%2e%2f%2e%2e", 400),
        ("/v2/tags/list", 400),
        ("/v2/../tags/list", 400),
        ("/v2/%2e%2e/tags/list", 400),
        ("/v2/a/../b/tags/list", 400),
        ("/v2/a%2fb/tags/list", 400),
        ("/v2/A/tags/list", 400),
        ("/v2/a%00/tags/list", 400),
        ("/v2/%ff/tags/list", 400),
        ("/v2/a/blobs/sha256:../../x", 404),
        ("/v2/a/blobs/sha256:", 400),
        ("/v2/a/blobs/..", 400),
        ("/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", 400),
        ("/v2/a/referrers/sha256:xyz", 400),
    ] {
        assert_eq!(status(path), expected, "{path}");
    }
    let upper = digest.to_string().to_uppercase();
    assert_eq!(status(&format!("/v2/a/blobs/{upper}")), 400);
}

/// All paths, each with the methods that it allows.
fn paths() -> Vec<(String, &'static str)> {
    let (digest, id) = (Digest::of(b""), UploadId::random());
    vec![
        ("/livez".into(), "GET, HEAD"),
        ("/readyz".into(), "GET, HEAD"),
        ("/metrics".into(), "GET, HEAD"),
        ("/auth/token".into(), "GET, HEAD, POST"),
        ("/ext/v1/types".into(), "GET, HEAD"),
        ("/v2/".into(), "GET, HEAD"),
        ("/v2/_catalog".into(), "GET, HEAD"),
        ("/v2/_oci/ext/discover".into(), "GET, HEAD"),
        ("/v2/a/tags/list".into(), "GET, HEAD"),
        (format!("/v2/a/referrers/{digest}"), "GET, HEAD"),
        ("/v2/a/manifests/v1".into(), "GET, HEAD, PUT, DELETE"),
        (format!("/v2/a/blobs/{digest}"), "GET, HEAD, DELETE"),
        ("/v2/a/blobs/uploads/".into(), "POST"),
        (
            format!("/v2/a/blobs/uploads/{id}"),
            "GET, HEAD, PUT, PATCH, DELETE",
        ),
    ]
}

#[test]
fn every_path_says_which_methods_it_takes() {
    for (path, methods) in paths() {
        for method in METHODS.into_iter().chain([Method::OPTIONS]) {
            let act = Act::parse(&method, &path).unwrap();
            let is_taken = methods.split(", ").any(|taken| taken == method);
            match act {
                Act::NotAllowed { allow, .. } => {
                    assert!(!is_taken, "{method} {path}");
                    assert_eq!(allow, methods, "{path}");
                }
                act => assert!(is_taken, "{method} {path} is {act:?}"),
            }
        }
    }
}

#[test]
fn a_method_that_is_not_taken_has_the_class_of_its_path_and_gives_no_right_away() {
    for (path, methods) in paths() {
        let class = |method: &str| {
            let method = method.parse().unwrap();
            Act::parse(&method, &path).unwrap().class().name()
        };
        let first = methods.split(", ").next().unwrap();
        assert_eq!(class(first), class("OPTIONS"), "{path}");
        let other = Act::parse(&Method::OPTIONS, &path).unwrap();
        assert_ne!(other.need(), Need::Nothing, "{path}");
        assert_eq!(other.effect(), None, "{path}");
    }
}

#[test]
fn reading_writing_and_deleting_need_their_rights() {
    let need = |method: Method, path: &str| Act::parse(&method, path).unwrap().need();
    let right = |action| Need::Right(action, Some(repository("a/b")));
    let manifest = "/v2/a/b/manifests/v1";
    assert_eq!(need(Method::GET, manifest), right(Action::Pull));
    assert_eq!(need(Method::HEAD, manifest), right(Action::Pull));
    assert_eq!(need(Method::PUT, manifest), right(Action::Push));
    assert_eq!(need(Method::DELETE, manifest), right(Action::Delete));
    assert_eq!(need(Method::PATCH, manifest), right(Action::Push));
    let session = format!("/v2/a/b/blobs/uploads/{}", UploadId::random());
    for method in [
        Method::GET,
        Method::PATCH,
        Method::PUT,
        Method::DELETE,
        Method::POST,
    ] {
        assert_eq!(need(method, &session), right(Action::Push));
    }
    assert_eq!(need(Method::GET, "/v2/"), Need::Greeting);
    assert_eq!(need(Method::GET, "/metrics"), Need::Metrics);
    let list = Need::Right(Action::List, None);
    assert_eq!(need(Method::GET, "/v2/_catalog"), list);
    for path in ["/livez", "/readyz", "/auth/token"] {
        assert_eq!(need(Method::GET, path), Need::Nothing);
    }
}

#[test]
fn looking_without_content_has_no_effect() {
    let digest = Digest::of(b"");
    let change = |method: Method, path: &str| {
        let act = Act::parse(&method, path).unwrap();
        act.effect().map(|effect| effect.change)
    };
    let blob = format!("/v2/a/blobs/{digest}");
    let by_digest = format!("/v2/a/manifests/{digest}");
    for (method, path, expected) in [
        (Method::HEAD, "/v2/a/manifests/v1", None),
        (
            Method::GET,
            "/v2/a/manifests/v1",
            Some(Change::ManifestPulled),
        ),
        (
            Method::PUT,
            "/v2/a/manifests/v1",
            Some(Change::ManifestPushed),
        ),
        (
            Method::DELETE,
            "/v2/a/manifests/v1",
            Some(Change::TagDeleted),
        ),
        (Method::DELETE, &by_digest, Some(Change::ManifestDeleted)),
        (Method::HEAD, &blob, None),
        (Method::GET, &blob, Some(Change::BlobPulled)),
        (Method::DELETE, &blob, Some(Change::BlobDeleted)),
        (
            Method::POST,
            "/v2/a/blobs/uploads/",
            Some(Change::BlobPushed),
        ),
        (Method::PUT, "/v2/a/manifests/.bad", None),
    ] {
        assert_eq!(change(method.clone(), path), expected, "{method} {path}");
    }
}

proptest! {
    #[test]
    fn hostile_paths_never_panic(
        method in "[A-Z]{1,8}",
        path in "(/v2)?[/a-zA-Z0-9%.:_~\\-\u{0}-\u{ff}]{0,120}",
    ) {
        let method = method.parse().unwrap();
        let _ = Act::parse(&method, &path);
    }

    #[test]
    fn an_act_holds_only_names_that_the_grammar_allows(
        segments in proptest::collection::vec(
            prop_oneof![
                Just("..".to_owned()), Just("".to_owned()), Just("%2e%2e".to_owned()),
                Just("blobs".to_owned()), Just("uploads".to_owned()), Just("manifests".to_owned()),
                Just("tags".to_owned()), Just("list".to_owned()), Just("%2f".to_owned()),
                "[a-z0-9]{1,4}", "sha256:[0-9a-f]{64}", "[0-9a-f]{32}",
            ],
            1..8,
        ),
    ) {
        let path = format!("/v2/{}", segments.join("/"));
        for method in METHODS {
            if let Ok(act) = Act::parse(&method, &path)
                && let Need::Right(_, Some(name)) = act.need()
            {
                prop_assert!(!name.as_str().contains(".."));
                let start = format!("/v2/{name}/");
                prop_assert!(path.starts_with(&start));
            }
        }
    }

    #[test]
    fn every_name_and_digest_can_be_read(
        name in "[a-z0-9]{1,6}([._-][a-z0-9]{1,6}){0,2}(/[a-z0-9]{1,6}){0,4}",
        content in any::<[u8; 4]>(),
    ) {
        let repository = repository(&name);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = Digest::with(algorithm, &content);
            prop_assert_eq!(
                Act::parse(&Method::GET, &format!("/v2/{name}/blobs/{digest}")).unwrap(),
                Act::ReadBlob { repository: repository.clone(), digest, head_only: false }
            );
        }
    }
}
