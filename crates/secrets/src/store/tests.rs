use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lazaret_values::Secret;

use super::{Keeper, Kind, NewSecret, Store};
use crate::{Place, SecretName, Settings};

const FORM: &str = "header authorization: Bearer {}";

fn settings(folder: &Path) -> Settings {
    Settings {
        file: folder.join("data/secrets.json"),
        search_path: folder.as_os_str().to_owned(),
        session_bus: None,
        ca_files: Vec::new(),
    }
}

fn place(host: &str) -> Place {
    Place {
        host: host.to_owned(),
        ports: Vec::new(),
    }
}

fn name() -> SecretName {
    SecretName::new("openai", "key").unwrap()
}

#[tokio::test]
async fn a_secret_is_stored_for_places_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let store = Store::new(&settings);
    assert!(store.list().unwrap().is_empty());
    assert!(!store.remove(&name()).await.unwrap());
    let new = NewSecret::Secret(Secret::new("hunter2"));
    let keeper = store.put(&name(), new, vec![place("api.test")], FORM).await;
    assert_eq!(keeper.unwrap(), Keeper::File);
    let mode = std::fs::metadata(&settings.file).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let kept = store.find(&name()).unwrap().unwrap();
    assert_eq!(kept.places, [place("api.test")]);
    assert!(!format!("{kept:?} {store:?}").contains("hunter2"));
    let text = store.reveal(&kept).await.unwrap().unwrap();
    assert_eq!(text.reveal(), "hunter2");

    store
        .put(&name(), NewSecret::Denied, Vec::new(), FORM)
        .await
        .unwrap();
    let denied = store.find(&name()).unwrap().unwrap();
    assert_eq!(denied.kind, Kind::Denied);
    assert_ne!(denied.serial, kept.serial);
    // What was read before is not what is there now.
    assert_eq!(store.reveal(&kept).await.unwrap(), None);
    let file = std::fs::read_to_string(&settings.file).unwrap();
    assert!(!file.contains("hunter2"));
    assert!(store.remove(&name()).await.unwrap());
    assert_eq!(store.find(&name()).unwrap(), None);
}

#[tokio::test]
async fn parallel_changes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&settings(folder.path()));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let name = SecretName::new("svc", &format!("key{number}")).unwrap();
            let new = NewSecret::Secret(Secret::new("x"));
            store.put(&name, new, Vec::new(), FORM).await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.list().unwrap().len(), 16);
}

#[tokio::test]
async fn a_damaged_file_is_told_without_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    std::fs::create_dir_all(settings.file.parent().unwrap()).unwrap();
    for text in [
        "{\"version\":1,\"secrets\":{\"a/b\":\"hunter2\"}}",
        "{\"version\":2,\"secrets\":{}}",
        "hunter2",
    ] {
        std::fs::write(&settings.file, text).unwrap();
        let error = Store::new(&settings).list().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        // Nothing is lost by a change that cannot be made.
        let new = NewSecret::Secret(Secret::new("x"));
        Store::new(&settings)
            .put(&name(), new, Vec::new(), FORM)
            .await
            .unwrap_err();
        assert_eq!(std::fs::read_to_string(&settings.file).unwrap(), text);
    }
}

/// A `secret-tool` that keeps each secret in a file, and notes its arguments and its environment.
const FAKE: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 9
printf '%s\n' "$*" >> arguments
env >> environment
verb=$1
case $2 in --label=*) shift ;; esac
at=kept-$(printf '%s' "$5" | tr / -)
case $verb in
    store) cat > "$at" ;;
    lookup) [ -f "$at" ] && cat "$at" ;;
    clear) rm -f "$at" ;;
esac
"#;

#[tokio::test]
async fn a_keyring_that_answers_has_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    let tool = folder.path().join("secret-tool");
    std::fs::write(
        &tool,
        FAKE.replace("\ncd ", "\nPATH=/usr/bin:/bin; export PATH\ncd "),
    )
    .unwrap();
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
    settings.session_bus = Some("unix:path=/nowhere".to_owned());
    let store = Store::new(&settings);
    let new = NewSecret::Secret(Secret::new("hunter2"));
    let keeper = store.put(&name(), new, Vec::new(), FORM).await.unwrap();
    assert_eq!(keeper, Keeper::Keyring);
    let kept = store.find(&name()).unwrap().unwrap();
    let text = store.reveal(&kept).await.unwrap().unwrap();
    assert_eq!(text.reveal(), "hunter2");
    for file in ["data/secrets.json", "arguments", "environment"] {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(!text.contains("hunter2"), "{file}");
    }
    store.remove(&name()).await.unwrap();
    assert!(!folder.path().join("kept-openai-key").exists());

    // One that only complains is no keyring.
    std::fs::write(&tool, "#!/bin/sh\necho 'no bus' >&2\nexit 1\n").unwrap();
    let new = NewSecret::Secret(Secret::new("hunter2"));
    let keeper = store.put(&name(), new, Vec::new(), FORM).await.unwrap();
    assert_eq!(keeper, Keeper::File);
}
