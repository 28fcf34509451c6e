use super::host::user_namespaces;
use super::*;

#[test]
fn each_switch_of_user_namespaces_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, value: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value).unwrap();
    };
    assert_eq!(user_namespaces(folder.path()).0, Status::Warning);
    put("user/max_user_namespaces", "100\n");
    assert_eq!(
        user_namespaces(folder.path()),
        (Status::Ok, "100 at most".to_owned())
    );
    put("kernel/unprivileged_userns_clone", "1\n");
    put("kernel/apparmor_restrict_unprivileged_userns", "0\n");
    assert_eq!(user_namespaces(folder.path()).0, Status::Ok);
    put("kernel/apparmor_restrict_unprivileged_userns", "1\n");
    let (status, found) = user_namespaces(folder.path());
    assert_eq!(status, Status::Warning);
    assert!(
        found.starts_with("kernel.apparmor_restrict_unprivileged_userns is 1"),
        "{found}"
    );
}

#[test]
fn subjects_have_names() {
    assert_eq!(
        Subject::Jail(JailPart::HostName).to_string(),
        "jail: host-name"
    );
    assert_eq!(Subject::DiskSpace.to_string(), "disk space");
}
