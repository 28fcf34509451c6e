//! Tests of the rules of repositories.

use base64::Engine as _;
use lazaret_oci::{Descriptor, Digest, media_type};
use lazaret_testing::http::Request;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::support::{Served, image};

/// A registry with one rule.
fn ruled(repositories: &str, rule: &str) -> (tempfile::TempDir, Served) {
    let parent = tempfile::tempdir().unwrap();
    let settings = format!("[[rules]]\nrepositories = [\"{repositories}\"]\n{rule}");
    let served = Served::with_settings(parent.path(), &settings);
    (parent, served)
}

#[test]
fn only_allowed_types_are_taken() {
    let (_parent, served) = ruled(
        "acme/**",
        "allowed_artifact_types = [\"application/vnd.lens.*\"]",
    );
    for name in ["acme/app", "other/app"] {
        served.push_blob(name, b"{}");
        served.push_blob(name, b"layer");
    }
    served
        .put_manifest("acme/app", "v1", &image())
        .is_error(403, "DENIED");
    assert_eq!(served.put_manifest("other/app", "v1", &image()).status, 201);
    let index = json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": []});
    served
        .put_manifest("acme/app", "v1", &index)
        .is_error(403, "DENIED");
    let mut typed = image();
    typed["artifactType"] = json!("application/vnd.lens.unheard-of.v1+json");
    assert_eq!(served.put_manifest("acme/app", "v1", &typed).status, 201);
}

fn bundle(served: &Served, components: &Value) -> crate::support::Reply {
    let config = serde_json::to_vec(&json!({
        "apiVersion": "lens.dev/v1alpha1", "kind": "AgentSystem", "metadata": {"name": "b"},
        "spec": {"components": components},
    }))
    .unwrap();
    served.push_blob("acme/bundles/b", &config);
    let kind = "application/vnd.lens.bundle.config.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "artifactType": "application/vnd.lens.bundle.v1+json",
        "config": Descriptor::of(kind, &config),
        "layers": [],
    });
    served.put_manifest("acme/bundles/b", "v1", &manifest)
}

