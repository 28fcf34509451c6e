//! `kernel.json`: the stored form of a [`Kernel`].

use std::{fs, path::Path};

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{
    bootable::{Kernel, Module, Purpose},
    folder::Chosen,
    name::is_name,
};
use crate::Error;

pub(super) const FILE: &str = "kernel.json";
pub(super) const VMLINUZ: &str = "vmlinuz";
pub(super) const VMLINUX: &str = "vmlinux";
pub(super) const MODULES: &str = "modules";
const VERSION: u32 = 3;
/// The version before, which did not tell drivers of disks from the other modules.
const EARLIER: u32 = 2;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u32,
    release: String,
    /// Name of the image to boot: [`VMLINUZ`] or [`VMLINUX`].
    image: String,
    /// The modules, in load order.
    modules: Vec<Entry>,
    pub(super) digest: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    #[serde(rename = "for")]
    purpose: Purpose,
}

impl Entry {
    /// Gives a module of an earlier record the purpose that it has by now.
    fn mend(&mut self) {
        if self.file.starts_with("virtio_blk.") {
            self.purpose = Purpose::Devices;
        }
        let network = ["failover.", "net_failover.", "virtio_net."];
        if network.iter().any(|name| self.file.starts_with(name)) {
            self.purpose = Purpose::Network;
        }
    }
}

impl Record {
    pub(super) fn new(release: String, image: &str, vmlinuz: &[u8], modules: &[Chosen]) -> Self {
        Self {
            version: VERSION,
            release,
            image: image.to_owned(),
            modules: modules
                .iter()
                .map(|module| Entry {
                    file: module.file_name.clone(),
                    purpose: module.purpose,
                })
                .collect(),
            digest: digest(vmlinuz, modules),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers serialize");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the record in `folder`; `None` when there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        Self::decode(&bytes)
            .map(Some)
            .map_err(|reason| Error::Record { path, reason })
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut record: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        match record.version {
            VERSION => {}
            EARLIER => record.modules.iter_mut().for_each(Entry::mend),
            other => return Err(format!("version {other} is not {VERSION}")),
        }
        let modules = record.modules.iter().map(|module| &module.file);
        let names = modules.chain([&record.image, &record.release]);
        let invalid = names.into_iter().find(|name| !is_name(name)).cloned();
        match invalid {
            Some(name) => Err(format!("`{name}` is not a file name")),
            None => Ok(record),
        }
    }

    pub(super) fn kernel(self, name: &str, folder: &Path) -> Kernel {
        let modules = folder.join(MODULES);
        Kernel {
            name: name.to_owned(),
            release: self.release,
            image: folder.join(self.image),
            vmlinuz: folder.join(VMLINUZ),
            modules: self
                .modules
                .into_iter()
                .map(|module| Module {
                    path: modules.join(&module.file),
                    file_name: module.file,
                    purpose: module.purpose,
                })
                .collect(),
            digest: self.digest,
        }
    }
}

/// The digest over the boot image, then name and content of each module, each with its length.
fn digest(vmlinuz: &[u8], modules: &[Chosen]) -> String {
    let mut hash = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(vmlinuz);
    for module in modules {
        add(module.file_name.as_bytes());
        add(&module.bytes);
    }
    format!("sha256:{}", lazaret_values::hex(hash.finish().as_ref()))
}
