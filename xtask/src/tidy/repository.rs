//! Reads what the checks look at: the tracked files and the crates of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::metadata::Metadata;

/// Extensions of the files that some check reads.
const READ: &[&str] = &["rs", "sh", "py", "md", "toml"];

/// The repository, as it is on this disk.
pub(crate) struct Repository {
    /// Paths from the root of all files that git tracks or would add.
    pub(crate) files: BTreeSet<String>,
    /// The texts of the files that some check reads, by path.
    pub(crate) texts: BTreeMap<String, String>,
    /// The crates of the workspace.
    pub(crate) members: Vec<Member>,
}

/// One crate of the workspace.
#[derive(Default)]
pub(crate) struct Member {
    /// Name, without the prefix `lazaret-`.
    pub(crate) name: String,
    /// Folder, from the root of the repository.
    pub(crate) folder: String,
    /// Crates of the workspace that it uses outside tests, without the prefix.
    pub(crate) uses: BTreeSet<String>,
    /// All crates that it depends on outside tests, by full name.
    pub(crate) dependencies: BTreeSet<String>,
}

impl Repository {
    /// Reads the repository that cargo finds from the current folder.
    ///
    /// # Errors
    /// When cargo or git fails.
    pub(crate) fn read() -> Result<Self, Vec<String>> {
        let metadata = Metadata::read()?;
        let root = &metadata.workspace_root;
        let files = tracked_files(root)?;
        let texts = files
            .iter()
            .filter(|path| extension(path).is_some_and(|kind| READ.contains(&kind)))
            .filter_map(|path| {
                let text = std::fs::read_to_string(root.join(path)).ok()?;
                Some((path.clone(), text))
            })
            .collect();
        Ok(Self {
            files,
            texts,
            members: members(&metadata),
        })
    }

    /// The files with an extension, with their texts.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts
            .iter()
            .filter(move |(path, _)| extension(path) == Some(kind))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}

fn tracked_files(root: &Path) -> Result<BTreeSet<String>, Vec<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .map_err(|error| vec![format!("failed to run git: {error}")])?;
    if !output.status.success() {
        return Err(vec![String::from_utf8_lossy(&output.stderr).into_owned()]);
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).exists())
        .map(str::to_owned)
        .collect())
}

fn members(metadata: &Metadata) -> Vec<Member> {
    let short = |name: &str| name.strip_prefix("lazaret-").unwrap_or(name).to_owned();
    let names: BTreeSet<&str> = metadata
        .members()
        .map(|member| member.name.as_str())
        .collect();
    let member = |package: &crate::metadata::Package| {
        let folder = package.manifest_path.parent().unwrap_or(Path::new(""));
        let folder = folder
            .strip_prefix(&metadata.workspace_root)
            .unwrap_or(folder);
        let outside_tests = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
            .map(|dependency| dependency.name.clone());
        let dependencies: BTreeSet<String> = outside_tests.collect();
        let uses = dependencies
            .iter()
            .filter(|name| names.contains(name.as_str()));
        Member {
            name: short(&package.name),
            folder: folder.to_string_lossy().into_owned(),
            uses: uses.map(|name| short(name)).collect(),
            dependencies,
        }
    };
    metadata.members().map(member).collect()
}
