//! `control_planes.NAME`.

use std::collections::BTreeMap;

use super::declared::Declared;
use crate::section::Section;
use crate::{ControlPlane, Endpoint, check_part};

/// Reads all control planes.
pub(super) fn read_control_planes(
    section: &Section<'_>,
    declared: &mut Declared,
) -> BTreeMap<String, ControlPlane> {
    let mut planes = BTreeMap::new();
    for (name, section) in section.named() {
        let endpoint = section.filled("endpoint").and_then(|text| {
            let endpoint = text.parse::<Endpoint>();
            endpoint
                .map_err(|error| section.fault("endpoint", error.to_string()))
                .ok()
        });
        if let Some(endpoint) = &endpoint
            && let Ok(Some(other)) = declared.control_plane_at(endpoint)
        {
            let message = format!("is the endpoint of control plane '{other}', too");
            section.fault("endpoint", message);
        }
        declared
            .control_planes
            .insert(name.clone(), endpoint.clone());
        if let Some(plane) = read_control_plane(name.clone(), section, endpoint) {
            planes.insert(name, plane);
        }
    }
    planes
}

fn read_control_plane(
    name: String,
    section: Section<'_>,
    endpoint: Option<Endpoint>,
) -> Option<ControlPlane> {
    let is_named = check_part("name of a control plane", &name)
        .map_err(|error| section.fault_here(error.to_string()));
    let audience = section.filled("audience");
    if audience.as_ref().is_some_and(|text| !is_header_value(text)) {
        section.fault("audience", "has characters that no header has");
    }
    let auth = section.section("auth").map(read_auth);
    section.finish();
    let (header, token_variable) = auth?;
    is_named.ok()?;
    Some(ControlPlane {
        name,
        endpoint: endpoint?,
        audience: audience?,
        header: header?,
        token_variable: token_variable?,
    })
}

/// The header of the token and the variable that has it.
fn read_auth(section: Section<'_>) -> (Option<String>, Option<String>) {
    match section.filled("scheme").as_deref() {
        None | Some("bearer") => {}
        Some(_) => section.fault("scheme", "is not bearer, the only scheme"),
    }
    let header = section.filled("header");
    if header.as_ref().is_some_and(|name| !is_header_name(name)) {
        section.fault("header", "is no name of a header");
    }
    let mut variable = None;
    if let Some(source) = section.section("source") {
        match source.filled("kind").as_deref() {
            None => {}
            Some("env") => variable = variable_name(&source, "variable"),
            Some(_) => source.fault("kind", "is not env, the only kind"),
        }
        source.ignore("variable");
        source.finish();
    }
    section.finish();
    (header.map(|name| name.to_ascii_lowercase()), variable)
}

/// The name of an environment variable.
pub(super) fn variable_name(section: &Section<'_>, key: &'static str) -> Option<String> {
    let name = section.filled(key)?;
    if name
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'=')
    {
        return Some(name);
    }
    section.fault(key, "is no name of an environment variable");
    None
}

fn is_header_name(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    text.bytes().all(is_token)
}

fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
