use lazaret_mirror::Plan;
use lazaret_registry::mirror_plans;
use serde_json::{Value, json};

use super::explain::explained;
use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// Print the stages of mirrors, with their numbers
///
/// Nobody is asked. With a reference, it also says what a request for it would do now.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image, such as `docker.io/library/alpine:3.20`
    #[arg(value_name = "REF")]
    reference: Option<String>,
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, _) = self.which.source(context, &[])?;
        let plans = mirror_plans(&source)?;
        let explanation = match &self.reference {
            Some(reference) => Some(explained(&source, reference).await?),
            None => None,
        };
        let value = match &explanation {
            None => json!(plans.iter().map(described).collect::<Vec<_>>()),
            Some(explanation) => json!({
                "upstreams": plans.iter().map(described).collect::<Vec<_>>(),
                "explanation": explanation,
            }),
        };
        context.printer.result(&value, |_| {
            let mut text: Vec<String> = plans.iter().map(shown).collect();
            text.extend(explanation.as_ref().map(super::explain::shown));
            text.join("\n")
        })?;
        Ok(())
    }
}

fn described(plan: &Plan) -> Value {
    let stages = plan.stages.iter().map(|stage| {
        json!({
            "number": stage.number,
            "resource": stage.resource.name(),
            "stage": stage.stage,
            "effect": stage.effect,
        })
    });
    json!({
        "namespace": plan.namespace,
        "prefix": plan.prefix,
        "endpoints": plan.endpoints,
        "stages": stages.collect::<Vec<_>>(),
    })
}

fn shown(plan: &Plan) -> String {
    let heading = ["NUMBER", "RESOURCE", "STAGE", "EFFECT"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(plan.stages.iter().map(|stage| {
        vec![
            stage.number.to_string(),
            stage.resource.name().to_owned(),
            stage.stage.clone(),
            stage.effect.clone(),
        ]
    }));
    format!(
        "{} at {}/..., from {}\n{}",
        plan.namespace,
        plan.prefix,
        plan.endpoints.join(", then "),
        table(&rows)
    )
}