#[test]
fn bundles_may_have_to_pin_their_components() {
    let (_parent, served) = ruled("acme/bundles/*", "pinned_bundles = true");
    let digest = Digest::of(b"agent");
    let loose =
        json!({"agents": [{"ref": "acme/agents/a:v1"}], "model": {"ref": "acme/models/m:v1"}});
    let reply = bundle(&served, &loose);
    reply.is_error(400, "MANIFEST_INVALID");
    let errors = reply.json()["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 2, "{errors}");
    assert_eq!(errors[0]["detail"]["pointer"], "/spec/components/agents/0");
    let pinned = json!({"agents": [{"ref": "acme/agents/a:v1", "digest": digest}]});
    assert_eq!(bundle(&served, &pinned).status, 201);
    let inline = json!({"agents": [{"ref": format!("acme/agents/a@{digest}")}]});
    assert_eq!(bundle(&served, &inline).status, 201);
}

#[test]
fn immutable_tags_are_set_once() {
    let (_parent, served) = ruled("**", "immutable_tags = [\"v*\"]");
    let (manifest, digest) = served.push_image("a", "v1");
    let mut other = manifest.clone();
    other["annotations"] = json!({"changed": "yes"});
    served
        .put_manifest("a", "v1", &other)
        .is_error(403, "DENIED");
    let by_query = format!(
        "{}?tag=v1",
        Digest::of(&serde_json::to_vec(&other).unwrap())
    );
    served
        .put_manifest("a", &by_query, &other)
        .is_error(403, "DENIED");
    // The same manifest again is not a change, and other tags can move.
    assert_eq!(served.put_manifest("a", "v1", &manifest).status, 201);
    assert_eq!(served.put_manifest("a", "latest", &manifest).status, 201);
    assert_eq!(served.put_manifest("a", "latest", &other).status, 201);
    // Deleting it would let it be set again.
    let path = |reference: &str| format!("/v2/a/manifests/{reference}");
    for reference in ["v1", "v2", &digest.to_string()] {
        served
            .send("DELETE", &path(reference), &[], b"")
            .is_error(403, "DENIED");
    }
    let other = Digest::of(&serde_json::to_vec(&other).unwrap()).to_string();
    for reference in ["latest", &other] {
        assert_eq!(
            served.send("DELETE", &path(reference), &[], b"").status,
            202
        );
    }
    let now = served.get("/v2/a/manifests/v1");
    assert_eq!(
        now.header("docker-content-digest"),
        Some(digest.to_string().as_str())
    );
}

#[test]
fn what_an_immutable_tag_leads_to_stays() {
    let (_parent, served) = ruled("**", "immutable_tags = [\"v*\"]");
    let (manifest, image) = served.push_image("a", "latest");
    let index = |media: &str, child: &Value| {
        let child = Descriptor::of(media, &serde_json::to_vec(child).unwrap());
        json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": [child]})
    };
    let inner = index(media_type::MANIFEST, &manifest);
    let outer = index(media_type::INDEX, &inner);
    assert_eq!(served.put_manifest("a", "inner", &inner).status, 201);
    assert_eq!(served.put_manifest("a", "v1", &outer).status, 201);
    let delete =
        |reference: &str| served.send("DELETE", &format!("/v2/a/manifests/{reference}"), &[], b"");
    // Tags that may change go; what is below the one that may not stays, at any depth.
    for tag in ["latest", "inner"] {
        assert_eq!(delete(tag).status, 202);
    }
    let inner = Digest::of(&serde_json::to_vec(&inner).unwrap());
    for digest in [&image, &inner] {
        delete(&digest.to_string()).is_error(403, "DENIED");
        assert_eq!(served.get(&format!("/v2/a/manifests/{digest}")).status, 200);
    }
    // Elsewhere the same manifest goes.
    served.push_image("b", "latest");
    let elsewhere = format!("/v2/b/manifests/{image}");
    assert_eq!(served.send("DELETE", &elsewhere, &[], b"").status, 202);
}

#[test]
fn an_index_may_have_to_be_complete() {
    let (_parent, served) = ruled("**", "require_index_manifests = true");
    let (manifest, _) = served.push_image("a", "v1");
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let child = |content: &[u8]| Descriptor::of(media_type::MANIFEST, content);
    let index = |children: Vec<Descriptor>| json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": children});
    served
        .put_manifest("a", "all", &index(vec![child(&bytes), child(b"elsewhere")]))
        .is_error(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(
        served
            .put_manifest("a", "all", &index(vec![child(&bytes)]))
            .status,
        201
    );
}

#[test]
fn quotas_stop_uploads_and_mounts() {
    let (_parent, served) = ruled("small/*", "quota = \"1000B\"");
    let big = vec![7; 900];
    served.push_blob("small/a", &big);
    // The same content again takes no further quota.
    served.push_blob("small/a", &big);
    let digest = Digest::of(&[8; 101]);
    let path = format!("/v2/small/a/blobs/uploads/?digest={digest}");
    served
        .send("POST", &path, &[], &[8; 101])
        .is_error(403, "DENIED");
    served.push_blob("large/a", &[8; 101]);
    let mount = format!("/v2/small/a/blobs/uploads/?mount={digest}&from=large/a");
    served
        .send("POST", &mount, &[], b"")
        .is_error(403, "DENIED");
    served.push_blob("small/a", &[9; 100]);
    served.push_blob("small/b", &[8; 101]);
    // A deletion frees quota.
    let gone = format!("/v2/small/a/blobs/{}", Digest::of(&big));
    assert_eq!(served.send("DELETE", &gone, &[], b"").status, 202);
    served.push_blob("small/a", &[8; 101]);
}

#[test]
fn quotas_count_manifests_and_staged_content() {
    let (_parent, served) = ruled("small/*", "quota = \"1000B\"");
    let first = served.start_upload("small/a");
    let reply = served.send("PATCH", &first, &[], &[7; 600]);
    assert_eq!(reply.status, 202, "{reply:?}");
    // What one session has staged is missing to others, and to itself.
    let second = served.start_upload("small/a");
    served
        .send("PATCH", &second, &[], &[8; 401])
        .is_error(403, "DENIED");
    served
        .send("PATCH", &first, &[], &[7; 401])
        .is_error(403, "DENIED");
    assert_eq!(served.send("PATCH", &second, &[], &[8; 400]).status, 202);
    // Without an announced length it is noticed while the bytes come.
    Request::new("PATCH", &second)
        .streamed(b"8")
        .send(served.address)
        .unwrap()
        .is_error(403, "DENIED");
    for location in [first, second] {
        assert_eq!(served.send("DELETE", &location, &[], b"").status, 204);
    }
    let mut index = json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": []});
    assert_eq!(served.put_manifest("small/a", "v1", &index).status, 201);
    index["annotations"] = json!({"long": "x".repeat(900)});
    served
        .put_manifest("small/a", "v2", &index)
        .is_error(403, "DENIED");
    assert_eq!(served.put_manifest("large/a", "v2", &index).status, 201);
}

/// A key pair, with the public key in the form of cosign's `.pub` file.
fn key() -> (EcdsaKeyPair, String) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    let mut der = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    der.extend_from_slice(key.public_key().as_ref());
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(der)
    );
    (key, pem)
}

