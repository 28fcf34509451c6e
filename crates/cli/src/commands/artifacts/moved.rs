//! Shows a transfer as Port does.

use lazaret_supervisor::{MovedFile, Transferred};

use crate::context::Context;
use crate::failure::Failure;

pub(super) fn show(context: &Context, verb: &str, moved: &Transferred) -> Result<(), Failure> {
    let digest = moved.file.digest.to_string();
    context.printer.made(moved, &digest, |moved| {
        let Transferred {
            kind,
            artifact,
            reference,
            selector,
            backend,
            ..
        } = moved;
        let mut lines = vec![
            format!("{verb} {kind} artifact '{artifact}' as {reference} for {selector}"),
            format!("backend: {backend}"),
        ];
        lines.extend(file(&moved.file, ""));
        if let Some(initrd) = &moved.initrd {
            lines.extend(file(initrd, "initrd "));
        }
        lines.join("\n")
    })?;
    Ok(())
}

fn file(file: &MovedFile, prefix: &str) -> [String; 5] {
    [
        format!("{prefix}local path: {}", file.local_path.display()),
        format!("{prefix}store path: {}", file.store_path),
        format!("{prefix}cache path: {}", file.cache_path.display()),
        format!("{prefix}bytes: {}", file.bytes),
        format!("{prefix}digest: {}", file.digest),
    ]
}
