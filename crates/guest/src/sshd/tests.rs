use super::*;

#[test]
fn host_keys_are_told_from_other_files() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!has_host_keys(&folder.path().join("absent")));
    for name in ["sshd_config", "ssh_host_rsa_key.pub", "moduli"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    assert!(!has_host_keys(folder.path()));
    std::fs::write(folder.path().join("ssh_host_ed25519_key"), "").unwrap();
    assert!(has_host_keys(folder.path()));
}