/// Pushes a signature of `digest`, as a referrer or under a tag.
fn sign(served: &Served, key: &EcdsaKeyPair, digest: &Digest, signed: &Digest, as_tag: bool) {
    let payload = serde_json::to_vec(&json!({
        "critical": {
            "identity": {"docker-reference": "acme/app"},
            "image": {"docker-manifest-digest": signed},
            "type": "cosign container image signature",
        },
        "optional": null,
    }))
    .unwrap();
    let signature = key.sign(&SystemRandom::new(), &payload).unwrap();
    let signature = base64::engine::general_purpose::STANDARD.encode(signature);
    served.push_blob("acme/app", &payload);
    let mut layer = serde_json::to_value(Descriptor::of(
        "application/vnd.dev.cosign.simplesigning.v1+json",
        &payload,
    ))
    .unwrap();
    layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
    let mut manifest = image();
    manifest["layers"] = json!([layer]);
    let reference = if as_tag {
        format!("sha256-{}.sig", digest.hex())
    } else {
        manifest["artifactType"] = json!("application/vnd.dev.cosign.artifact.sig.v1+json");
        manifest["subject"] = json!({
            "mediaType": media_type::MANIFEST, "digest": digest, "size": 1,
        });
        Digest::of(&serde_json::to_vec(&manifest).unwrap()).to_string()
    };
    let reply = served.put_manifest("acme/app", &reference, &manifest);
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[test]
fn tags_may_need_a_signature() {
    for as_tag in [true, false] {
        let (trusted, pem) = key();
        let (other, _) = key();
        let keys = tempfile::tempdir().unwrap();
        let file = keys.path().join("cosign.pub");
        std::fs::write(&file, pem).unwrap();
        let rule = format!("required_signature.keys = [\"{}\"]", file.display());
        let (_parent, served) = ruled("acme/*", &rule);
        served.push_blob("acme/app", b"{}");
        served.push_blob("acme/app", b"layer");
        let manifest = image();
        let digest = Digest::of(&serde_json::to_vec(&manifest).unwrap());
        served
            .put_manifest("acme/app", "v1", &manifest)
            .is_error(403, "DENIED");
        let by_digest = served.put_manifest("acme/app", &digest.to_string(), &manifest);
        assert_eq!(by_digest.status, 201);
        // First a signature by another key, then a valid signature of another manifest.
        sign(&served, &other, &digest, &digest, as_tag);
        served
            .put_manifest("acme/app", "v1", &manifest)
            .is_error(403, "DENIED");
        sign(&served, &trusted, &digest, &Digest::of(b"other"), as_tag);
        served
            .put_manifest("acme/app", "v1", &manifest)
            .is_error(403, "DENIED");
        sign(&served, &trusted, &digest, &digest, as_tag);
        let reply = served.put_manifest("acme/app", "v1", &manifest);
        assert_eq!(reply.status, 201, "{reply:?}");
    }
}

#[test]
fn an_operator_adds_a_family() {
    let folder = tempfile::tempdir().unwrap();
    let schema = json!({
        "type": "object",
        "required": ["kind", "spec"],
        "properties": {
            "kind": {"const": "Dataset"},
            "spec": {"type": "object", "required": ["rows"]},
            "mount": {"type": "object"},
        },
    });
    std::fs::write(folder.path().join("dataset.json"), schema.to_string()).unwrap();
    let parent = tempfile::tempdir().unwrap();
    let settings = format!("types_folder = \"{}\"", folder.path().display());
    let served = Served::with_settings(parent.path(), &settings);
    let types = served.get("/ext/v1/types").json();
    let entry = types["types"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(entry["family"], "dataset");
    assert_eq!(entry["class"], "application");
    let push = |config: &Value| {
        let config = serde_json::to_vec(config).unwrap();
        served.push_blob("a", &config);
        let kind = entry["configMediaType"].as_str().unwrap();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::MANIFEST,
            "artifactType": entry["artifactType"],
            "config": Descriptor::of(kind, &config),
            "layers": [],
        });
        served.put_manifest("a", "v1", &manifest)
    };
    let reply = push(&json!({"kind": "Dataset", "spec": {}}));
    reply.is_error(400, "MANIFEST_INVALID");
    assert_eq!(reply.json()["errors"][0]["detail"]["family"], "dataset");
    assert_eq!(
        push(&json!({"kind": "Dataset", "spec": {"rows": 1}})).status,
        201
    );
}
