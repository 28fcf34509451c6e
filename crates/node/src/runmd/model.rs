//! Reads attributes as what they mean, whatever dialect they are written in.

mod proxy;
mod runtime;

use std::net::SocketAddr;

use super::attributes::{Attribute, Statement};
use super::imported::Listen;
use super::left::Report;
use super::origin::Origin;
use super::steps::{self, Steps};
use super::words::{is_value, reason, setting_reason};

pub(super) use proxy::{How, Kind, Resource, Way};
pub(super) use runtime::{Mirror, Runtime, Token};

/// The meaning of a configuration.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// The first proxy; without one the original served nothing.
    pub(super) proxy: Option<Origin>,
    /// Where it listens.
    pub(super) listen: Vec<Listen>,
    /// The resources of all proxies.
    pub(super) resources: Vec<Resource>,
    /// The operations of both files.
    pub(super) operations: Vec<Operation>,
    /// What is done before the proxy starts.
    pub(super) runtime: Runtime,
    /// The folder that the original works in.
    pub(super) work_dir: Option<String>,
}

/// `+ TAG .operation NAME`.
#[derive(Debug)]
pub(super) struct Operation {
    /// Where it stands.
    pub(super) origin: Origin,
    /// The tag; empty without one.
    pub(super) tag: String,
    /// The name, to which resources refer.
    pub(super) name: String,
    /// What it does.
    pub(super) steps: Steps,
}

/// Reads the attributes of both files.
pub(super) fn read(attributes: &[Attribute], report: &mut Report) -> Model {
    let mut model = Model::default();
    for attribute in attributes {
        model.attribute(attribute, report);
    }
    // The address that `acr init` writes unless it is told another one.
    if let (Some(proxy), true) = (&model.proxy, model.listen.is_empty()) {
        report.leave(
            proxy,
            "no address to listen on is understood: it is 127.0.0.1:8578",
        );
        model.listen.push(Listen {
            address: SocketAddr::from(([127, 0, 0, 1], 8578)),
            origin: proxy.clone(),
        });
    }
    model
}

impl Model {
    fn attribute(&mut self, attribute: &Attribute, report: &mut Report) {
        let properties = self.without_settings(&attribute.properties, report);
        let Some(head) = &attribute.head else {
            // A block itself has settings only.
            for property in properties {
                report.leave(&property.origin, reason(&property.word));
            }
            return;
        };
        match head.word.as_str() {
            "operation" => self.operation(head, &properties, report),
            _ if !head.name.is_empty() => self.setting(head, report),
            "engine" => engine(&properties, report),
            "runtime" => self.runtime.read(&properties, report),
            "proxy" => {
                self.listen(head, report);
                self.proxy.get_or_insert_with(|| head.origin.clone());
                proxy::read(&properties, &mut self.resources, report);
            }
            "config" => {
                for property in properties {
                    report.leave(&property.origin, reason(&property.word));
                }
            }
            word => {
                report.leave(&head.origin, reason(word));
                for property in properties {
                    report.leave(&property.origin, "the attribute above is not converted");
                }
            }
        }
    }

    /// Reads the settings among properties, and returns the others.
    fn without_settings<'a>(
        &mut self,
        properties: &'a [Statement],
        report: &mut Report,
    ) -> Vec<&'a Statement> {
        let (settings, others): (Vec<_>, Vec<_>) = properties
            .iter()
            .partition(|property| !property.name.is_empty());
        for setting in settings {
            self.setting(setting, report);
        }
        others
    }

    /// Reads `name .symbol value`.
    fn setting(&mut self, statement: &Statement, report: &mut Report) {
        if !is_value(&statement.word) {
            report.leave(&statement.origin, reason(&statement.word));
            return;
        }
        match statement.name.as_str() {
            "app_host" => self.listen(statement, report),
            "work_dir" => self.work_dir = Some(statement.value.clone()),
            name => report.leave(&statement.origin, setting_reason(name)),
        }
    }

    /// Reads an address to listen on.
    fn listen(&mut self, statement: &Statement, report: &mut Report) {
        let value = statement.value.as_str();
        let address = match value.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}").parse(),
            None => value.parse::<SocketAddr>(),
        };
        let is_known = |address| self.listen.iter().any(|known| known.address == address);
        match address {
            Ok(address) if is_known(address) => {}
            Ok(address) => self.listen.push(Listen {
                address,
                origin: statement.origin.clone(),
            }),
            Err(_) => report.leave(&statement.origin, "it names no address and port"),
        }
    }

    fn operation(&mut self, head: &Statement, properties: &[&Statement], report: &mut Report) {
        let (tag, name) = (&head.name, &head.value);
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let steps = steps::read(properties, report);
        if name.is_empty() {
            report.leave(&head.origin, "it has no name");
        } else if tag.len() > 255 || !is_visible(tag) {
            report.leave(&head.origin, "its tag cannot be the value of a header");
        } else if self.has_operation(tag, name) {
            report.leave(&head.origin, "an operation of this name stands above");
        } else {
            self.operations.push(Operation {
                origin: head.origin.clone(),
                tag: tag.clone(),
                name: name.clone(),
                steps,
            });
        }
    }

    fn has_operation(&self, tag: &str, name: &str) -> bool {
        let mut operations = self.operations.iter();
        operations.any(|known| known.tag == tag && known.name == name)
    }
}

/// Reads the order of events. Lazaret serves from its start to its end, as `.start` and `.loop` ask.
fn engine(properties: &[&Statement], report: &mut Report) {
    for property in properties {
        if !matches!(property.word.as_str(), "event" | "once" | "start" | "loop") {
            report.leave(&property.origin, reason(&property.word));
        }
    }
}
