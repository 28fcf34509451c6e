use std::path::PathBuf;

use super::super::tests::{after, put, wish};
use super::super::{Engine, plan};

const ENGINE: [Engine; 1] = [Engine::Containerd];

#[test]
fn the_folder_that_is_read_is_the_one_that_is_written() {
    for (there, expected) in [
        (vec![], "localhost_5000_"),
        (vec!["localhost:5000"], "localhost:5000"),
        (vec!["localhost_5000_", "localhost:5000"], "localhost_5000_"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for name in there {
            put(
                folder.path(),
                &format!("etc/containerd/certs.d/{name}/ca.crt"),
                "x",
            );
        }
        let plan = plan(&wish(folder.path(), &ENGINE, &["localhost:5000"])).unwrap();
        let path = PathBuf::from("etc/containerd/certs.d")
            .join(expected)
            .join("hosts.toml");
        assert!(plan.changes[0].path.ends_with(&path), "{plan:?}");
    }
}

#[test]
fn files_of_certificates_are_named_by_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ca.crt", "me.cert", "me.key", "lone.cert", "notes.txt"] {
        put(
            folder.path(),
            &format!("etc/containerd/certs.d/quay.io/{name}"),
            "x",
        );
    }
    let plan = plan(&wish(folder.path(), &ENGINE, &["quay.io"])).unwrap();
    let text = after(&plan, "quay.io/hosts.toml");
    assert!(
        text.contains("ca = [\"ca.crt\"]\nclient = [[\"me.cert\", \"me.key\"]]\n"),
        "{text}"
    );
}
