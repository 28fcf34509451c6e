//! Tests of pulling manifests and indexes, and of their names.

use super::*;

#[tokio::test]
async fn a_manifest_is_read_and_resolved() {
    let digest = Digest::of(manifest_json().as_bytes());
    let stated = digest.to_string();
    let peer = Peer::start(move |_| {
        Answer::new(200)
            .with("Content-Type", MANIFEST)
            .with("Docker-Content-Digest", stated.clone())
            .body(manifest_json().as_bytes())
    });
    let reference = peer.reference("team/app:v1");
    let document = client().manifest(&reference).await.unwrap();
    assert_eq!(document.raw(), manifest_json().as_bytes());
    let accepted = peer.seen()[0].header("accept").unwrap().to_owned();
    assert!(accepted.contains(media_type::INDEX), "{accepted}");
    let descriptor = client().resolve(&reference).await.unwrap();
    assert_eq!(descriptor.digest, digest);
    assert_eq!(descriptor.size, manifest_json().len() as u64);
    assert_eq!(peer.log()[1], "HEAD /v2/team/app/manifests/v1");
    assert_eq!(peer.log().len(), 2);
}

#[tokio::test]
async fn resolving_falls_back_to_reading() {
    let peer = Peer::start(|seen| match seen.method.as_str() {
        "HEAD" => Answer::new(405),
        _ => Answer::new(200)
            .with("Content-Type", MANIFEST)
            .body(manifest_json().as_bytes()),
    });
    let descriptor = client().resolve(&peer.reference("a:v1")).await.unwrap();
    assert_eq!(descriptor.digest, Digest::of(manifest_json().as_bytes()));
}

#[tokio::test]
async fn what_does_not_exist_is_reported_in_the_servers_own_words() {
    let peer = Peer::start(|_| {
        Answer::json(
            404,
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such tag, sorry","detail":{"tag":"v9"}}]}"#,
        )
    });
    for error in [
        client()
            .manifest(&peer.reference("a:v9"))
            .await
            .unwrap_err(),
        client().resolve(&peer.reference("a:v9")).await.unwrap_err(),
    ] {
        assert_eq!(error.class(), Class::NotFound);
        assert_eq!(error.status(), Some(404));
        assert!(
            error
                .to_string()
                .contains("MANIFEST_UNKNOWN: no such tag, sorry"),
            "{error}"
        );
        assert_eq!(error.answer().unwrap().errors[0].detail["tag"], "v9");
    }
}

#[tokio::test]
async fn a_pin_is_checked_against_the_raw_bytes() {
    let peer = Peer::start(|_| {
        Answer::new(200)
            .with("Content-Type", MANIFEST)
            .body(manifest_json().as_bytes())
    });
    let good = peer
        .reference("a")
        .pinned(Digest::of(manifest_json().as_bytes()));
    client().manifest(&good).await.unwrap();
    let long = Digest::with(lazaret_oci::Algorithm::Sha512, manifest_json().as_bytes());
    client()
        .manifest(&peer.reference("a").pinned(long))
        .await
        .unwrap();
    let bad = peer.reference("a").pinned(Digest::of(b"other"));
    let error = client().manifest(&bad).await.unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
}

#[tokio::test]
async fn a_registry_that_contradicts_itself_or_the_pin_is_caught() {
    let peer = Peer::start(|_| {
        Answer::new(200)
            .with("Content-Type", MANIFEST)
            .with("Docker-Content-Digest", Digest::of(b"other").to_string())
            .body(manifest_json().as_bytes())
    });
    let error = client()
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
    let pinned = peer
        .reference("a")
        .pinned(Digest::of(manifest_json().as_bytes()));
    let error = client().resolve(&pinned).await.unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
}

#[tokio::test]
async fn an_oversize_manifest_is_not_read() {
    for reply in [
        Answer::new(200).body(&vec![b' '; 5 << 20]),
        Answer::new(200).body(&vec![b' '; 5 << 20]).chunked(),
    ] {
        let peer = Peer::start(move |_| reply.clone());
        let error = client()
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{error}");
    }
}

