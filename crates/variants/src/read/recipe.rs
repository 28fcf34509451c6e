//! `source` of an artifact: what it is built from.

use lazaret_oci::Digest;

use crate::section::Section;
use crate::{
    Architecture, Endpoint, ExtraFile, GuestRecipe, KernelOrigin, KernelSource, ProtectionMode,
    Substrate,
};

/// The keys of which a source has exactly one.
const ORIGINS: [&str; 5] = ["file", "package", "url", "command", "flake"];

/// Reads the sources of a kernel.
pub(super) fn read_kernel(section: &Section<'_>) -> Vec<KernelSource> {
    let mut sources: Vec<KernelSource> = Vec::new();
    for section in section.sections("source") {
        let Some(source) = read_source(&section) else {
            section.finish();
            continue;
        };
        let is_same = |other: &KernelSource| {
            (other.architecture, other.substrate, other.protection_mode)
                == (
                    source.architecture,
                    source.substrate,
                    source.protection_mode,
                )
        };
        if sources.iter().any(is_same) {
            section.fault_here("is for the same variants as a source before it");
        }
        section.finish();
        sources.push(source);
    }
    sources
}

fn read_source(section: &Section<'_>) -> Option<KernelSource> {
    let architecture = section.maybe_parsed::<Architecture>("architecture");
    let substrate = section.maybe_parsed::<Substrate>("substrate");
    let mode = section.maybe_parsed::<ProtectionMode>("protection_mode");
    let protection_mode = mode.unwrap_or(ProtectionMode::Standard);
    let origin = read_origin(section);
    for key in ORIGINS
        .into_iter()
        .chain(["version", "sha256", "output", "timeout"])
    {
        section.ignore(key);
    }
    let origin = origin?;
    if protection_mode == ProtectionMode::Pvm
        && !matches!(
            origin,
            KernelOrigin::Command { .. } | KernelOrigin::Flake { .. }
        )
    {
        let message = "a protected kernel comes from 'command' or 'flake'";
        section.fault("protection_mode", message);
    }
    Some(KernelSource {
        architecture,
        substrate,
        protection_mode,
        origin,
    })
}

fn read_origin(section: &Section<'_>) -> Option<KernelOrigin> {
    let given: Vec<_> = ORIGINS.into_iter().filter(|key| section.has(key)).collect();
    match given[..] {
        ["file"] => {
            let path = section.file("file")?;
            Some(KernelOrigin::File { path })
        }
        ["package"] => {
            let name = section.filled("package")?;
            if !is_package(&name) {
                section.fault("package", "is no name of a Debian package");
                return None;
            }
            let version = section.maybe_text("version");
            if version.as_deref().is_some_and(|text| !is_version(text)) {
                section.fault("version", "is no version of a Debian package");
            }
            Some(KernelOrigin::Package { name, version })
        }
        ["url"] => read_url(section),
        ["command"] => {
            let argv = section.maybe_texts("command")?;
            let output = section.file("output");
            let timeout = section.maybe_parsed("timeout");
            if argv.first().is_none_or(String::is_empty) {
                section.fault("command", "names no program");
                return None;
            }
            if argv.iter().any(|word| word.contains('\0')) {
                section.fault("command", "has a NUL");
                return None;
            }
            output.map(|output| KernelOrigin::Command {
                argv,
                output,
                timeout,
            })
        }
        ["flake"] => {
            let reference = section.filled("flake")?;
            if reference.starts_with('-') || reference.chars().any(char::is_control) {
                section.fault("flake", "is no reference of a flake");
                return None;
            }
            let output = section.maybe_file("output");
            Some(KernelOrigin::Flake { reference, output })
        }
        [] => {
            let message = format!("has none of {}", ORIGINS.join(", "));
            section.fault_here(message);
            None
        }
        _ => {
            let message = format!("has {}, but one alone is meant", given.join(" and "));
            section.fault_here(message);
            None
        }
    }
}

fn read_url(section: &Section<'_>) -> Option<KernelOrigin> {
    let url = section.filled("url");
    let sha256 = section.filled("sha256");
    let url = url.filter(|url| {
        // Of a query, only the server is checked here.
        let server = url.split(['?', '#']).next().unwrap_or_default();
        let checked = server.parse::<Endpoint>();
        if let Err(error) = &checked {
            section.fault("url", error.to_string());
        }
        checked.is_ok()
    });
    let sha256 = sha256.and_then(|text| {
        let hex = text.strip_prefix("sha256:").unwrap_or(&text);
        let digest = format!("sha256:{}", hex.to_ascii_lowercase()).parse::<Digest>();
        digest
            .map_err(|error| section.fault("sha256", error.to_string()))
            .ok()
    });
    Some(KernelOrigin::Url {
        url: url?,
        sha256: sha256?,
    })
}

/// Reads the parts of a guest image.
pub(super) fn read_guest(section: &Section<'_>) -> GuestRecipe {
    let Some(section) = section.maybe_section("source") else {
        return GuestRecipe::default();
    };
    let files = section.sections("files");
    let recipe = GuestRecipe {
        busybox: section.maybe_file("busybox"),
        agent: section.maybe_file("agent"),
        size: section.maybe_parsed("size"),
        files: files.into_iter().filter_map(read_file).collect(),
        initrd: section.maybe_boolean("initrd"),
        kernel: section.maybe_text("kernel"),
        modules: section.maybe_file("modules"),
    };
    section.finish();
    recipe
}

fn read_file(section: Section<'_>) -> Option<ExtraFile> {
    let from = section.file("from");
    let to = section.filled("to").filter(|to| {
        let is_sound = to.strip_prefix('/').is_some_and(|rest| {
            rest.split('/')
                .all(|part| crate::check_part("path", part).is_ok())
        });
        if !is_sound {
            section.fault(
                "to",
                "is no absolute path without empty parts, '.' and '..'",
            );
        }
        is_sound
    });
    let mode = section.maybe_text("mode").and_then(|text| {
        let mode = u32::from_str_radix(&text, 8).ok();
        let mode = mode.filter(|mode| *mode <= 0o7777);
        if mode.is_none() {
            section.fault("mode", "is no octal number up to 7777, such as \"0644\"");
        }
        mode
    });
    section.finish();
    Some(ExtraFile {
        from: from?,
        to: to?,
        mode,
    })
}

fn is_package(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| is_letter(byte) || b"+-.:".contains(&byte))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".+-:~".contains(&byte))
}
