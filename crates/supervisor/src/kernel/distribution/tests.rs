use super::{complaint, image_package, warning};

#[test]
fn the_image_is_found_among_the_dependencies() {
    let answer = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-57-cloud-amd64\n";
    let expected = Some("linux-image-6.1.0-57-cloud-amd64".to_owned());
    assert_eq!(image_package(answer), expected);
    let alternatives = "linux-image-cloud-amd64\n |Depends: <virtual>\n  Depends: other\n";
    assert_eq!(image_package(alternatives), None);
    assert_eq!(image_package("  Depends: linux-image-a;reboot\n"), None);
}

#[test]
fn a_complaint_is_one_line() {
    let said = b"W: old\nE: Unable to locate package x\nE: more\n";
    assert_eq!(complaint(said), "Unable to locate package x");
    let offline = warning(b"N: x\nW: Failed to fetch http://a.example\nW: Some index files\n");
    assert_eq!(
        offline.as_deref(),
        Some("apt-get: Failed to fetch http://a.example")
    );
    assert_eq!(warning(b""), None);
    assert_eq!(complaint(b"no rights\n"), "no rights");
    assert_eq!(complaint(b"\n"), "it failed without a word");
}
