use std::path::PathBuf;

use lazaret_artifacts::policy_text;
use lazaret_policy::Tool;
use lazaret_supervisor::import_policy;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

/// Print the policy of another tool in our form
///
/// What does not map is named on standard error.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Policy file of the tool, YAML or JSON
    file: PathBuf,
    /// The tool: docker, claude, openshell, microsandbox or lens [default: what the file looks like]
    #[arg(long, value_name = "TOOL", value_parser = tool)]
    from: Option<Tool>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let imported = import_policy(&self.file, self.from)?;
        for line in &imported.left_out {
            context.printer.warning(&format!("left out: {line}"));
        }
        let document = &imported.document;
        let policy = json!({"network": {"default": document.default, "rules": document.rules}});
        context.printer.result(&policy, |_| policy_text(document))?;
        Ok(())
    }
}

fn tool(name: &str) -> Result<Tool, String> {
    let mut tools = Tool::ALL.into_iter();
    let known = Tool::ALL.map(Tool::name).join(", ");
    let found = tools.find(|tool| tool.name() == name);
    found.ok_or_else(|| format!("expected one of {known}"))
}
