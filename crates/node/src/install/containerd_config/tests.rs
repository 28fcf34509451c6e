use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::{Config, config};

fn of(before: Option<&str>) -> Result<Config, Error> {
    config(Path::new("/config.toml"), before, None)
}

#[test]
fn a_new_file_has_version_2() {
    let expected = "version = 2\n\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n";
    assert_eq!(of(None).unwrap().text.unwrap(), expected);
    let commented = of(Some("# nothing yet\n")).unwrap().text.unwrap();
    assert!(
        commented.contains("# nothing yet\n") && commented.contains(expected.trim()),
        "{commented}"
    );
    assert_eq!(of(Some(&commented)).unwrap().text, None);
}

#[test]
fn each_version_has_its_section() {
    for (version, section) in [
        ("root = \"/x\"", "plugins.cri.registry"),
        ("version = 1", "plugins.cri.registry"),
        (
            "version = 2",
            "plugins.\"io.containerd.grpc.v1.cri\".registry",
        ),
        (
            "version = 3",
            "plugins.\"io.containerd.cri.v1.images\".registry",
        ),
        (
            "version = 4",
            "plugins.\"io.containerd.cri.v1.images\".registry",
        ),
    ] {
        let before = format!("# mine\n{version} # this\n");
        let config = of(Some(&before)).unwrap();
        let expected =
            format!("{before}\n[{section}]\nconfig_path = \"/etc/containerd/certs.d\"\n");
        assert_eq!(config.text.unwrap(), expected);
        assert_eq!(of(Some(&expected)).unwrap().text, None);
    }
    for text in ["version = 5", "version = 0", "version = -1"] {
        assert!(
            matches!(of(Some(text)), Err(Error::Version { .. })),
            "{text}"
        );
    }
    assert!(matches!(
        of(Some("version = \"2\"")),
        Err(Error::Shape { .. })
    ));
}

#[test]
fn the_default_file_gets_a_value() {
    let text = r#"version = 2
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "x"
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "" # none

      [plugins."io.containerd.grpc.v1.cri".registry.mirrors]

      [plugins."io.containerd.grpc.v1.cri".registry.configs."a".auth]
        username = "b"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/opt"
"#;
    let changed = of(Some(text)).unwrap();
    assert_eq!(
        changed.text.unwrap(),
        text.replace("\"\" # none", "\"/etc/containerd/certs.d\" # none")
    );
    assert_eq!(changed.notices, [""; 0]);
}

#[test]
fn a_folder_of_theirs_is_used_and_of_several_the_first() {
    let at = |value: &str| {
        format!(
            "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '{value}'\n"
        )
    };
    let config = of(Some(&at("/etc/my.d"))).unwrap();
    assert_eq!(
        (config.text, config.folder),
        (None, PathBuf::from("/etc/my.d"))
    );
    let config = of(Some(&at("/etc/containerd/certs.d:/etc/docker/certs.d"))).unwrap();
    assert!(
        config
            .text
            .unwrap()
            .contains("config_path = \"/etc/containerd/certs.d\"\n")
    );
    assert!(
        config.notices[0].contains("'/etc/containerd/certs.d' alone"),
        "{:?}",
        config.notices
    );
    let wanted = Some(Path::new("/srv/hosts"));
    let config = super::config(Path::new("/c"), Some(&at("/etc/my.d")), wanted).unwrap();
    assert_eq!(config.folder, Path::new("/srv/hosts"));
    assert!(
        config
            .text
            .unwrap()
            .contains("config_path = \"/srv/hosts\"\n")
    );
    for relative in ["certs.d", "/a/../b", "/"] {
        assert!(
            matches!(of(Some(&at(relative))), Err(Error::Shape { .. })),
            "{relative}"
        );
    }
}

#[test]
fn what_keeps_the_plugin_from_loading_is_refused() {
    for (text, key) in [
        (
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\nendpoint = []\n",
            "mirrors",
        ),
        (
            "[plugins.cri.registry.mirrors.\"docker.io\"]\nendpoint = []\n",
            "mirrors",
        ),
        (
            "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfigs.\"a\".tls.ca_file = 'x'\n",
            "configs.*.tls",
        ),
    ] {
        match of(Some(text)) {
            Err(Error::Conflict { key: found, .. }) => assert!(found.ends_with(key), "{found}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_disabled_plugin_needs_nothing() {
    for text in [
        "disabled_plugins = [\"cri\"]\n",
        "version = 3\ndisabled_plugins = [\"io.containerd.cri.v1.images\"]\n",
    ] {
        let config = of(Some(text)).unwrap();
        assert_eq!(config.text, None);
        assert!(config.notices[0].contains("disables the CRI plugin"));
    }
    let imports = of(Some("version = 2\nimports = [\"/etc/x.toml\"]\n")).unwrap();
    assert!(imports.text.is_some() && imports.notices[0].contains("imports"));
}
