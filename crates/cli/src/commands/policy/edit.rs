use lazaret_policy::{Rule, Verdict};
use lazaret_supervisor::{add_policy_rule, remove_policy_rules};
use serde_json::{Value, json};

use super::place::{Place, documents, told};
use crate::context::Context;
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct RuleArgs {
    /// Host, `*.domain` (any depth below it), address, network or `*`
    #[arg(value_name = "MATCH")]
    pattern: String,
    /// Port or range such as 8000-8100; may be repeated [default: all]
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<String>,
    /// HTTP method; may be repeated [default: all, and what is not HTTP]
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// Pattern of paths: `*` is a part of a segment, `**` any number of them; may be repeated
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// A note for people
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Remove all rules about a host
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    /// The rules' `match`, as it is written
    #[arg(value_name = "MATCH")]
    pattern: String,
    #[command(flatten)]
    place: Place,
}

impl RuleArgs {
    pub(crate) fn run(self, context: &Context, verdict: Verdict) -> Result<(), Failure> {
        let printer = context.printer;
        let path = self.place.any()?;
        let port = |text: String| match text.parse::<u16>() {
            Ok(port) => json!(port),
            Err(_) => Value::from(text),
        };
        let rule = Rule {
            pattern: self.pattern,
            ports: self.ports.into_iter().map(port).collect(),
            methods: self.methods,
            paths: self.paths,
            verdict,
            tls_terminate: None,
            description: self.description,
        };
        let before = match path.exists() {
            true => documents(&path, printer)?,
            false => Vec::new(),
        };
        let name = path.display();
        if before.iter().any(|document| document.rules.contains(&rule)) {
            printer.note(&format!("{name} has this rule already"));
            return Ok(());
        }
        add_policy_rule(&path, &rule).map_err(|error| told(error, &path, printer))?;
        let done = json!({"policy": path, "rule": rule});
        printer.result(&done, |_| format!("{verdict} {} in {name}", rule.pattern))?;
        if verdict == Verdict::Deny {
            return Ok(());
        }
        for document in &before {
            for (number, is_all) in document.denying(&rule) {
                let denied = &document.rules[number - 1].pattern;
                let part = if is_all { "all" } else { "some" };
                printer.warning(&format!(
                    "rule {number} of {name} denies {part} of it: deny {denied}"
                ));
            }
        }
        Ok(())
    }
}

impl RemoveArgs {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let path = self.place.existing()?;
        let removed = remove_policy_rules(&path, &self.pattern);
        let removed = removed.map_err(|error| told(error, &path, context.printer))?;
        if removed == 0 {
            let message = format!("{} has no rule about '{}'", path.display(), self.pattern);
            return Err(Failure::usage_with(
                message,
                "'lazaret policy list' shows the rules",
            ));
        }
        let done = json!({"policy": path, "match": self.pattern, "removed": removed});
        context.printer.result(&done, |_| {
            let rules = if removed == 1 { "rule" } else { "rules" };
            format!("removed {removed} {rules} from {}", path.display())
        })?;
        Ok(())
    }
}
