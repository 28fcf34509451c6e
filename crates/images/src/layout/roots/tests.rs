use lazaret_oci::media_type;

use super::*;

fn roots(names: &[&str]) -> Roots {
    let entries = names.iter().map(|name| {
        let mut entry = Descriptor::of(media_type::MANIFEST, name.as_bytes());
        if !name.starts_with('-') {
            let name = (*name).to_owned();
            entry.annotations.insert(REF_NAME.to_owned(), name);
        }
        entry
    });
    Roots(entries.collect())
}

fn find(names: &[&str], name: Option<&str>) -> Result<Digest, String> {
    let wanted = Wanted::from(name.map(str::to_owned));
    let roots = roots(names);
    let found = roots.find(&wanted, Path::new("layout"));
    match found {
        Ok(root) => Ok(root.unwrap().digest.clone()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn one_image_needs_no_tag_and_several_do() {
    let digest = |name: &str| Ok(Digest::of(name.as_bytes()));
    assert_eq!(find(&["v1"], None), digest("v1"));
    assert_eq!(find(&["v1", "v2"], Some("v2")), digest("v2"));
    // Docker's names are whole references.
    let whole = "docker.io/library/a:v3";
    assert_eq!(find(&[whole], Some("v3")), digest(whole));
    // The whole name is meant before a tag, and a place before either.
    let two = ["app:latest", "db:latest"];
    assert_eq!(find(&two, Some("db:latest")), digest("db:latest"));
    assert_eq!(find(&two, Some("db")), digest("db:latest"));
    assert_eq!(find(&two, Some("@1")), digest("db:latest"));
    let text = digest("app:latest").unwrap().to_string();
    assert_eq!(find(&two, Some(&text)), digest("app:latest"));
    // What refers to an image has no name and is not in the way.
    assert_eq!(find(&["-signature", "v1"], None), digest("v1"));
    assert_eq!(find(&["-sole"], None), digest("-sole"));
    for (names, name, parts) in [
        (&["v1", "v2"][..], None, &["holds 2 images", "v1, v2"][..]),
        (&["-a", "-b"], None, &["holds 2 images"]),
        (&["v1"], Some("v9"), &["'v9'", "v1"]),
        (
            &two,
            Some("latest"),
            &["holds 2 images", "app:latest, db:latest"],
        ),
        (&["v1"], Some("@1"), &["it has 1 images"]),
        (&[], None, &["holds no image"]),
    ] {
        let text = find(names, name).unwrap_err();
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn what_docker_lists_beside_an_image_is_not_in_its_way() {
    let mut roots = roots(&["-image", "-attestation"]);
    let subject = roots.0[0].digest.to_string();
    let beside = &mut roots.0[1].annotations;
    beside.insert(SUBJECT.to_owned(), subject);
    let found = roots.find(&Wanted::Only, Path::new("layout")).unwrap();
    assert_eq!(found, Some(&roots.0[0]));
}

#[test]
fn an_index_that_is_none_is_refused() {
    for text in ["[]", "", "{}", r#"{"schemaVersion": 2, "manifests": [1]}"#] {
        let error = Roots::parse(text.as_bytes(), Path::new("layout"));
        let text = error.err().map(|error| error.to_string());
        assert!(text.is_some_and(|text| text.contains("index.json")));
    }
}
