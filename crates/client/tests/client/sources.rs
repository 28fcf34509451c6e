mod azure;
mod files;
mod helper;
mod kubelet;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_client::{Client, Credential, CredentialSource, Error, Program};
use lazaret_oci::{Registry, Repository};

use crate::support::options;

/// Writes a file into a test's folder.
fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Makes a program that notes its runs in the folder.
fn script(folder: &Path, name: &str, text: &str) -> Program {
    let text = format!("echo run >> {}/runs\n{text}\n", folder.display());
    let path = write(folder, name, &text);
    Program {
        command: "/bin/sh".into(),
        args: vec![path.to_str().unwrap().to_owned()],
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
    }
}

/// Number of runs of the programs of a folder.
fn runs(folder: &Path) -> usize {
    let runs = std::fs::read_to_string(folder.join("runs"));
    runs.unwrap_or_default().lines().count()
}

/// Lets so many seconds pass at once.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Asks a source about `host[/repository]`.
async fn ask(source: &impl CredentialSource, name: &str) -> Result<Option<Credential>, Error> {
    let (host, repository) = name.split_once('/').unwrap_or((name, ""));
    let registry: Registry = host.parse().unwrap();
    let repository: Option<Repository> = repository.parse().ok();
    source.credential(&registry, repository.as_ref()).await
}

/// The user name that a source gives; `-` for none.
async fn user(source: &impl CredentialSource, name: &str) -> String {
    match ask(source, name).await.unwrap() {
        Some(Credential::Basic { username, .. }) => username,
        Some(other) => format!("{other:?}"),
        None => "-".to_owned(),
    }
}

fn client_of(source: impl CredentialSource + 'static) -> Client {
    Client::new(options(), Arc::new(source)).unwrap()
}
