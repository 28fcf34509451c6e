//! The configuration of a node's container engines so that they pull through a mirror.
//!
//! ```text
//! containerd   certs.d/HOST/hosts.toml, and config_path in config.toml       `containerd`, `hosts`
//! podman       registries.conf.d/990-lazaret-mirror.conf                     `podman`
//! docker       daemon.json, certs.d/HOST/hosts.toml                          `docker`
//! buildkit     buildkitd.toml                                                `buildkit`
//! k3s          registries.yaml                                               `k3s`
//! ```
//! [`plan`] reads the files and says what each would become; [`apply`] writes them and keeps a record of
//! what was there; [`undo`] plans the way back, and [`revert`] goes it. Nothing is written by a plan.

mod apply;
mod authority;
mod buildkit;
mod certificates;
mod containerd;
mod containerd_config;
mod docker;
mod draft;
mod error;
mod hosts;
mod hosts_file;
mod json;
mod k3s;
mod origin;
mod plan;
mod podman;
mod record;
mod toml_order;
mod toml_text;
mod tree;
mod undo;
mod wish;

#[cfg(test)]
mod tests;

pub use apply::apply;
pub use error::Error;
pub use origin::{MirrorUrl, Origin};
pub use plan::{Change, Plan, Step};
pub use undo::{Kept, Leftovers, Reason, Undo, revert, undo};
pub use wish::{Engine, Name, Namespace, Places, Wish};

use draft::Draft;
use tree::Tree;

/// Plans the files that make the engines of a wish pull through its mirror. What is in place already is
/// not in the plan, so a second plan is empty. Blocks for the disk, and writes nothing.
///
/// # Errors
/// [`Error`] when a file cannot be read, understood or extended, or when it contradicts the wish.
pub fn plan(wish: &Wish) -> Result<Plan, Error> {
    let mut draft = Draft::new(Tree::open(&wish.root)?);
    for engine in &wish.engines {
        match engine {
            Engine::Containerd => containerd::add(wish, &mut draft)?,
            Engine::Podman => podman::add(wish, &mut draft)?,
            Engine::Docker => docker::add(wish, &mut draft)?,
            Engine::Buildkit => buildkit::add(wish, &mut draft)?,
            Engine::K3s => k3s::add(wish, &mut draft)?,
        }
    }
    Ok(draft.into_plan())
}