#[tokio::test]
async fn garbage_is_a_document_error() {
    let peer = Peer::start(|_| {
        Answer::new(200)
            .with("Content-Type", MANIFEST)
            .body(b"{\"a\":")
    });
    let error = client()
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    assert!(
        full(&error).contains("invalid manifest"),
        "{}",
        full(&error)
    );
}

fn index_of(entries: &[(&str, &Digest, usize, Option<&str>)]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(kind, digest, size, platform)| {
            let platform = platform.map_or(String::new(), |p| {
                let (os, architecture) = p.split_once('/').unwrap();
                format!(r#","platform":{{"os":"{os}","architecture":"{architecture}"}}"#)
            });
            format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":{size}{platform}}}"#)
        })
        .collect();
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#,
        media_type::INDEX,
        entries.join(",")
    )
}

#[tokio::test]
async fn an_index_leads_to_the_platforms_manifest() {
    let inner = Digest::of(manifest_json().as_bytes());
    let size = manifest_json().len();
    let other = Digest::of(b"other");
    let amd: Platform = "linux/amd64".parse().unwrap();
    let index = index_of(&[
        (MANIFEST, &other, 5, Some("unknown/unknown")),
        (MANIFEST, &other, 5, Some("linux/arm64")),
        (MANIFEST, &inner, size, Some("linux/amd64")),
    ]);
    let nested = index_of(&[
        (
            media_type::INDEX,
            &Digest::of(index.as_bytes()),
            index.len(),
            None,
        ),
        (MANIFEST, &other, 5, None),
    ]);
    let documents = [index.clone(), nested.clone(), manifest_json().to_owned()];
    let peer = Peer::start(move |seen| {
        let wanted = seen.path().rsplit('/').next().unwrap();
        let find = |text: &&String| wanted == Digest::of(text.as_bytes()).to_string();
        let text = match wanted {
            "plain" => &documents[0],
            "nested" => &documents[1],
            _ => match documents.iter().find(find) {
                Some(text) => text,
                None => return Answer::new(404),
            },
        };
        Answer::new(200).body(text.as_bytes())
    });
    for tag in ["plain", "nested"] {
        let found = client()
            .image_manifest(&peer.reference(&format!("a:{tag}")), &amd)
            .await
            .unwrap();
        assert_eq!(found.digest(), &inner, "{tag}");
    }
    let riscv = "linux/riscv64".parse().unwrap();
    let error = client()
        .image_manifest(&peer.reference("a:plain"), &riscv)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
    let text = error.to_string();
    assert!(
        text.contains("linux/riscv64") && text.contains("linux/arm64, linux/amd64"),
        "{text}"
    );
}

#[tokio::test]
async fn indexes_are_not_followed_for_ever() {
    // Every digest leads to a further index; the chain is built from its end.
    let mut texts = vec![manifest_json().to_owned()];
    for depth in 0..10 {
        let inner = texts.last().unwrap();
        let kind = if depth == 0 {
            MANIFEST
        } else {
            media_type::INDEX
        };
        texts.push(index_of(&[(
            kind,
            &Digest::of(inner.as_bytes()),
            inner.len(),
            None,
        )]));
    }
    let outer = texts.last().unwrap().clone();
    let peer = Peer::start(move |seen| {
        let wanted = seen.path().rsplit('/').next().unwrap();
        let found = texts
            .iter()
            .find(|text| Digest::of(text.as_bytes()).to_string() == wanted);
        Answer::new(200).body(found.unwrap().as_bytes())
    });
    let reference = peer.reference("a").pinned(Digest::of(outer.as_bytes()));
    let error = client()
        .image_manifest(&reference, &Platform::native())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Protocol, "{error}");
    assert!(peer.log().len() < 8);
}
