use std::str::FromStr;

use lazaret_oci::Registry;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// List the artifact families, this build's or a registry's
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask this registry instead of this build
    #[arg(value_name = "REGISTRY", value_parser = Registry::from_str)]
    registry: Option<Registry>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let catalogue = match &self.registry {
            Some(registry) => context.home()?.types(registry).await?,
            None => lazaret_supervisor::own_types(),
        };
        context.printer.result(&catalogue, render)?;
        Ok(())
    }
}

fn render(catalogue: &serde_json::Value) -> String {
    let mut rows = vec![
        ["FAMILY", "CLASS", "KIND", "REPOSITORY", "DEFAULT MOUNT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let list = catalogue["types"].as_array();
    for family in list.into_iter().flatten() {
        let text = |name: &str| {
            family
                .get(name)
                .and_then(|value| value.as_str())
                .unwrap_or("-")
                .to_owned()
        };
        rows.push(
            ["family", "class", "kind", "pathSegment", "defaultMount"]
                .map(text)
                .to_vec(),
        );
    }
    table(&rows)
}
