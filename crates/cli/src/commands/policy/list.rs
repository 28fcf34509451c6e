use lazaret_artifacts::policy_text;
use lazaret_policy::{Document, Rule};
use serde_json::{Value, json};

use super::place::{Place, documents};
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// Print a policy in our form, with the rules of other forms translated
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    place: Place,
}

/// List the rules of a policy, by the numbers that decisions name
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    place: Place,
}

impl ShowArgs {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let documents = documents(&self.place.existing()?, context.printer)?;
        let policies: Vec<Value> = documents
            .iter()
            .map(|own| json!({"network": {"default": own.default, "rules": own.rules}}))
            .collect();
        let texts = documents.iter().map(policy_text).collect::<String>();
        match &policies[..] {
            [policy] => context.printer.result(policy, |_| texts)?,
            policies => context.printer.result(&policies, |_| texts)?,
        }
        Ok(())
    }
}

impl ListArgs {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let documents = documents(&self.place.existing()?, context.printer)?;
        let rules: Vec<Value> = documents.iter().flat_map(rows).collect();
        context.printer.result(&rules, |_| {
            let heading = [
                "RULE",
                "VERDICT",
                "MATCH",
                "PORTS",
                "METHODS",
                "PATHS",
                "DESCRIPTION",
            ];
            let mut lines = vec![heading.map(str::to_owned).to_vec()];
            for document in &documents {
                let rules = document.rules.iter().enumerate();
                lines.extend(rules.map(|(index, rule)| line(index, rule)));
                let default = document.default.map(|verdict| verdict.to_string());
                let default = default.unwrap_or_default();
                lines.push(
                    ["default", &default, "", "", "", "", ""]
                        .map(str::to_owned)
                        .to_vec(),
                );
            }
            table(&lines)
        })?;
        Ok(())
    }
}

fn rows(document: &Document) -> Vec<Value> {
    let rules = document.rules.iter().enumerate();
    let rows = rules.map(|(index, rule)| {
        let mut row = json!(rule);
        row["rule"] = json!(format!("{}#{}", document.origin, index + 1));
        row
    });
    let default = json!({
        "rule": format!("{}#default", document.origin),
        "verdict": document.default,
    });
    rows.chain([default]).collect()
}

fn line(index: usize, rule: &Rule) -> Vec<String> {
    vec![
        (index + 1).to_string(),
        rule.verdict.to_string(),
        rule.pattern.clone(),
        ports(rule),
        rule.methods.join(","),
        rule.paths.join(","),
        rule.description.clone().unwrap_or_default(),
    ]
}

/// The ports of a rule, separated by commas.
pub(super) fn ports(rule: &Rule) -> String {
    let ports = rule.ports.iter().map(|port| match port {
        Value::String(text) => text.clone(),
        port => port.to_string(),
    });
    ports.collect::<Vec<_>>().join(",")
}
