//! Detects changes of the files that settings are read from.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::source::Source;
use crate::config::Config;

/// The path of a file with metadata that changes when the file does.
pub(super) type Mark = (PathBuf, Option<(SystemTime, u64, u64)>);

/// The marks of all files that settings are read from.
pub(super) fn marks(source: &Source, config: &Config) -> Vec<Mark> {
    let mut files: Vec<&Path> = source.file.iter().map(PathBuf::as_path).collect();
    if let Some(tls) = &config.tls {
        files.extend([tls.certificate.as_path(), &tls.key]);
        files.extend(tls.client_ca.as_deref());
    }
    files.extend(
        config
            .auth
            .htpasswd
            .as_ref()
            .map(|users| users.file.as_path()),
    );
    if let Some(tokens) = &config.auth.tokens {
        let keys = tokens.key_file.iter().chain(&tokens.verification_key_files);
        files.extend(keys.map(PathBuf::as_path));
    }
    let authorities = config.auth.oidc.iter();
    files.extend(authorities.filter_map(|issuer| issuer.ca_file.as_deref()));
    let signatures = config
        .rules
        .iter()
        .filter_map(|rule| rule.required_signature.as_ref());
    files.extend(
        signatures
            .flat_map(|signature| &signature.keys)
            .map(PathBuf::as_path),
    );
    let mut marks: Vec<Mark> = files.into_iter().map(mark).collect();
    if let Some(folder) = &config.types_folder {
        marks.push(mark(folder));
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut entries: Vec<Mark> = entries.map(|entry| mark(&entry.path())).collect();
        entries.sort();
        marks.append(&mut entries);
    }
    marks
}

fn mark(path: &Path) -> Mark {
    use std::os::unix::fs::MetadataExt as _;
    let state = std::fs::metadata(path)
        .ok()
        .and_then(|metadata| Some((metadata.modified().ok()?, metadata.len(), metadata.ino())));
    (path.to_owned(), state)
}
