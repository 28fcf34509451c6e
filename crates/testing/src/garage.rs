//! Starts garage, an S3 server that checks signatures. It takes long to build, so only tests that
//! are ignored by default start it: `make test-garage`.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::OnceLock;

use crate::made::made;
use crate::ready;
use crate::server::free_ports;

/// Starts a server with one bucket in a new folder, and ends it when standard input ends.
const GUARD: &str = r#"
set -eu
garage=$1 rpc=$2 s3=$3 admin=$4
dir=$(mktemp -d /tmp/lazaret-garage.XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap '' INT HUP
cat >"$dir/garage.toml" <<END
metadata_dir = "$dir/meta"
data_dir = "$dir/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_secret = "00000000000000000000000000000000000000000000000000000000000000ff"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$s3"
[admin]
api_bind_addr = "127.0.0.1:$admin"
END
export GARAGE_DEFAULT_ACCESS_KEY=$5 GARAGE_DEFAULT_SECRET_KEY=$6 GARAGE_DEFAULT_BUCKET=$7
"$garage" -c "$dir/garage.toml" server --single-node --default-bucket </dev/null >"$dir/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
    kill -0 $server 2>/dev/null || { cat "$dir/log"; exit 1; }
    if "$garage" -c "$dir/garage.toml" bucket info "$7" >/dev/null 2>&1; then
        echo "ready http://127.0.0.1:$s3"
        read -r _ || true
        exit 0
    fi
    sleep 0.1
done
cat "$dir/log"
exit 1
"#;

/// Name of the bucket.
pub const BUCKET: &str = "lazaret";
/// Region of the server.
pub const REGION: &str = "garage";
/// Key that may read and write the bucket.
pub const ACCESS_KEY: &str = "GK000000000000000000000001";
/// Secret of [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

#[derive(Debug)]
struct Server {
    endpoint: String,
    /// Holds the pipe; when it closes, the server ends.
    _guard: Child,
}

/// URL of this process's server, which is started at the first call.
///
/// # Panics
/// When garage is not installed or does not start.
#[must_use]
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &SERVER.get_or_init(start).endpoint
}

fn start() -> Server {
    let tools = made("tools");
    let program = tools.join("garage/bin/garage");
    assert!(
        program.exists(),
        "garage is not installed: run `scripts/garage.sh`"
    );
    let ports = free_ports::<3>();
    let mut command = Command::new("sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(program)
        .args(ports.map(|port| port.to_string()))
        .args([ACCESS_KEY, SECRET_KEY, BUCKET])
        .process_group(0);
    let (endpoint, guard) = ready::start("garage", &mut command);
    Server {
        endpoint,
        _guard: guard,
    }
}
