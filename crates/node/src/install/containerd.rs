//! containerd: a folder of `hosts.toml` files, and a configuration that names it.

use std::path::Path;

use super::containerd_config::config;
use super::draft::Draft;
use super::error::Error;
use super::hosts;
use super::plan::Step;
use super::wish::Wish;

/// From containerd 2.2 on, read only as long as there is no `config.toml`, or one that imports it.
const DROP_INS: &str = "conf.d";

pub(super) fn add(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let path = draft.tree.at(&wish.places.containerd)?;
    let before = draft.text(&path)?;
    let wanted = wish.places.containerd_hosts.as_deref();
    let config = config(&path, before.as_deref(), wanted)?;
    config
        .notices
        .into_iter()
        .for_each(|notice| draft.notice(notice));
    // The hosts come first, so that a containerd that is restarted meanwhile finds them.
    hosts::add(wish, &config.folder, draft)?;
    let Some(text) = config.text else {
        return Ok(());
    };
    let drop_ins = path.parent().unwrap_or(Path::new("/")).join(DROP_INS);
    let names = draft.tree.names(&drop_ins)?;
    if before.is_none() && names.iter().any(|name| name.ends_with(".toml")) {
        draft.notice(format!(
            "there was no '{}': see that the new one imports '{}/*.toml' if containerd read that",
            path.display(),
            drop_ins.display()
        ));
    }
    let why = "containerd's CRI plugin looks for hosts.toml files";
    draft.put(path, text, why, Some(Step::RestartContainerd))
}
