//! "Referrers Tag Schema" and "Enabling the Referrers API": the tags that clients of registries
//! without the referrers API write.

use serde_json::json;

use crate::harness::{Document, EXAMPLE, Served, index};

on_every_backend!(
    a_fallback_tag_is_a_tag_like_others,
    what_a_fallback_tag_lists_is_in_the_listing,
    a_fallback_tag_makes_nothing_a_referrer,
);

/// The fallback tag of a subject: `<algorithm>-<64 characters of the digest>`.
fn tag(subject: &Document) -> String {
    let digest = subject.digest.to_string();
    let (algorithm, hex) = digest.split_once(':').unwrap();
    format!("{algorithm}-{}", &hex[..64])
}

/// Clients "MAY also delete the referrers tag", pull it and push it: it belongs to them, and the
/// registry's own list does not write to it.
fn a_fallback_tag_is_a_tag_like_others(registry: &Served) {
    for algorithm in crate::harness::ALGORITHMS {
        let name = registry.repository();
        let subject = registry.image(&name, "v1").another().under(algorithm);
        let reference = subject.digest.to_string();
        registry.put(&name, &reference, &subject).is(201);
        let tag = tag(&subject);
        let path = format!("/v2/{name}/manifests/{tag}");
        registry.get(&path).is(404);
        let about = subject.another().with("subject", subject.descriptor());
        registry.put(&name, "about", &about).is(201);
        registry.get(&path).is(404);
        let list = index(&[&about]);
        registry.put(&name, &tag, &list).is(201);
        registry.get(&path).is(200).body_is(&list.raw);
        registry.put(&name, "more", &about.another()).is(201);
        registry.get(&path).is(200).body_is(&list.raw);
        registry.delete(&path).is(202);
        registry.get(&path).is(404);
    }
}

/// "Registries MUST include preexisting image manifests that are listed in an image index tagged
/// with the referrers tag schema and have a valid subject field in the referrers API response."
fn what_a_fallback_tag_lists_is_in_the_listing(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let about = subject.another().with("artifactType", json!(EXAMPLE));
    let about = about.with("subject", subject.descriptor());
    // An old client did not check for OCI-Subject and wrote the tag itself.
    registry.put(&name, "about", &about).is(201);
    registry
        .put(&name, &tag(&subject), &index(&[&about]))
        .is(201);
    let path = format!("/v2/{name}/referrers/{}", subject.digest);
    let found = registry.get(&path).is(200).json()["manifests"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["digest"], json!(about.digest));
    assert_eq!(found[0]["artifactType"], EXAMPLE);
}

/// "And have a valid subject field": a manifest without that subject is not a referrer, even if the
/// tag lists it.
fn a_fallback_tag_makes_nothing_a_referrer(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let other = registry.image(&name, "v2");
    let elsewhere = other.another().with("subject", other.descriptor());
    registry.put(&name, "elsewhere", &elsewhere).is(201);
    let list = index(&[&other, &elsewhere]);
    registry.put(&name, &tag(&subject), &list).is(201);
    let path = format!("/v2/{name}/referrers/{}", subject.digest);
    let found = registry.get(&path).is(200).json();
    assert_eq!(found["manifests"], json!([]));
}
