use std::fs;

use super::*;

fn trust(authority: &str) -> Trust {
    Trust {
        authority: authority.to_owned(),
        roots: "host's roots".to_owned(),
        bundles: Vec::new(),
    }
}

fn root_with(path: &str, content: &str) -> (tempfile::TempDir, InRoot) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(path.trim_start_matches('/'));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, content).unwrap();
    let root = InRoot::new(folder.path()).unwrap();
    (folder, root)
}

#[test]
fn a_bundle_of_the_image_gets_the_authority_and_a_copy_of_the_machine_another_one() {
    let path = BUNDLES[0];
    let (folder, root) = root_with(path, "the image's\n");
    let read = || fs::read_to_string(folder.path().join(&path[1..])).unwrap();
    let bundle = install(&root, &trust("first")).bundle;
    assert_eq!(read(), format!("the image's\n{MARK}first"));
    assert_eq!(bundle, read());
    install(&root, &trust("second"));
    assert_eq!(read(), format!("the image's\n{MARK}second"));
}

#[test]
fn a_file_that_a_variable_names_gets_the_authority_and_is_no_bundle_for_all() {
    let (folder, root) = root_with("/corp.pem", "the company's\n");
    let bundles = vec!["/corp.pem".to_owned(), "/absent.pem".to_owned()];
    let trusted = install(
        &root,
        &Trust {
            bundles,
            ..trust("ours")
        },
    );
    let text = fs::read_to_string(folder.path().join("corp.pem")).unwrap();
    assert_eq!(text, format!("the company's\n{MARK}ours"));
    assert_eq!(trusted.bundle, format!("host's roots{MARK}ours"));
    assert!(!folder.path().join("absent.pem").exists());
}

#[test]
fn an_image_without_a_bundle_trusts_what_the_host_does() {
    let (folder, root) = root_with("/etc/os-release", "");
    let trusted = install(&root, &trust("ours"));
    assert_eq!(trusted.bundle, format!("host's roots{MARK}ours"));
    assert!(!folder.path().join("etc/ssl").exists());
}

#[test]
fn keystores_are_replaced_where_they_are() {
    let (folder, root) = root_with("/usr/lib/jvm/java-17/lib/security/cacerts", "old");
    let pem = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";
    install(&root, &trust(pem));
    let java = folder
        .path()
        .join("usr/lib/jvm/java-17/lib/security/cacerts");
    assert!(
        fs::read(java)
            .unwrap()
            .starts_with(&[0xFE, 0xED, 0xFE, 0xED])
    );
    assert!(!folder.path().join("etc").exists());
}

#[test]
fn a_bundle_that_is_no_file_or_too_large_is_left_alone() {
    let (folder, root) = root_with("/etc/ssl/x", "");
    let bundle = folder.path().join("etc/ssl/cert.pem");
    fs::create_dir(&bundle).unwrap();
    install(&root, &trust("ours"));
    assert!(bundle.is_dir());
    fs::remove_dir(&bundle).unwrap();
    let file = fs::File::create(&bundle).unwrap();
    file.set_len(LONGEST + 1).unwrap();
    install(&root, &trust("ours"));
    assert_eq!(fs::metadata(&bundle).unwrap().len(), LONGEST + 1);
}
