use std::sync::{Arc, Mutex};

use lazaret_client::Class;
use lazaret_oci::{Algorithm, Descriptor, Digest, ManifestDocument};

use crate::support::{Answer, AsRegistry, Peer, Seen, client, manifest_json};

#[tokio::test]
async fn tags_come_from_all_pages_in_order() {
    let peer = Peer::start(|seen| match seen.target.as_str() {
        "/v2/team/app/tags/list?n=1000" => {
            Answer::json(200, r#"{"name":"team/app","tags":["b","a"]}"#).with(
                "Link",
                r#"</v2/team/app/tags/list?n=1000&last=a>; rel="next""#,
            )
        }
        "/v2/team/app/tags/list?n=1000&last=a" => {
            Answer::json(200, r#"{"name":"team/app","tags":null}"#)
                .with("Link", "<list?last=b>; rel=next")
        }
        "/v2/team/app/tags/list?last=b" => Answer::json(200, r#"{"tags":["c"]}"#),
        _ => Answer::new(400),
    });
    let tags = client().tags(&peer.reference("team/app")).await.unwrap();
    let names: Vec<&str> = tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
}

#[tokio::test]
async fn repositories_are_listed() {
    let peer = Peer::start(|_| Answer::json(200, r#"{"repositories":["a/b","NOT VALID","c"]}"#));
    let names = client().catalog(&peer.registry()).await.unwrap();
    assert_eq!(
        names.iter().map(|n| n.as_str()).collect::<Vec<_>>(),
        ["a/b", "c"]
    );
}

#[tokio::test]
async fn types_are_passed_on_and_their_absence_is_clear() {
    let peer = Peer::start(|seen| match seen.path() {
        "/ext/v1/types" => Answer::json(200, r#"{"types":[{"name":"agent"}]}"#),
        _ => Answer::new(500),
    });
    let types = client().types(&peer.registry()).await.unwrap();
    assert_eq!(types["types"][0]["name"], "agent");
    let peer = Peer::start(|_| Answer::new(404));
    let error = client().types(&peer.registry()).await.unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn deleting_goes_by_tag_or_digest() {
    let peer = Peer::start(|seen| {
        if seen.path().ends_with("/gone") {
            Answer::new(405)
        } else {
            Answer::new(202)
        }
    });
    let digest = Digest::of(b"x");
    client().delete(&peer.reference("a:v1")).await.unwrap();
    client()
        .delete(&peer.reference("a:v1").pinned(digest.clone()))
        .await
        .unwrap();
    let error = client()
        .delete(&peer.reference("a:gone"))
        .await
        .unwrap_err();
    assert_eq!((error.class(), error.status()), (Class::Invalid, Some(405)));
    assert_eq!(
        peer.log()[..2],
        [
            "DELETE /v2/a/manifests/v1".to_owned(),
            format!("DELETE /v2/a/manifests/{digest}")
        ]
    );
}

fn entry(content: &[u8], artifact_type: &str) -> Descriptor {
    let mut entry = Descriptor::of(crate::support::MANIFEST, content);
    entry.artifact_type = Some(artifact_type.to_owned());
    entry
}

fn index(entries: &[Descriptor]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":{}}}"#,
        serde_json::to_string(entries).unwrap()
    )
}

#[tokio::test]
async fn referrers_are_listed_and_filtered_here() {
    let list = index(&[
        entry(b"1", "x/sbom"),
        entry(b"2", "x/sig"),
        entry(b"1", "x/sbom"),
    ]);
    let peer = Peer::start(move |_| Answer::new(200).body(list.as_bytes()));
    let subject = Digest::of(b"subject");
    let all = client()
        .referrers(&peer.reference("a"), &subject, None)
        .await
        .unwrap();
    assert_eq!(all.len(), 2, "each once");
    let some = client()
        .referrers(&peer.reference("a"), &subject, Some("x/sig"))
        .await
        .unwrap();
    assert_eq!(some, [entry(b"2", "x/sig")]);
    assert_eq!(peer.log()[0], format!("GET /v2/a/referrers/{subject}"));
}

#[tokio::test]
async fn registries_without_referrers_have_the_fallback_tag() {
    let subject = Digest::of(b"subject");
    let tag = format!("/v2/a/manifests/sha256-{}", subject.hex());
    let list = index(&[entry(b"1", "x/sbom")]);
    let peer = Peer::start(move |seen| {
        if seen.path() == tag {
            Answer::new(200).body(list.as_bytes())
        } else {
            Answer::new(404)
        }
    });
    let found = client()
        .referrers(&peer.reference("a"), &subject, None)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    for status in [400, 405] {
        let peer = Peer::start(move |seen| {
            Answer::new(if seen.path().contains("referrers") {
                status
            } else {
                404
            })
        });
        let none = client()
            .referrers(&peer.reference("a"), &subject, None)
            .await
            .unwrap();
        assert!(none.is_empty());
    }
    let none = client()
        .referrers(&peer.reference("b"), &subject, None)
        .await
        .unwrap();
    assert!(none.is_empty());
}

/// A server that stores manifests by path and has no referrers API.
fn shelf() -> impl Fn(&Seen) -> Answer + Send + Sync {
    let kept: Arc<Mutex<std::collections::HashMap<String, Vec<u8>>>> = Arc::default();
    move |seen| {
        let mut kept = kept.lock().unwrap();
        match seen.method.as_str() {
            "PUT" => {
                kept.insert(seen.path().to_owned(), seen.body.clone());
                Answer::new(201).with("Docker-Content-Digest", Digest::of(&seen.body).to_string())
            }
            _ => match kept.get(seen.path()) {
                Some(body) => Answer::new(200).body(body),
                None => Answer::new(404),
            },
        }
    }
}

fn attached(number: usize, subject: &Digest) -> ManifestDocument {
    let text = manifest_json().replacen(
        "\"layers\"",
        &format!(r#""artifactType":"x/n{number}","subject":{{"mediaType":"{}","digest":"{subject}","size":7}},"layers""#, crate::support::MANIFEST),
        1,
    );
    ManifestDocument::parse(text.into_bytes(), None).unwrap()
}

#[tokio::test]
async fn a_303_for_referrers_is_no_api_and_is_not_followed() {
    let peer = Peer::start(|seen| match seen.path() {
        path if path.contains("/referrers/") => {
            Answer::new(303).with("Location", "/a-page-for-people")
        }
        _ => Answer::new(404),
    });
    let subject = Digest::of(b"subject");
    let reference = peer.reference("team/app");
    let found = client().referrers(&reference, &subject, None).await;
    assert_eq!(found.unwrap(), []);
    assert_eq!(peer.count("GET", "a-page-for-people"), 0);
    assert_eq!(peer.count("GET", "/manifests/sha256-"), 1);
}

#[tokio::test]
async fn attaching_keeps_the_fallback_tag_up_to_date() {
    let peer = Peer::start(shelf());
    let subject = Digest::of(b"subject");
    for number in 0..3 {
        let document = attached(number, &subject);
        let reference = peer.reference("a").pinned(document.digest().clone());
        let pushed = client().push_manifest(&reference, &document).await.unwrap();
        assert_eq!(pushed.lists_subject, Some(false));
        client().push_manifest(&reference, &document).await.unwrap();
    }
    let found = client()
        .referrers(&peer.reference("a"), &subject, None)
        .await
        .unwrap();
    let types: Vec<_> = found
        .iter()
        .map(|e| e.artifact_type.clone().unwrap())
        .collect();
    assert_eq!(types, ["x/n0", "x/n1", "x/n2"]);
}

#[tokio::test]
async fn a_registry_that_lists_subjects_itself_is_left_to_it() {
    let peer = Peer::start(|seen| {
        assert_eq!(seen.method, "PUT");
        Answer::new(201).with("OCI-Subject", Digest::of(b"subject").to_string())
    });
    let document = attached(0, &Digest::of(b"subject"));
    let pushed = client()
        .push_manifest(&peer.reference("a:v1"), &document)
        .await
        .unwrap();
    assert_eq!(pushed.lists_subject, Some(true));
    assert_eq!(peer.log().len(), 1);
}

#[tokio::test]
async fn a_digest_of_another_algorithm_comes_with_its_tag() {
    let document = attached(0, &Digest::of(b"subject"));
    let known = Digest::with(Algorithm::Sha512, document.raw());
    for understands in [true, false] {
        let peer = Peer::start(move |_| {
            let answer = Answer::new(201).with("OCI-Subject", Digest::of(b"subject").to_string());
            if understands {
                answer.with("OCI-Tag", "v1")
            } else {
                answer
            }
        });
        let reference = peer.reference("a:v1");
        client()
            .push_known(&reference, &known, &document)
            .await
            .unwrap();
        let by_digest = format!("PUT /v2/a/manifests/{known}?tag=v1");
        let by_tag = "PUT /v2/a/manifests/v1".to_owned();
        let wanted = [by_digest, by_tag];
        assert_eq!(peer.log(), wanted[..if understands { 1 } else { 2 }]);
    }
    // Without a tag, it is `latest`.
    let peer = Peer::start(|_| {
        let answer = Answer::new(201).with("OCI-Subject", "x");
        answer.with("OCI-Tag", "latest")
    });
    client()
        .push_known(&peer.reference("a"), &known, &document)
        .await
        .unwrap();
    let by_digest = format!("PUT /v2/a/manifests/{known}?tag=latest");
    assert_eq!(peer.log(), [by_digest]);
    let peer = Peer::start(|_| Answer::new(201).with("OCI-Subject", "x"));
    let reference = peer.reference("a:v1");
    let usual = document.digest();
    client()
        .push_known(&reference, usual, &document)
        .await
        .unwrap();
    assert_eq!(peer.log(), ["PUT /v2/a/manifests/v1"]);
}
