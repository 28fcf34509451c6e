//! k3s and RKE2: `registries.yaml`, from which they write containerd's `hosts.toml` files when they start.
//!
//! No YAML is edited here: that would lose comments. Sections that a file lacks are appended to it; a file that
//! has its own is left to its owner.

use std::path::Path;

use lazaret_values::Printable;
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::error::Error;
use super::plan::Step;
use super::toml_text::WHOLE;
use super::wish::{Name, Wish};

/// k3s passes over keys that it does not know. It knows this one since 1.26.13, 1.27.10, 1.28.6 and 1.29.1.
const NO_FALLBACK: &str = "disable-default-registry-endpoint: true\n";

pub(super) fn add(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let sections = sections(wish);
    if sections.is_empty() {
        return Ok(());
    }
    let path = draft.tree.at(&wish.places.k3s.join("registries.yaml"))?;
    let before = draft.text(&path)?;
    let text = merged(&path, before.as_deref(), &sections)?;
    let step = Some(Step::RestartK3s);
    draft.put(path, text, "k3s pulls through the mirror", step)?;
    if !wish.fallback {
        let file = "config.yaml.d/lazaret-mirror.yaml";
        let path = draft.tree.at(&wish.places.k3s.join(file))?;
        let text = format!("{WHOLE}\n{NO_FALLBACK}");
        draft.put(path, text, "k3s asks no registry itself", step)?;
        draft.notice(
            "k3s before 1.26.13 and 1.29.1 asks a registry itself when its mirror fails, and no setting keeps it from \
             that"
                .to_owned(),
        );
    }
    Ok(())
}

/// The sections of the file, by their names.
fn sections(wish: &Wish) -> Vec<(&'static str, Value)> {
    let mirror = wish.mirror.origin();
    let mut mirrors = Map::new();
    for namespace in &wish.namespaces {
        let name = match &namespace.name {
            Name::Default => "*".to_owned(),
            Name::Host(host) => host.to_string(),
        };
        let mut endpoints = vec![mirror.to_string()];
        if wish.fallback {
            endpoints.extend(namespace.other_server().map(ToString::to_string));
        }
        mirrors.insert(name, json!({ "endpoint": endpoints }));
    }
    let mut sections = Vec::new();
    if !mirrors.is_empty() {
        sections.push(("mirrors", Value::Object(mirrors)));
        if let Some(file) = wish.mirror.certificates_text() {
            let host = mirror.host();
            let config = json!({ host: { "tls": { "ca_file": file } } });
            sections.push(("configs", config));
        }
    }
    sections
}

fn merged(
    path: &Path,
    before: Option<&str>,
    sections: &[(&'static str, Value)],
) -> Result<String, Error> {
    let Some(theirs) = before.filter(|text| !text.starts_with(WHOLE)) else {
        return Ok(format!("{WHOLE}\n{}", written(sections)));
    };
    let had = read(path, theirs)?;
    let is_there = |(name, wanted): &&(&str, Value)| {
        had.get(*name).is_some_and(|given| contains(given, wanted))
    };
    let missing: Vec<(&'static str, Value)> = sections
        .iter()
        .filter(|section| !is_there(section))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(theirs.to_owned());
    }
    let refused = |reason| Error::Merge {
        path: path.to_owned(),
        reason,
        add: written(&missing),
    };
    if missing.iter().any(|(name, _)| had.contains_key(*name)) {
        return Err(refused("it has these sections already"));
    }
    let gap = if theirs.is_empty() || theirs.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let text = format!("{theirs}{gap}{}", written(&missing));
    let mut whole = had;
    whole.extend(
        missing
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    match read(path, &text) {
        Ok(read) if read == whole => Ok(text),
        _ => Err(refused("nothing can be appended to its form of YAML")),
    }
}

/// Reads a document that is one mapping, or nothing at all.
fn read(path: &Path, text: &str) -> Result<Map<String, Value>, Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: 32, max_nodes: 20_000 },
    };
    let parsed = serde_saphyr::from_str_with_options::<Option<Map<String, Value>>>(text, options);
    let map = parsed.map_err(|error| Error::Syntax {
        path: path.to_owned(),
        format: "mapping of YAML",
        reason: Printable::excerpt(&error.to_string()),
    })?;
    Ok(map.unwrap_or_default())
}

/// Whether a value has all of another; the first endpoint has to be the same.
fn contains(given: &Value, wanted: &Value) -> bool {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| given.get(key).is_some_and(|given| contains(given, wanted))),
        (Value::Array(given), Value::Array(wanted)) => given.starts_with(wanted),
        _ => given == wanted,
    }
}

/// The sections as YAML. Every text is in double quotes: the escapes of JSON are among those of YAML.
fn written(sections: &[(&'static str, Value)]) -> String {
    let mut text = String::new();
    for (name, value) in sections {
        text.push_str(&format!("{name}:\n"));
        write(value, 1, &mut text);
    }
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let key = match depth {
                    1 => Value::from(key.as_str()).to_string(),
                    _ => key.clone(),
                };
                text.push_str(&format!("{indent}{key}:"));
                if value.is_string() {
                    text.push_str(&format!(" {value}\n"));
                } else {
                    text.push('\n');
                    write(value, depth + 1, text);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                text.push_str(&format!("{indent}- {value}\n"));
            }
        }
        scalar => text.push_str(&format!("{indent}{scalar}\n")),
    }
}

#[cfg(test)]
mod tests;
