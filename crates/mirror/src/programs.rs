//! Asks programs of the operator about requests.
//!
//! A program gets one JSON object on its input:
//! `{"version":1,"resource":"manifests","method":"GET","namespace":"docker.io",
//! "repository":"library/alpine","reference":"3.20","digest":"sha256:..."}`, the digest only after
//! the stage `resolve`. It writes one: `{"verdict":"allow"}`, `{"verdict":"deny","reason":"..."}`,
//! `{"verdict":"rewrite","repository":"...","reference":"..."}` or
//! `{"verdict":"credentials","username":"...","password":"..."}`. Whatever else it does is no verdict, and the
//! request is not served.

use std::process::Stdio;
use std::time::Duration;

use lazaret_client::Credential;
use lazaret_oci::{Digest, Repository};
use lazaret_values::{Printable, Secret};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::Error;
use crate::passage::Passage;
use crate::pipeline::{Method, Program, Resource};
use crate::upstream::Identity;

/// Programs that run at the same time.
static RUNS: Semaphore = Semaphore::const_new(16);
/// Largest answer of a program, in bytes.
const LARGEST: u64 = 64 * 1024;

/// What a program is told.
#[derive(Serialize)]
struct Question<'a> {
    version: u32,
    resource: &'a str,
    method: String,
    namespace: &'a str,
    repository: &'a str,
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// What a program answers.
#[derive(Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
enum Verdict {
    Allow,
    Deny {
        #[serde(default)]
        reason: String,
    },
    Rewrite {
        #[serde(default)]
        repository: Option<Repository>,
        #[serde(default)]
        reference: Option<String>,
    },
    Credentials {
        username: String,
        password: String,
    },
}

/// Asks the programs of a lane before the stage `resolve`, or those behind it. They may change the
/// passage, and the reference.
///
/// # Errors
/// [`Error::Forbidden`] when one denies the request; [`Error::Program`] when one gives no verdict.
pub(crate) async fn consult(
    passage: &mut Passage,
    resource: Resource,
    method: Method,
    reference: &mut String,
    digest: Option<&Digest>,
) -> Result<(), Error> {
    let programs: Vec<Program> = passage.lane.programs(digest.is_some()).cloned().collect();
    for program in programs {
        let question = Question {
            version: 1,
            resource: resource.name(),
            method: method.to_string(),
            namespace: passage.upstream.namespace(),
            repository: passage.remote.as_str(),
            reference,
            digest: digest.map(Digest::to_string),
        };
        match ask(&program, &question, passage.rest()).await? {
            Verdict::Allow => {}
            Verdict::Deny { reason } => {
                return Err(Error::Forbidden {
                    reason: match reason.is_empty() {
                        true => "a program of its operator denies it".to_owned(),
                        false => Printable::excerpt(&reason),
                    },
                });
            }
            Verdict::Rewrite {
                repository,
                reference: other,
            } => {
                if let Some(repository) = repository {
                    passage.remote = repository;
                }
                if let Some(other) = other {
                    *reference = other;
                }
            }
            Verdict::Credentials { username, password } => {
                passage.identity = Identity::Given(Credential::Basic {
                    username,
                    password: Secret::new(password),
                });
            }
        }
    }
    Ok(())
}

/// Asks a program, for at most its own time and that which the client still waits.
/// Ends a program that took too long, with what it has started.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // Nothing is left of most programs.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn ask(program: &Program, question: &Question<'_>, rest: Duration) -> Result<Verdict, Error> {
    let limit = program.timeout.min(rest);
    let failed = |reason: String| Error::Program {
        program: program.command.display().to_string(),
        reason,
    };
    let text = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
    let work = async {
        let _turn = RUNS.acquire().await.map_err(|_| Error::Stopped)?;
        let mut child = Command::new(&program.command)
            .args(&program.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut group = Group(child.id());
        let input = child.stdin.take();
        let output = child.stdout.take();
        let write = async {
            if let Some(mut input) = input {
                // A program need not read its input.
                let _ = input.write_all(&text).await;
            }
        };
        let read = async {
            let mut answer = Vec::new();
            if let Some(output) = output {
                output.take(LARGEST).read_to_end(&mut answer).await?;
            }
            Ok::<_, std::io::Error>(answer)
        };
        let ((), answer) = tokio::join!(write, read);
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        let status = child
            .wait()
            .await
            .map_err(|error| failed(error.to_string()))?;
        // It is over, and its number may be another's now.
        group.0 = None;
        if !status.success() {
            return Err(failed(format!("it ended with {status}")));
        }
        serde_json::from_slice(&answer)
            .map_err(|error| failed(format!("its answer is no verdict: {error}")))
    };
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(failed(format!("it took longer than {limit:?}"))))
}
