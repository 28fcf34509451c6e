//! The templates that exist, and their keepers.

use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lazaret_vm::{JailMode, LaunchPlan, Qemu, Template};
use serde::{Deserialize, Serialize};

use super::pass;
use crate::machines::{socket, spawn};
use crate::{Error, blocking};

/// Longest time for a keeper to read the memory of a template.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// Longest time for a keeper to make a template. Emulation on a loaded host is slow.
pub(super) const MADE_WITHIN: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(2);
/// Pause before another keeper is started, after one that was not needed.
const AGAIN: Duration = Duration::from_millis(50);

/// The folder with all templates of a user, and how a keeper is started.
#[derive(Debug, Clone)]
pub(in crate::machines) struct Templates {
    pub(in crate::machines) folder: PathBuf,
    /// The command of a keeper, without its arguments: the folder, and the order as JSON.
    pub(in crate::machines) keeper: Vec<OsString>,
}

/// What a keeper is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The folder of the template, in that of all of them.
    pub(super) name: String,
    /// How it is made if there is none.
    pub(super) make: Option<Make>,
}

/// How a template is made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Make {
    pub(super) qemu: PathBuf,
    pub(super) version: String,
    /// How it is jailed.
    pub(super) jail: JailMode,
    pub(super) plan: LaunchPlan,
}

impl Templates {
    /// The template for machines of a plan; `None` if there is none. With `make` it is made then.
    pub(super) async fn find(
        &self,
        qemu: &Qemu,
        plan: &LaunchPlan,
        make: bool,
    ) -> Result<Option<Template>, Error> {
        let name = name_for(qemu, plan)?;
        let folder = self.folder.join(&name);
        if let Some(template) = ask(&self.folder, &name)? {
            return Ok(Some(template));
        }
        let exists = folder.join(RECORD).exists();
        if !exists && !make {
            return Ok(None);
        }
        self.start_keeper(qemu, plan)?;
        let patience = if exists { READ_WITHIN } else { MADE_WITHIN };
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(template) = ask(&self.folder, &name)? {
                return Ok(Some(template));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// The template in a folder that exists, which nobody can make anew.
    pub(super) async fn existing(&self, place: &Path) -> Result<Template, Error> {
        let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(Error::io("find", place)(
                std::io::ErrorKind::NotFound.into(),
            ));
        };
        let name = name.to_string_lossy().into_owned();
        let order = Order {
            name: name.clone(),
            make: None,
        };
        if let Some(template) = ask(folder, &name)? {
            return Ok(template);
        }
        let deadline = Instant::now() + MADE_WITHIN;
        let mut keeper = self.spawn(folder, &order)?;
        loop {
            if let Some(template) = ask(folder, &name)? {
                return Ok(template);
            }
            match keeper.try_wait() {
                Ok(None) => {}
                // Another one begins.
                Ok(Some(status)) if status.success() && Instant::now() < deadline => {
                    tokio::time::sleep(AGAIN).await;
                    keeper = self.spawn(folder, &order)?;
                }
                // This process tells what is wrong with the template.
                _ => {
                    let place = place.to_owned();
                    return blocking(move || Ok(Template::open(&place)?)).await;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Starts a keeper, unless there is one: then it ends by itself. It belongs to no machine.
    pub(super) fn start_keeper(&self, qemu: &Qemu, plan: &LaunchPlan) -> Result<(), Error> {
        let name = name_for(qemu, plan)?;
        // A template has empty disks and no log: nothing of this machine's own.
        let mut plan = plan.clone();
        plan.console_log = None;
        for disk in &mut plan.disks {
            disk.path = PathBuf::new();
        }
        let make = Some(Make {
            qemu: qemu.path().to_owned(),
            version: qemu.version().to_owned(),
            jail: qemu.jail(),
            plan,
        });
        self.spawn(&self.folder, &Order { name, make }).map(drop)
    }

    /// Starts a keeper of a template in `folder`.
    fn spawn(&self, folder: &Path, order: &Order) -> Result<tokio::process::Child, Error> {
        let text = serde_json::to_string(order).map_err(std::io::Error::from);
        let start = || {
            let text = text?;
            if order.make.is_some() {
                std::fs::create_dir_all(folder)?;
            }
            let [program, arguments @ ..] = self.keeper.as_slice() else {
                return Err(std::io::ErrorKind::NotFound.into());
            };
            let mut keeper = tokio::process::Command::new(program);
            keeper
                .args(arguments)
                .arg(folder)
                .arg(text)
                .env_clear()
                .current_dir("/")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            spawn::leave_terminal(&mut keeper);
            keeper.spawn()
        };
        start().map_err(Error::io("start the keeper in", folder))
    }

    /// Removes a template that does not work, so that it is made anew.
    pub(super) async fn discard(&self, qemu: &Qemu, plan: &LaunchPlan) {
        let Ok(name) = name_for(qemu, plan) else {
            return;
        };
        let folder = self.folder.join(name);
        let removed = blocking(move || {
            std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))
        });
        if let Err(error) = removed.await {
            tracing::debug!(%error, "template not removed");
        }
    }
}

/// Asks the keeper of a template for it; `None` when there is no keeper.
fn ask(folder: &Path, name: &str) -> Result<Option<Template>, Error> {
    let stream: UnixStream = match socket::connect_to(folder, &socket_name(name)) {
        Ok(stream) => stream,
        Err(_) => return Ok(None),
    };
    stream
        .set_read_timeout(Some(READ_WITHIN))
        .map_err(Error::io("ask the keeper in", folder))?;
    // A keeper that ends in this moment is none.
    let Ok(memory) = pass::receive(&stream) else {
        return Ok(None);
    };
    Ok(Some(Template::with_memory(&folder.join(name), memory)?))
}

/// Digits of a key in the name of its template: enough to tell any two apart.
const NAME_DIGITS: usize = 32;
/// The file of a template that is written last.
pub(super) const RECORD: &str = "template.json";

pub(super) fn socket_name(key: &str) -> String {
    format!("{key}.socket")
}

/// The name of the template for machines of a plan.
pub(super) fn name_for(qemu: &Qemu, plan: &LaunchPlan) -> Result<String, Error> {
    let name = qemu.template_key(plan)?.name();
    Ok(name.get(..NAME_DIGITS).unwrap_or_default().to_owned())
}

/// The folders of the templates that exist.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut templates = lazaret_files::children(folder)?;
    templates.retain(|path| path.join(RECORD).exists());
    Ok(templates)
}
