use lazaret_client::{Class, Revalidation};
use lazaret_oci::{Algorithm, Descriptor, Digest};

use crate::support::{Answer, AsRegistry as _, MANIFEST, Peer, client, manifest_json};

fn digest() -> Digest {
    Digest::of(manifest_json().as_bytes())
}

fn descriptor() -> Descriptor {
    Descriptor::of(MANIFEST, manifest_json().as_bytes())
}

fn answer() -> Answer {
    Answer::new(200)
        .with("Content-Type", MANIFEST)
        .body(manifest_json().as_bytes())
}

fn stating() -> Answer {
    answer().with("Docker-Content-Digest", digest().to_string())
}

async fn ask(peer: &Peer, known: Option<&Digest>) -> Result<Revalidation, lazaret_client::Error> {
    let reference = peer.reference("team/app:v1");
    client().manifest_if_changed(&reference, known).await
}

#[tokio::test]
async fn one_head_tells_whether_a_tag_changed() {
    let peer = Peer::start(|_| stating());
    let changed = Revalidation::Changed(descriptor());
    let other = Digest::of(b"other");
    assert_eq!(
        ask(&peer, Some(&digest())).await.unwrap(),
        Revalidation::Unchanged
    );
    assert_eq!(ask(&peer, Some(&other)).await.unwrap(), changed);
    assert_eq!(ask(&peer, None).await.unwrap(), changed);
    assert_eq!(peer.log(), ["HEAD /v2/team/app/manifests/v1"; 3]);
    assert!(
        peer.seen()[0]
            .header("accept")
            .is_some_and(|accept| accept.contains(MANIFEST))
    );
}

#[tokio::test]
async fn a_get_follows_only_where_head_cannot_tell() {
    let heads = [
        Answer::new(405),
        Answer::new(501),
        answer(),
        Answer::new(200)
            .with("Docker-Content-Digest", digest().to_string())
            .chunked(),
    ];
    for head in heads {
        let peer = Peer::start(move |seen| {
            if seen.method == "HEAD" {
                head.clone()
            } else {
                answer()
            }
        });
        let found = ask(&peer, None).await.unwrap();
        assert_eq!(found, Revalidation::Changed(descriptor()));
        assert_eq!(peer.log().len(), 2);
    }
    let peer = Peer::start(|_| answer());
    let long = Digest::with(Algorithm::Sha512, manifest_json().as_bytes());
    for known in [digest(), long] {
        let found = ask(&peer, Some(&known)).await.unwrap();
        assert_eq!(found, Revalidation::Unchanged);
    }
}

#[tokio::test]
async fn refusals_are_final() {
    for (status, class) in [
        (401, Class::Unauthorized),
        (403, Class::Denied),
        (404, Class::NotFound),
        (429, Class::RateLimited),
        (503, Class::Unreachable),
    ] {
        let peer = Peer::start(move |_| Answer::new(status).with("Retry-After", "3600"));
        let error = ask(&peer, Some(&digest())).await.unwrap_err();
        assert_eq!(error.class(), class);
        assert_eq!(error.status(), Some(status));
        assert_eq!(peer.log().len(), 1, "{status}");
    }
    let peer = Peer::start(|_| answer().with("Docker-Content-Digest", "sha256:no"));
    let error = ask(&peer, None).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
}
