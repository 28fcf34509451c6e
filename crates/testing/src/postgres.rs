//! Starts a PostgreSQL server for the test process, with one database for each test.

#[cfg(test)]
mod tests;

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ready;

/// Starts a server in a new folder, and ends it when standard input ends, which happens when the
/// process at the other end is gone. The default collation is not bytewise, so that queries that
/// rely on a bytewise one fail.
const GUARD: &str = r#"
set -eu
bin=$1
dir=$(mktemp -d /tmp/lazaret-postgres.XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap '' INT HUP
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync --no-instructions \
    --locale=C.UTF-8 --locale-provider=icu --icu-locale=en >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -s \
    -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB" \
    start >/dev/null 2>&1 </dev/null || { cat "$dir/log"; exit 1; }
trap '"$bin/pg_ctl" -D "$dir/data" -m immediate -s stop </dev/null >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
echo "ready $dir"
read -r _ || true
"#;

/// A running server.
#[derive(Debug)]
struct Server {
    bin: PathBuf,
    folder: String,
    next: AtomicU32,
    /// Holds the pipe; when it closes, the server ends.
    _guard: Child,
}

/// URL of a new, empty database on this process's server, which is started at the first call. It
/// listens only on a socket in a private folder.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
#[must_use]
pub fn database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(start);
    let name = format!("test{}", server.next.fetch_add(1, Ordering::Relaxed));
    let output = Command::new(server.bin.join("createdb"))
        .args(["-h", &server.folder, "-U", "postgres", &name])
        .output()
        .expect("createdb is installed with PostgreSQL");
    assert!(
        output.status.success(),
        "failed to create a database: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let host = server.folder.replace('/', "%2F");
    format!("postgres://postgres@{host}/{name}")
}

fn start() -> Server {
    let bin = programs().expect("PostgreSQL is not installed: run `scripts/setup.sh test`");
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command
        .args(["-c", GUARD, "guard"])
        .arg(&bin)
        .current_dir("/")
        .process_group(0);
    let (folder, guard) = ready::start("PostgreSQL", &mut command);
    Server {
        bin,
        folder,
        next: AtomicU32::new(0),
        _guard: guard,
    }
}

/// The folder with the programs of the newest installed version, where Debian and most others put
/// it.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()));
    let mut versions: Vec<PathBuf> = debian.collect();
    versions.sort_by_key(|path| {
        path.file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok())
    });
    versions
        .into_iter()
        .rev()
        .map(|path| path.join("bin"))
        .chain(["/usr/bin", "/usr/local/bin", "/usr/pgsql/bin"].map(PathBuf::from))
        .find(|path| path.join("initdb").exists() && path.join("postgres").exists())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
