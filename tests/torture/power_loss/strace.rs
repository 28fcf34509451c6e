//! Parses the output of `strace -f -yy -xx`: one finished or unfinished system call per line.

use std::collections::HashMap;

/// A system call in the log.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// The return value; -1 when it failed.
    pub(super) result: i64,
}

/// A line about a system call.
#[derive(Debug)]
pub(super) enum Event {
    /// The call begins and has no result yet. Other threads may run meanwhile.
    Began { thread: u32, call: Call },
    /// The call of this thread has ended.
    Ended { thread: u32, call: Call },
}

/// Parses a whole log. Every call gives two events, which are adjacent unless other threads ran in
/// between.
pub(super) fn parse(log: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut begun: HashMap<u32, String> = HashMap::new();
    for line in log.lines() {
        let Some((thread, text)) = line.split_once(' ') else {
            continue;
        };
        let thread = thread.parse().unwrap();
        let text = text.trim_start();
        if let Some(head) = text.strip_suffix(" <unfinished ...>") {
            let call = call(&format!("{head}) = 0"));
            begun.insert(thread, head.to_owned());
            events.push(Event::Began { thread, call });
        } else if let Some(rest) = text.strip_prefix("<... ") {
            let (_, rest) = rest.split_once(" resumed>").unwrap();
            let Some(head) = begun.remove(&thread) else {
                continue;
            };
            let call = call(&format!("{head}{rest}"));
            events.push(Event::Ended { thread, call });
        } else if !text.starts_with("+++") && !text.starts_with("---") {
            events.push(Event::Began {
                thread,
                call: call(text),
            });
            events.push(Event::Ended {
                thread,
                call: call(text),
            });
        }
    }
    events
}

fn call(text: &str) -> Call {
    let open = text.find('(').unwrap_or_else(|| panic!("no call: {text}"));
    let (arguments, rest) = arguments(&text[open + 1..]);
    let result = rest.trim_start().strip_prefix("= ").unwrap_or("?");
    let digits = result.find(|c: char| !c.is_ascii_digit() && c != '-');
    Call {
        name: text[..open].to_owned(),
        arguments,
        result: result[..digits.unwrap_or(result.len())]
            .parse()
            .unwrap_or(-1),
    }
}

/// Splits at the commas outside of brackets; the text after the closing bracket is returned second.
/// Strings are in hexadecimal, so they contain no brackets.
fn arguments(text: &str) -> (Vec<String>, &str) {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                found.push(text[start..position].trim().to_owned());
                return (found, &text[position + 1..]);
            }
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                found.push(text[start..position].trim().to_owned());
                start = position + 1;
            }
            _ => {}
        }
    }
    found.push(text[start..].trim().to_owned());
    (found, "")
}

/// Decodes the bytes of `\x2f\x74...`.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    hex.split("\\x")
        .skip(1)
        .map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap())
        .collect()
}

/// All strings of an argument, joined: that of one buffer, or those of a vector's parts.
pub(super) fn strings(argument: &str) -> Vec<u8> {
    argument
        .split('"')
        .skip(1)
        .step_by(2)
        .flat_map(bytes)
        .collect()
}

/// The number and the target of a descriptor: a path, or something like `TCP:[...]`.
pub(super) fn descriptor(argument: &str) -> Option<(i64, String)> {
    let (number, rest) = argument.split_once('<')?;
    let number = number.parse().unwrap_or(-100);
    let (inside, after) = rest.rsplit_once('>')?;
    let leads_to = if inside.starts_with("\\x") {
        let path = String::from_utf8(bytes(inside)).unwrap();
        // The file has been unlinked.
        if after == "(deleted)" {
            format!("{path} (deleted)")
        } else {
            path
        }
    } else {
        inside.to_owned()
    };
    Some((number, leads_to))
}
