//! Configurations of the original mirror, with what they are converted to.
//!
//! Each NAME in `tests/runmd` has `NAME.mirror.runmd`, perhaps `NAME.operations.runmd`, the settings
//! that are made (`NAME.toml`) and what is left (`NAME.left`).

#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::{Path, PathBuf};

use lazaret_node::{Files, Imported, import, namespace_of_folder};

/// Converts the files of a name in the folder of the registry `node` of azurecr.io.
fn convert(name: &str) -> Imported {
    let folder = Path::new("/srv/.world/azurecr.io/node");
    let mirror = read(&source(&format!("{name}.mirror.runmd")));
    let operations = source(&format!("{name}.operations.runmd"));
    let operations = operations.exists().then(|| read(&operations));
    let namespace = namespace_of_folder(folder);
    let files = Files {
        mirror: &mirror,
        operations: operations.as_deref(),
        namespace: namespace.as_deref(),
        folder: folder.to_str(),
    };
    import(&files).unwrap()
}

fn check(name: &str, dialect: &str) {
    let imported = convert(name);
    assert_eq!(imported.dialect.to_string(), dialect);
    let left: Vec<String> = imported
        .left
        .iter()
        .map(|left| format!("{left}\n"))
        .collect();
    compare(&format!("{name}.toml"), &imported.to_toml());
    compare(&format!("{name}.left"), &left.concat());
}

/// Compares text with a file; what differs is written to the folder of this test in the target folder.
fn compare(file: &str, text: &str) {
    let expected = fs::read_to_string(source(file)).unwrap_or_default();
    if expected != text {
        let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        fs::write(&actual, text).unwrap();
        panic!("{file} differs from {}:\n{text}", actual.display());
    }
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/runmd")
        .join(file)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn seed_example() {
    check("seed", "stages below resources");
}

#[test]
fn stages() {
    check("stages", "stages below resources");
}

#[test]
fn operations() {
    check("operations", "operations in .runmd");
}

#[test]
fn registry_of_the_folder() {
    check(
        "folder",
        "operations in .runmd, registry named by the folder",
    );
}

#[test]
fn words_without_a_place() {
    check("words", "operations in .runmd");
}

/// The settings of the three dialects, as a program reads them.
#[test]
fn settings_mean_what_the_original_did() {
    let table = |name| convert(name).to_toml().parse::<toml::Table>().unwrap();
    let expected = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(
        table("stages"),
        expected(
            r#"
            listen = ["127.0.0.1:8578"]

            [[upstreams]]
            namespace = "ex.azurecr.io"
            credentials.acr.registry = "ex"

            [upstreams.pipeline.manifests]
            methods = ["GET", "HEAD"]
            stages = [
                "login",
                "authn",
                { resolve = ["application/vnd.oci.image.index.v1+json", "*/*"] },
                { discover = ["dadi.image.v1"] },
                { teleport = "overlaybd" },
                "cache",
                "pull",
            ]

            [upstreams.pipeline.blobs]
            methods = ["GET", "HEAD"]
            stages = ["cache", "pull"]
            "#
        )
    );
    assert_eq!(
        table("folder"),
        expected(
            r#"
            listen = ["127.0.0.1:8578"]

            [[upstreams]]
            namespace = "node.azurecr.io"
            credentials.login_file = "/srv/.world/azurecr.io/node/token_cache"

            [upstreams.pipeline]
            manifests = { methods = ["GET", "HEAD"], stages = ["cache", "pull"] }
            blobs = { methods = ["GET", "HEAD"], stages = ["cache", "pull"] }

            [upstreams.pipeline.tagged.overlaybd.manifests]
            methods = ["GET", "HEAD"]
            stages = [
                "login",
                "authn",
                "resolve",
                { discover = ["application/vnd.azure.artifact.streaming.link.v1"] },
                { teleport = "acr" },
                "cache",
                "pull",
            ]

            [upstreams.pipeline.tagged.overlaybd.blobs]
            methods = ["GET", "HEAD"]
            stages = ["login", "authn", "cache", "pull"]
            "#
        )
    );
}
