//! Starts moto, an S3 server that accepts any signature, with one bucket for each test process.

use std::process::{Child, Command};
use std::sync::OnceLock;

use crate::made::made;
use crate::ready;

/// The version that `scripts/moto.sh` installs.
const VERSION: &str = "5.2.5";

/// Serves until standard input ends, which happens when the process at the other end is gone.
const SERVER: &str = r#"
import logging, os, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ[key] = "test"
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
import boto3
endpoint = f"http://127.0.0.1:{port}"
boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="lazaret")
print("ready", endpoint, flush=True)
sys.stdin.read()
os._exit(0)
"#;

/// Name of the bucket.
pub const BUCKET: &str = "lazaret";

#[derive(Debug)]
struct Server {
    endpoint: String,
    /// Holds the pipe; when it closes, the server ends.
    _child: Child,
}

/// URL of this process's server, such as `http://127.0.0.1:40001`. The server is started at the
/// first call. Region and keys may be anything.
///
/// # Panics
/// When moto is not installed or does not start.
#[must_use]
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &SERVER.get_or_init(start).endpoint
}

fn start() -> Server {
    let tools = made("tools");
    let python = tools.join(format!("moto-{VERSION}/bin/python3"));
    assert!(
        python.exists(),
        "moto is not installed: run `scripts/moto.sh`"
    );
    let mut command = Command::new(python);
    let (endpoint, child) = ready::start("moto", command.args(["-c", SERVER]));
    Server {
        endpoint,
        _child: child,
    }
}
