//! Checks for objects that nothing names, which uploads leave behind when power is lost.

use super::finding::{Action, Fault, Finding};
use super::journal::Journal;
use super::stores::Check;
use crate::collect::age;
use crate::{Error, Staged, UploadId};

/// Objects that are listed at a time.
const PAGE: usize = 1000;

pub(super) async fn check(check: &Check, journal: &mut Journal<'_>) -> Result<(), Error> {
    let mut last: Option<UploadId> = None;
    loop {
        let listed = check.objects.list(last.as_ref(), PAGE).await?;
        let before = age::before(check.clock.now(), check.options.orphan_age);
        journal.summary.objects += listed.len() as u64;
        let old: Vec<UploadId> = listed
            .iter()
            .filter(|object| object.modified <= before)
            .map(|object| object.id.clone())
            .collect();
        let unknown = match old.is_empty() {
            true => Vec::new(),
            false => check.database.unknown_objects(&old).await?,
        };
        for id in unknown {
            let size = listed.iter().find(|o| o.id == id).map_or(0, |o| o.size);
            // Names are never reused, so nothing can start to name this object now.
            if check.options.repair {
                check.objects.delete(&id, &Staged::default()).await?;
            }
            journal.finding(&Finding {
                fault: Fault::ObjectUnknown { size },
                action: match check.options.repair {
                    true => Action::Deleted,
                    false => Action::None,
                },
                repository: None,
                tag: None,
                digest: None,
                object: Some(id),
            });
        }
        journal.progress();
        match listed.into_iter().next_back() {
            Some(object) => last = Some(object.id),
            None => return Ok(()),
        }
    }
}
