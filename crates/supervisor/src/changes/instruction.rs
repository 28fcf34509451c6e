//! The instructions of a Dockerfile that change the configuration of an image.

use serde_json::{Map, Value, json};

use crate::signal::signal_number;

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instruction {
    Cmd(Vec<String>),
    Entrypoint(Vec<String>),
    Env(Vec<(String, String)>),
    /// Ports, each with its protocol.
    Expose(Vec<String>),
    Label(Vec<(String, String)>),
    User(String),
    Volume(Vec<String>),
    /// Absolute, or relative to the folder before.
    Workdir(String),
    StopSignal(String),
}

/// Reads an instruction.
pub(super) fn parse(text: &str) -> Result<Instruction, String> {
    let text = text.trim();
    // Older forms have a `=` after the name.
    let end = text.find(|c: char| c.is_whitespace() || c == '=');
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let rest = rest.trim_start().strip_prefix('=').unwrap_or(rest).trim();
    if rest.is_empty() {
        return Err("it is not an instruction with a value, such as CMD [\"sh\"]".to_owned());
    }
    Ok(match name.to_ascii_uppercase().as_str() {
        "CMD" => Instruction::Cmd(command(rest)?),
        "ENTRYPOINT" => Instruction::Entrypoint(command(rest)?),
        "ENV" => Instruction::Env(pairs(rest)?),
        "EXPOSE" => Instruction::Expose(
            words(rest)?
                .iter()
                .map(|word| port(word))
                .collect::<Result<_, _>>()?,
        ),
        "LABEL" => Instruction::Label(pairs(rest)?),
        "USER" => Instruction::User(sole(rest)?),
        "VOLUME" => Instruction::Volume(match list(rest) {
            Some(folders) => folders?,
            None => words(rest)?,
        }),
        "WORKDIR" => Instruction::Workdir(sole(rest)?),
        "STOPSIGNAL" => {
            let signal = sole(rest)?;
            match signal_number(&signal) {
                Some(_) => Instruction::StopSignal(signal),
                None => return Err("there is no such signal".to_owned()),
            }
        }
        _ => {
            return Err(
                "known are CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR and \
                 STOPSIGNAL"
                    .to_owned(),
            );
        }
    })
}

/// Applies instructions to the configuration of an image's process, in order.
pub(super) fn apply(instructions: &[Instruction], config: &mut Map<String, Value>) {
    let mut has_command = false;
    for instruction in instructions {
        match instruction {
            Instruction::Cmd(command) => {
                has_command = true;
                config.insert("Cmd".to_owned(), json!(command));
            }
            Instruction::Entrypoint(command) => {
                config.insert("Entrypoint".to_owned(), json!(command));
                // Its arguments were those of another program.
                if !has_command {
                    config.remove("Cmd");
                }
            }
            Instruction::Env(pairs) => {
                for (name, value) in pairs {
                    set_variable(config, name, value);
                }
            }
            Instruction::Expose(ports) => insert_all(config, "ExposedPorts", ports),
            Instruction::Volume(folders) => insert_all(config, "Volumes", folders),
            Instruction::Label(pairs) => {
                for (name, value) in pairs {
                    object(config, "Labels").insert(name.clone(), json!(value));
                }
            }
            Instruction::User(user) => {
                config.insert("User".to_owned(), json!(user));
            }
            Instruction::Workdir(folder) => {
                let before = config.get("WorkingDir").and_then(Value::as_str);
                let before = before.filter(|before| !before.is_empty()).unwrap_or("/");
                let whole = std::path::Path::new(before).join(folder);
                let whole = std::path::Path::new("/").join(whole);
                config.insert("WorkingDir".to_owned(), json!(whole));
            }
            Instruction::StopSignal(signal) => {
                config.insert("StopSignal".to_owned(), json!(signal));
            }
        }
    }
}

fn set_variable(config: &mut Map<String, Value>, name: &str, value: &str) {
    let entries = config.entry("Env").or_insert(Value::Null);
    if !entries.is_array() {
        *entries = json!([]);
    }
    let Some(entries) = entries.as_array_mut() else {
        return;
    };
    let text = json!(format!("{name}={value}"));
    let is_it = |entry: &&mut Value| {
        let known = entry.as_str().and_then(|entry| entry.split('=').next());
        known == Some(name)
    };
    match entries.iter_mut().find(is_it) {
        Some(entry) => *entry = text,
        None => entries.push(text),
    }
}

fn insert_all(config: &mut Map<String, Value>, name: &str, keys: &[String]) {
    for key in keys {
        object(config, name).insert(key.clone(), json!({}));
    }
}

/// The object of this name, which is made where there is none.
fn object<'a>(config: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = config.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was made one")
}

/// A command: a list in JSON, or text for a shell.
fn command(text: &str) -> Result<Vec<String>, String> {
    match list(text) {
        Some(words) => words,
        None => Ok(["/bin/sh", "-c", text].map(str::to_owned).to_vec()),
    }
}

/// A list of texts in JSON, if it begins like one.
fn list(text: &str) -> Option<Result<Vec<String>, String>> {
    let parsed = serde_json::from_str(text);
    text.starts_with('[')
        .then(|| parsed.map_err(|error| format!("it is no list of texts in JSON: {error}")))
}

fn sole(text: &str) -> Result<String, String> {
    let mut words = words(text)?;
    match (words.pop(), words.is_empty()) {
        (Some(word), true) if !word.is_empty() => Ok(word),
        _ => Err("it takes one value".to_owned()),
    }
}

fn port(text: &str) -> Result<String, String> {
    let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let mut ends = numbers.splitn(2, '-');
    let is_port = |end: &str| end.parse::<u16>().is_ok_and(|port| port > 0);
    if !ends.all(is_port) || !["tcp", "udp", "sctp"].contains(&protocol) {
        return Err(format!("'{text}' is no port such as 80/tcp"));
    }
    Ok(format!("{numbers}/{protocol}"))
}

/// `NAME=value` several times, or `NAME value`.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let words = words(text)?;
    if words.first().is_some_and(|word| !word.contains('=')) {
        let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return match value.trim() {
            "" => Err("it is not NAME=value".to_owned()),
            value => Ok(vec![(name.to_owned(), value.to_owned())]),
        };
    }
    let pair = |word: &String| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("'{word}' is not NAME=value")),
    };
    words.iter().map(pair).collect()
}

/// Splits at spaces outside of quotes; a backslash takes the next character as it is.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', None | Some('"')) => {
                let next = letters.next().ok_or("it ends with a backslash")?;
                word.get_or_insert_default().push(next);
            }
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if letter == open => quote = None,
            (_, None) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests;
