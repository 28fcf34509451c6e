//! Documents for tests, and the stores that they name.

use std::net::SocketAddr;
use std::path::PathBuf;

use lazaret_testing::server::Server;

use crate::support::{Lazaret, Output, World};

pub(super) const TOKEN: &str = "demo-token";
pub(super) const STANDARD: [&str; 2] = ["--architecture", "x86-64"];
pub(super) const PROTECTED: [&str; 6] = [
    "--architecture",
    "x86_64",
    "--substrate",
    "firecracker",
    "--protection-mode",
    "pvm",
];

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Folder,
    Registry,
    Hosted,
}

pub(super) const ALL: [Store; 3] = [Store::Folder, Store::Registry, Store::Hosted];

/// A world with a `port.toml` and its store.
pub(super) struct Port {
    pub(super) world: World,
    pub(super) store: Store,
    pub(super) address: Option<SocketAddr>,
    _server: Option<Server>,
}

impl Port {
    /// A document whose artifacts go to this kind of store.
    pub(super) fn new(store: Store) -> Self {
        let world = World::new();
        let started = match store {
            Store::Folder => None,
            Store::Registry => Some(serve(&world, &["serve", "--listen", "127.0.0.1:0"])),
            Store::Hosted => {
                // The server reads its own document, which the clients' replaces afterwards.
                world.write("port.toml", document("demo-fs", Store::Hosted, None));
                let arguments = [
                    "control-plane",
                    "serve",
                    "--control-plane",
                    "demo",
                    "--bind",
                    "127.0.0.1:0",
                ];
                Some(serve(&world, &arguments))
            }
        };
        let (server, address) = started.unzip();
        let registry = match (store, address) {
            (Store::Registry, Some(address)) => address.to_string(),
            _ => "demo-fs".to_owned(),
        };
        world.write("port.toml", document(&registry, store, address));
        Self {
            world,
            store,
            address,
            _server: server,
        }
    }

    /// The registry that the references name.
    pub(super) fn registry(&self) -> String {
        match (self.store, self.address) {
            (Store::Registry, Some(address)) => address.to_string(),
            _ => "demo-fs".to_owned(),
        }
    }

    /// The binary with the token of the control plane.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.world.lazaret().command(arguments);
        command.env("PORT_DEMO_TOKEN", TOKEN);
        lazaret_testing::program::finish(command)
    }

    /// `artifacts VERB --artifact NAME SELECTOR...`.
    pub(super) fn artifacts(&self, verb: &str, name: &str, selector: &[&str]) -> Output {
        let mut arguments = vec!["artifacts", verb, "--artifact", name];
        arguments.extend(selector);
        self.run(&arguments)
    }

    pub(super) fn lazaret(&self) -> Lazaret {
        self.world.lazaret()
    }

    /// The user's file of a variant.
    pub(super) fn local(&self, kind: &str, mode: &str) -> PathBuf {
        let name = match kind {
            "kernel" => "vmlinux",
            _ => "rootfs.ext4",
        };
        let path = format!("artifacts/{kind}/demo/x86_64/firecracker/{mode}/{name}");
        self.world.path(&path)
    }

    /// The cache's file of a variant.
    pub(super) fn cache(&self, kind: &str, mode: &str, name: &str) -> PathBuf {
        let registry = self.registry();
        let path =
            format!(".port/cache/{registry}/port/demo-{kind}/v1/x86_64/firecracker/{mode}/{name}");
        self.world.path(&path)
    }

    /// The store's file of a variant, if the store has files that can be looked at.
    pub(super) fn stored(&self, kind: &str, mode: &str, name: &str) -> Option<PathBuf> {
        let rest = format!("demo-fs/port/demo-{kind}/v1/x86_64/firecracker/{mode}/{name}");
        match self.store {
            Store::Folder => Some(self.world.path(&format!("artifact-store/demo-fs/{rest}"))),
            Store::Hosted => Some(
                self.world
                    .path(&format!(".port/hosted/demo/artifacts/{rest}")),
            ),
            Store::Registry => None,
        }
    }

    pub(super) fn write_local(&self, kind: &str, mode: &str, bytes: &[u8]) {
        let path = self.local(kind, mode);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// Starts a server of the binary; returns it with its address.
pub(super) fn serve(world: &World, arguments: &[&str]) -> (Server, SocketAddr) {
    let mut command = world.lazaret().command(arguments);
    command.env("PORT_DEMO_TOKEN", TOKEN);
    let log = world.path("serve.log");
    let (server, lines) = Server::announced(&mut command, &log, 1).unwrap();
    let address = lines[0].strip_prefix("listening on http://").unwrap();
    (server, address.parse().unwrap())
}

/// A document like Port's sample.
pub(super) fn document(registry: &str, store: Store, address: Option<SocketAddr>) -> String {
    let endpoint = address.map_or_else(
        || "https://port.example.internal".to_owned(),
        |address| format!("http://{address}"),
    );
    let backend = match store {
        Store::Folder => r#"backend = "file-system", root = "artifact-store/demo-fs""#.to_owned(),
        Store::Registry => {
            r#"backend = "oci-registry", transport = "plain-http", auth = { kind = "anonymous" }"#
                .to_owned()
        }
        Store::Hosted => format!(r#"backend = "hosted-api", endpoint = "{endpoint}""#),
    };
    let variant = |table: &str, path: &str, selector: [&str; 3]| {
        let [architecture, substrate, mode] = selector;
        let name = if table == "kernels" {
            "vmlinux"
        } else {
            "rootfs.ext4"
        };
        let artifact = if table == "kernels" {
            "demo-kernel"
        } else {
            "demo-guest"
        };
        format!(
            "[[artifacts.{table}.{artifact}.variants]]\n\
             path = \"artifacts/{path}/demo/{architecture}/{substrate}/{mode}/{name}\"\n\
             selector = {{ architecture = \"{architecture}\", substrate = \"{substrate}\", \
             protection_mode = \"{mode}\" }}\n"
        )
    };
    let mut text = String::new();
    for (table, artifact, path) in [
        ("kernels", "demo-kernel", "kernel"),
        ("guest_images", "demo-guest", "guest"),
    ] {
        text += &format!(
            "[artifacts.{table}.{artifact}]\nbuild = \"text\"\nvalidate = \"text\"\n\
             reference = {{ registry = \"{registry}\", repository = \"port/{artifact}\", version = \"v1\" }}\n\
             [artifacts.{table}.{artifact}.distribution]\ncache_root = \".port/cache\"\n\
             push = {{ {backend} }}\npull = {{ {backend} }}\n"
        );
        for selector in [
            ["x86_64", "firecracker", "standard"],
            ["x86_64", "firecracker", "pvm"],
            ["aarch64", "firecracker", "standard"],
            ["x86_64", "cloud-hypervisor", "standard"],
            ["aarch64", "cloud-hypervisor", "standard"],
            ["x86_64", "qemu", "standard"],
            ["aarch64", "qemu", "standard"],
            ["aarch64", "avf", "standard"],
        ] {
            text += &variant(table, path, selector);
        }
    }
    text += &format!(
        "[control_planes.demo]\nendpoint = \"{endpoint}\"\naudience = \"port-hosted-demo\"\n\
         auth = {{ scheme = \"bearer\", header = \"authorization\", \
         source = {{ kind = \"env\", variable = \"PORT_DEMO_TOKEN\" }} }}\n\
         [hosts.local]\nplatform = \"linux\"\nprovider = \"local\"\nconnection = {{ mode = \"local\" }}\n\
         firecracker = {{ local_launch = true, notes = [] }}\n[machines]\n"
    );
    text
}
