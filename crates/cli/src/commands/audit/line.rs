//! Lines of logs for people.

use lazaret_supervisor::{AuditRecord, AuditSummary};
use serde_json::Value;

/// Number, time and event of a record.
pub(super) fn of(record: &AuditRecord) -> String {
    let event = &record.event;
    let kind = event["kind"].as_str().unwrap_or("event");
    let time = record.time.get(..19).unwrap_or(&record.time);
    let words = match kind {
        "start" => format!(
            "{} {} {}",
            text(&event["name"]),
            text(&event["image"]),
            argv(event)
        ),
        "exec" => argv(event),
        "decision" => decision(event),
        "credential" => {
            let name = format!(
                "{}/{}",
                text(&event["integration"]),
                text(&event["credential"])
            );
            let host = text(&event["host"]);
            match event["refused"].as_str() {
                Some(reason) => format!("{name} for {host} refused: {reason}"),
                None => format!("{name} for {host}"),
            }
        }
        "answer" => format!(
            "{} to request {} for {}:{}",
            text(&event["answer"]),
            event["ask"],
            text(&event["host"]),
            event["port"]
        ),
        "end" => [
            text(&event["state"]),
            member("", &event["exit_code"]),
            member("", &event["error"]),
        ]
        .concat(),
        _ => rest(event),
    };
    format!("{} {time}Z {kind} {words}", record.sequence)
}

/// What was found of a log, in a line.
pub(super) fn verified(subject: &str, summary: &AuditSummary) -> String {
    let mut line = format!("{subject}: {} records, as they were written", summary.count);
    if summary.first > 1 {
        line += &format!("; the first {} were dropped", summary.first - 1);
    }
    if summary.torn > 0 {
        line += &format!("; {} bytes of one that was cut off", summary.torn);
    }
    if let Some(at) = summary.kept {
        line += &format!("; the head that was kept is record {at}");
    }
    line + "\n"
}

fn decision(event: &Value) -> String {
    let mut line = format!(
        "{} {} {}:{}",
        text(&event["verdict"]),
        text(&event["protocol"]),
        text(&event["host"]),
        event["port"]
    );
    line += &member("", &event["method"]);
    line += &member("", &event["path"]);
    line += &member("by ", &event["rule"]);
    for credential in event["credentials"].as_array().into_iter().flatten() {
        line += &member("with ", credential);
    }
    line + &member("because ", &event["reason"])
}

fn argv(event: &Value) -> String {
    let words = event["argv"].as_array().into_iter().flatten();
    words.map(text).collect::<Vec<_>>().join(" ")
}

/// A space, a word before it, and a value; nothing for one that is not there.
fn member(before: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        value => format!(" {before}{}", text(value)),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn rest(event: &Value) -> String {
    let mut event = event.clone();
    if let Some(members) = event.as_object_mut() {
        members.remove("kind");
    }
    event.to_string()
}
