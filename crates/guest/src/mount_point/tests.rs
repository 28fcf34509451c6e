use std::os::unix::fs::symlink;

use super::*;

#[test]
fn links_of_the_image_lead_to_folders_of_the_image_only() {
    let image = tempfile::tempdir().unwrap();
    let at = |path: &str| image.path().join(path);
    for folder in ["etc", "proc/self", "sys", "dev"] {
        std::fs::create_dir_all(at(folder)).unwrap();
    }
    for (origin, link) in [
        ("/etc", "configuration"),
        ("/proc", "kernel"),
        ("../../../proc/self", "self"),
        ("dev", "devices"),
        ("/", "everything"),
        ("/nowhere", "dangling"),
    ] {
        symlink(origin, at(link)).unwrap();
    }
    std::fs::write(at("file"), "").unwrap();
    let root = InRoot::new(image.path()).unwrap();
    let place = |target: &str| {
        let folder = open(&root, target, "volume").map_err(|error| error.to_string())?;
        Ok::<_, String>(root.place_of(&folder).unwrap())
    };
    assert_eq!(place("/configuration").unwrap(), Path::new("etc"));
    assert_eq!(place("/configuration/new").unwrap(), Path::new("etc/new"));
    assert_eq!(place("/processes").unwrap(), Path::new("processes"));
    for target in ["/kernel", "/kernel/x", "/self", "/devices", "/everything"] {
        let refused = place(target).unwrap_err();
        assert!(refused.contains("the machine's own"), "{target}: {refused}");
    }
    assert!(place("/file").unwrap_err().contains("a file"));
    assert!(place("/file/below").unwrap_err().contains("a file"));
    assert!(place("/dangling").unwrap_err().contains("leads nowhere"));
    assert!(place("/..").is_err());
}
