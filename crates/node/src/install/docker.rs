//! dockerd: `daemon.json`, and `hosts.toml` files for its newer image store.
//!
//! The classic image store has mirrors of docker.io alone, which it asks without a namespace (`ns`), and always
//! goes to docker.io itself when they fail. The image store of dockerd 28 and later reads `hosts.toml` files in
//! `certs.d` for every registry; where one names two servers, the mirrors of `daemon.json` do not count. The
//! classic store reads only `*.crt`, `*.cert` and `*.key` there.

use std::path::Path;

use serde_json::Value;

use super::certificates;
use super::draft::Draft;
use super::error::Error;
use super::hosts;
use super::json::Object;
use super::plan::Step;
use super::toml_text::shape;
use super::wish::{Name, Wish};

const HUB: &str = "docker.io";

pub(super) fn add(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let certs = wish.places.docker.join("certs.d");
    certificates::add(wish, &certs, draft)?;
    hosts::add(wish, &certs, draft)?;
    let is_hub = |name: &Name| *name == Name::Default || name.to_string() == HUB;
    if wish
        .namespaces
        .iter()
        .any(|namespace| is_hub(&namespace.name))
    {
        daemon(wish, draft)?;
        draft.notice(
            format!(
                "dockerd's classic image store does not say that it means docker.io: the upstream needs \
                 virtual_hosts = [\"{}\"]",
                wish.mirror.origin().host()
            ),
        );
    }
    let others = wish
        .namespaces
        .iter()
        .map(|namespace| namespace.name.to_string());
    let others: Vec<String> = others.filter(|name| name != HUB).collect();
    if !others.is_empty() {
        let others = others.join(", ");
        draft.notice(format!(
            "dockerd has mirrors of registries other than docker.io ({others}) only from 28 on, with its containerd \
             image store"
        ));
    }
    if !wish.fallback {
        draft.notice(
            "dockerd's classic image store asks a registry itself when its mirror fails, and no setting keeps it from \
             that"
                .to_owned(),
        );
    }
    Ok(())
}

fn daemon(wish: &Wish, draft: &mut Draft) -> Result<(), Error> {
    let path = draft.tree.at(&wish.places.docker.join("daemon.json"))?;
    let before = draft.text(&path)?.filter(|text| !text.trim().is_empty());
    let mut object = Object::parse(&path, before.as_deref().unwrap_or("{}"))?;
    let mirror = wish.mirror.origin();
    let mut changed = first(&path, &mut object, "registry-mirrors", &mirror.to_string())?;
    // dockerd speaks HTTP with 127.0.0.0/8 without being told; ::1 it knows only from 23 on.
    if mirror.is_plain() && !mirror.is_loopback() {
        changed |= first(&path, &mut object, "insecure-registries", &mirror.host())?;
    }
    match changed {
        true => {
            let why = "dockerd pulls images of docker.io through the mirror";
            draft.put(path, object.text(), why, Some(Step::ReloadDocker))
        }
        false => Ok(()),
    }
}

/// Puts a text in front of an array of strings; `false` when it is there already.
fn first(path: &Path, object: &mut Object, key: &str, text: &str) -> Result<bool, Error> {
    let refused = || shape(path, &[key], "array of strings");
    let given = match object.get(key) {
        None | Some(Value::Null) => &Vec::new(),
        Some(value) => value.as_array().ok_or_else(refused)?,
    };
    let is_text = |value: &Value| {
        value
            .as_str()
            .map(|value| value.trim_end_matches('/') == text)
    };
    let same: Option<Vec<bool>> = given.iter().map(is_text).collect();
    let same = same.ok_or_else(refused)?;
    if same.first() == Some(&true) {
        return Ok(false);
    }
    let others = given.iter().zip(same).filter(|(_, same)| !same);
    let others = others.map(|(value, _)| value.clone());
    let values = std::iter::once(Value::from(text)).chain(others).collect();
    object.set(key, Value::Array(values));
    Ok(true)
}

#[cfg(test)]
mod tests;
