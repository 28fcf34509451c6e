use std::path::{Path, PathBuf};

use lazaret_files::read_regular_text;
use lazaret_node::{Files, import, namespace_of_folder};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Convert the configuration of the original mirror, `mirror.runmd`
///
/// Reads the file `.runmd` beside it, too. What could not be converted is printed on standard error,
/// each with its line and the reason.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Registry that it is for, when neither the file nor its folder tells
    #[arg(long, value_name = "HOST")]
    namespace: Option<String>,
    /// Write the configuration to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let mirror = read(&self.file)?;
        let folder = match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder =
            std::path::absolute(folder).map_err(|error| Failure::io("find the folder", error))?;
        let sibling = folder.join(".runmd");
        let operations = match sibling.is_file() && sibling != self.file {
            true => Some(read(&sibling)?),
            false => None,
        };
        let namespace = self.namespace.or_else(|| namespace_of_folder(&folder));
        let text = folder.to_string_lossy();
        let imported = import(&Files {
            mirror: &mirror,
            operations: operations.as_deref(),
            namespace: namespace.as_deref(),
            folder: Some(&text),
        })
        .map_err(|error| Failure::usage(error.to_string()))?;
        let left: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
        for line in &left {
            context.printer.warning(&format!("not converted: {line}"));
        }
        let converted = imported.to_toml();
        if let Some(path) = &self.output {
            let written = lazaret_files::replace(path, converted.as_bytes(), 0o644);
            written
                .map_err(|error| Failure::io(format!("write {}", path.display()), error.source))?;
            let value = json!({"path": path, "left": left});
            context
                .printer
                .result(&value, |_| path.display().to_string())?;
            return Ok(());
        }
        let value = json!({"configuration": converted, "left": left});
        context.printer.result(&value, |_| converted.clone())?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    read_regular_text(path, LARGEST)
        .map_err(|error| Failure::io(format!("read {}", path.display()), error))
}
