//! Writes a converted configuration as TOML.

mod value;

use std::fmt::Write as _;

use lazaret_values::Printable;

use super::imported::{Credentials, Hosts, Imported, Pipeline, Route, Stage, Upstream};
use super::origin::Origin;
use value::{array, key, string};

impl Imported {
    /// The settings as TOML 1.0, with comments that say which line each one comes from, which hosts
    /// files there are, and what is left. Equal configurations give equal text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = Text::default();
        text.comment(
            "Made of the configuration of the original mirror, whose lines the comments name.",
        );
        text.comment(&format!("Its dialect: {}.", self.dialect));
        text.blank();
        if self.listen.is_empty() {
            text.comment("There is no '.proxy': the original mirror served nothing.");
        }
        for listen in &self.listen {
            text.origin(&listen.origin);
        }
        let addresses = self.listen.iter().map(|listen| listen.address);
        let addresses = array(addresses.map(|address| string(&address.to_string())));
        text.line(&format!("listen = {addresses}"));
        if self.upstreams.is_empty() {
            text.line("upstreams = []");
        }
        for one in &self.upstreams {
            upstream(&mut text, one);
        }
        if !self.hosts.is_empty() {
            text.blank();
            text.comment("Hosts files of container runtimes, which are no settings of the mirror: an installer writes them.");
            for one in &self.hosts {
                hosts(&mut text, one);
            }
        }
        if !self.left.is_empty() {
            text.blank();
            text.comment("Not converted:");
            for left in &self.left {
                text.comment(&format!("  {}", left.origin));
                text.comment(&format!("    {}", left.reason));
            }
        }
        text.0
    }
}

fn upstream(text: &mut Text, upstream: &Upstream) {
    text.blank();
    match &upstream.origin {
        Some(origin) => text.origin(origin),
        None => text.comment("Named by the folder."),
    }
    text.line("[[upstreams]]");
    text.line(&format!("namespace = {}", string(&upstream.namespace)));
    if let Some((credentials, origin)) = &upstream.credentials {
        text.blank();
        text.line("[upstreams.credentials]");
        text.origin(origin);
        text.line(&match credentials {
            Credentials::LoginFile(path) => format!("login_file = {}", string(path)),
            Credentials::Acr { registry } => {
                format!("acr = {{ registry = {} }}", string(registry))
            }
        });
    }
    text.blank();
    text.line("[upstreams.pipeline]");
    pipeline(text, &upstream.pipeline);
    for (tag, tagged) in &upstream.tagged {
        text.blank();
        text.comment(&format!(
            "For requests with x-ms-upgrade-if-streamable: {tag}"
        ));
        text.line(&format!("[upstreams.pipeline.tagged.{}]", key(tag)));
        pipeline(text, tagged);
    }
}

fn pipeline(text: &mut Text, pipeline: &Pipeline) {
    let routes = [
        ("manifests", &pipeline.manifests),
        ("blobs", &pipeline.blobs),
        ("tags", &pipeline.tags),
        ("uploads", &pipeline.uploads),
    ];
    for (name, found) in routes {
        if let Some(found) = found {
            route(text, name, found);
        }
    }
}

fn route(text: &mut Text, name: &str, route: &Route) {
    for origin in &route.origins {
        text.origin(origin);
    }
    let methods = array(route.methods.iter().map(|method| string(method.name())));
    let stages = array(route.stages.iter().map(stage));
    text.line(&format!(
        "{name} = {{ methods = {methods}, stages = {stages} }}"
    ));
}

fn stage(stage: &Stage) -> String {
    let list = |types: &[String]| array(types.iter().map(|name| string(name)));
    match stage {
        Stage::Login => string("login"),
        Stage::Authn => string("authn"),
        Stage::Resolve(accepted) if accepted.is_empty() => string("resolve"),
        Stage::Resolve(accepted) => format!("{{ resolve = {} }}", list(accepted)),
        Stage::Discover(types) => format!("{{ discover = {} }}", list(types)),
        Stage::Teleport(format) => format!("{{ teleport = {} }}", string(format.name())),
        Stage::Cache => string("cache"),
        Stage::Pull => string("pull"),
    }
}

fn hosts(text: &mut Text, hosts: &Hosts) {
    text.comment(&format!("  {}", hosts.namespace));
    for origin in &hosts.origins {
        text.comment(&format!("    {origin}"));
    }
    for one in &hosts.addresses {
        let address = Printable::excerpt(&one.address);
        let capabilities = one.capabilities.join(", ");
        text.comment(&format!("    host {address}: {capabilities}"));
    }
    let singles = [("server", &hosts.server), ("ca", &hosts.ca)];
    for (name, value) in singles {
        if let Some(value) = value {
            text.comment(&format!("    {name} {}", Printable::excerpt(value)));
        }
    }
}

/// Lines of TOML.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.blank();
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds a comment, which has no characters that control anything.
    fn comment(&mut self, comment: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# {}", Printable::new(comment).whole());
    }

    fn origin(&mut self, origin: &Origin) {
        self.comment(&origin.to_string());
    }
}
