//! Checks the settings of control planes.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};
use lazaret_variants::check_part;

use super::Config;

/// The faults: the path of the setting and the message.
pub(super) fn faults(config: &Config) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let (mut names, mut audiences) = (BTreeSet::new(), BTreeSet::new());
    for (index, plane) in config.control_planes.iter().enumerate() {
        let at = |key: &str| format!("control_planes[{index}].{key}");
        if let Err(error) = check_part("name", &plane.name) {
            faults.push((at("name"), error.to_string()));
        }
        if !names.insert(&plane.name) {
            faults.push((at("name"), "another control plane has this name".to_owned()));
        }
        if plane.audience.is_empty() || HeaderValue::try_from(&plane.audience).is_err() {
            let message = "the audience is empty, or does not go into a header";
            faults.push((at("audience"), message.to_owned()));
        }
        if !audiences.insert(&plane.audience) {
            let message = "another control plane is for this audience";
            faults.push((at("audience"), message.to_owned()));
        }
        if HeaderName::try_from(&plane.header).is_err() {
            faults.push((at("header"), "it is no name of a header".to_owned()));
        }
    }
    faults
}
