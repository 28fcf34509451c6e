use super::*;

#[test]
fn a_catalogue_is_read_strictly_and_entries_replace_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.json");
    let image = |name: &str, url: &str| CatalogueImage {
        name: name.into(),
        distro: None,
        arch: "amd64".into(),
        kernel: None,
        url: url.into(),
        sha256: "ab".repeat(32),
        size: 7,
    };
    for (name, url) in [("b", "1"), ("a", "2"), ("b", "3")] {
        Catalogue::add_image(&path, image(name, url)).unwrap();
    }
    let read = Catalogue::read(&path).unwrap();
    assert_eq!(read.images, [image("a", "2"), image("b", "3")]);
    assert_eq!(read.folder, folder.path());
    let kernel = |url: &str| CatalogueKernel {
        name: "k".into(),
        arch: "amd64".into(),
        url: url.into(),
        sha256: "cd".repeat(32),
        size: 9,
    };
    for url in ["1", "2"] {
        Catalogue::add_kernel(&path, kernel(url)).unwrap();
    }
    let read = Catalogue::read(&path).unwrap();
    assert_eq!(read.kernels, [kernel("2")]);
    assert_eq!(read.images.len(), 2);
    for text in [
        "",
        "{}",
        r#"{"version": 2}"#,
        r#"{"version": 1, "image": []}"#,
        r#"{"version": 1, "images": [{"name": "a", "arch": "amd64", "url": "u", "sha256": "short", "size": 1}]}"#,
        r#"{"version": 1, "images": [{"name": "a", "arch": "amd64", "url": "u", "size": 1}]}"#,
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Catalogue::read(&path).unwrap_err();
        assert!(matches!(error, Error::Catalogue { .. }), "{text}: {error}");
    }
}
