//! The process that keeps the memory of one template.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use lazaret_files::{LockedDirs, try_flock};
use lazaret_vm::{Machine, Qemu, Template};
use rustix::fs::FlockOperation;
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::pass;
use super::store::{MADE_WITHIN, Make, Order, RECORD, list, socket_name};
use crate::machines::socket;
use crate::{Error, blocking};

/// Time without a question after which a keeper ends. Reading the memory again takes less than a
/// tenth of a second.
const IDLE: Duration = Duration::from_secs(120);
/// Interval at which a keeper looks whether its template is still there.
const LOOK: Duration = Duration::from_secs(5);
/// Age after which a template that nobody uses is removed when another one is made.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);

/// Keeps the template that `order` names, in `folder`; makes it if there is none and the order says how. Returns when
/// nobody has asked for it for a while, and at once when another keeper has it.
///
/// # Errors
/// When the order is not understood, or the template cannot be made.
pub async fn keep(folder: &Path, order: &str) -> Result<(), Error> {
    let order: Order = serde_json::from_str(order)
        .map_err(|error| Error::io("read the order for", folder)(error.into()))?;
    let name = order.name;
    let lock_path = folder.join(format!("{name}.lock"));
    let lock = File::options().create(true).append(true).open(&lock_path);
    let lock = lock.map_err(Error::io("open", &lock_path))?;
    if !try_flock(&lock, FlockOperation::NonBlockingLockExclusive, &lock_path)? {
        return Ok(());
    }
    let place = folder.join(&name);
    let existing = place.clone();
    let opened = blocking(move || Ok::<_, Error>(Template::open(&existing))).await?;
    let template = match (opened, &order.make) {
        (Ok(template), _) => template,
        (Err(_), Some(order)) => make(folder, &place, order).await?,
        (Err(error), None) => return Err(error.into()),
    };
    // Its time says when it was used last.
    let now = std::time::SystemTime::now();
    let record = File::options().append(true).open(place.join(RECORD));
    let _only_for_the_age = record.and_then(|record| record.set_modified(now));
    let listener = socket::listen_at(folder, &socket_name(&name)).and_then(|listener| {
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener)
    });
    let listener = listener.map_err(Error::io("listen in", folder))?;
    serve(&listener, &template, &place).await;
    drop(std::fs::remove_file(folder.join(socket_name(&name))));
    Ok(())
}

/// Hands the memory to whoever connects.
async fn serve(listener: &UnixListener, template: &Template, place: &Path) {
    let mut idle = Duration::ZERO;
    while idle < IDLE && place.join(RECORD).exists() {
        match timeout(LOOK, listener.accept()).await {
            Err(_) => idle += LOOK,
            Ok(Err(_)) => return,
            Ok(Ok((stream, _))) => {
                idle = Duration::ZERO;
                if let Ok(stream) = stream.into_std()
                    && let Err(error) = pass::send(&stream, template.memory())
                {
                    tracing::debug!(%error, "memory not passed");
                }
            }
        }
    }
}

/// Makes a template, out of the way of what runs, and removes those that are out of use.
async fn make(folder: &Path, place: &Path, order: &Make) -> Result<Template, Error> {
    const LEAST_URGENT: i32 = 19;
    let _only_courtesy = rustix::process::nice(LEAST_URGENT);
    let unfinished = LockedDirs::new(folder);
    unfinished.sweep()?;
    let made = unfinished.create()?;
    let qemu = Qemu::known(&order.qemu, &order.version).with_jail(order.jail);
    let template = Machine::save_template(&qemu, &order.plan, made.path(), MADE_WITHIN).await?;
    match std::fs::remove_dir_all(place) {
        Err(error) if !lazaret_files::is_absent(&error) => {
            return Err(Error::io("replace", place)(error));
        }
        _ => {}
    }
    drop(made.keep(place)?);
    for other in list(folder)? {
        let age = std::fs::metadata(other.join(RECORD)).and_then(|record| record.modified());
        let is_old = age.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OLD));
        if is_old && other != place {
            let _tried_again = std::fs::remove_dir_all(other);
        }
    }
    Ok(template)
}
