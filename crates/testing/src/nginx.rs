//! Starts nginx, as packaged by Debian, to serve the files of a folder: the rate that `sendfile(2)`
//! allows.

use std::path::Path;
use std::process::Command;

use crate::server::{Server, free_ports};

/// A running nginx, which is ended when dropped.
#[derive(Debug)]
pub struct Nginx {
    /// Its address, `host:port`, for plain HTTP.
    pub address: String,
    _server: Server,
}

impl Nginx {
    /// Starts nginx with two workers for the files below `root`; its own files are in `folder`.
    ///
    /// # Panics
    /// When `nginx` is not installed or does not start.
    #[must_use]
    pub fn start(folder: &Path, root: &Path) -> Self {
        let [port] = free_ports();
        let address = format!("127.0.0.1:{port}");
        let (place, root) = (folder.display(), root.display());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path \"{place}/{kind}\"; "))
            .concat();
        // Without `user`, the workers of a root's nginx could not read a private folder.
        let user = match rustix::process::geteuid().is_root() {
            true => "user root; ",
            false => "",
        };
        let settings = format!(
            "{user}daemon off; pid \"{place}/pid\"; worker_processes 2; events {{}}\n\
             http {{ {temporary}access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
             server {{ listen {address}; root \"{root}\"; }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, settings).expect("the folder can be written");
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c"]).arg(file);
        let server = Server::listening(&mut command, &folder.join("nginx.log"), &address)
            .unwrap_or_else(|failure| panic!("nginx: {failure}"));
        // Its master ends its workers when it is asked, and leaves them when it is killed.
        let server = server.asked_first();
        Self {
            address,
            _server: server,
        }
    }
}
