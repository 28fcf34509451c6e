//! Reads the configuration of the original mirror and makes Lazaret's of it.
//!
//! ```text
//! text --lex--> lines --attributes--> `+` with its `:` --model--> routes, operations, logins
//!                                                           |
//!              Imported { settings, hosts, left } <--convert'     to_toml: `render`
//! ```
//! All three dialects are read by the same rules: stages below a resource (October 2022), operations
//! in the `.runmd` beside (to January 2023), and the same with hosts files that `init` writes.
//! What has no place here is never dropped in silence: it is in [`Imported::left`] with its line.

mod attributes;
mod convert;
mod error;
mod imported;
mod left;
mod lex;
mod model;
mod namespace;
mod origin;
mod render;
mod steps;
mod words;

pub use error::ImportError;
pub use imported::{
    Credentials, Dialect, Format, Hosts, HostsAddress, Imported, Listen, Method, Pipeline, Route,
    Stage, Upstream,
};
pub use left::Left;
pub use namespace::namespace_of_folder;
pub use origin::{File, Origin};

use convert::Surroundings;
use left::Report;

/// The text of a configuration of the original mirror, and what its place tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    /// The text of `mirror.runmd`.
    pub mirror: &'a str,
    /// The text of the `.runmd` in the same folder, which defines operations; the first dialect has
    /// none.
    pub operations: Option<&'a str>,
    /// The host of the registry, where `mirror.runmd` does not name it. The original kept its files
    /// in a folder of this name: see [`namespace_of_folder`].
    pub namespace: Option<&'a str>,
    /// The folder of the files. Files of credentials are in it.
    pub folder: Option<&'a str>,
}

/// Converts a configuration of the original mirror.
///
/// # Errors
/// [`ImportError`]: the text is too large or has no statement, or the upstream has no name.
pub fn import(files: &Files<'_>) -> Result<Imported, ImportError> {
    if let Some(given) = files.namespace.filter(|given| !namespace::is_host(given)) {
        return Err(ImportError::namespace(given));
    }
    let mut report = Report::default();
    let mut attributes = attributes::read(File::Mirror, files.mirror, &mut report)?;
    if let Some(text) = files.operations {
        attributes.extend(attributes::read(File::Operations, text, &mut report)?);
    }
    if attributes.is_empty() {
        return Err(ImportError::NoStatement);
    }
    let model = model::read(&attributes, &mut report);
    let surroundings = Surroundings {
        namespace: files.namespace,
        folder: files.folder,
    };
    convert::convert(&model, &surroundings, report)
}

#[cfg(test)]
mod tests;
