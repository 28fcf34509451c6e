//! What the host's kernel and folders say.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Status;

/// Where distributions put the daemon, beside the search path.
const DAEMONS: [&str; 4] = [
    "/usr/libexec/virtiofsd",
    "/usr/lib/qemu/virtiofsd",
    "/usr/lib/virtiofsd",
    "/usr/lib64/qemu/virtiofsd",
];

/// Whether users may make namespaces; `settings` is `/proc/sys`.
pub(super) fn user_namespaces(settings: &Path) -> (Status, String) {
    let number = |name: &str| {
        let text = fs::read_to_string(settings.join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let switches = [
        ("kernel/unprivileged_userns_clone", 0),
        ("kernel/apparmor_restrict_unprivileged_userns", 1),
        ("user/max_user_namespaces", 0),
    ];
    for (name, off) in switches {
        if number(name) == Some(off) {
            let setting = name.replace('/', ".");
            return (
                Status::Warning,
                format!("{setting} is {off}: users other than root have a weaker jail"),
            );
        }
    }
    match number("user/max_user_namespaces") {
        Some(most) => (Status::Ok, format!("{most} at most")),
        None => (Status::Warning, "this kernel has none".to_owned()),
    }
}

/// Whether this user may make control groups with limits.
pub(super) fn control_groups() -> (Status, String) {
    match lazaret_vm::control_groups() {
        Ok(folder) => (
            Status::Ok,
            format!("limits are set below {}", folder.display()),
        ),
        Err(reason) => (Status::Warning, reason),
    }
}

/// The daemon for folders of the host.
pub(super) fn virtiofs(search_path: &OsStr) -> Option<PathBuf> {
    let searched = std::env::split_paths(search_path).map(|folder| folder.join("virtiofsd"));
    let known = DAEMONS.iter().map(PathBuf::from);
    searched.chain(known).find(|path| path.is_file())
}
