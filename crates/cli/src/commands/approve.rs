use std::path::PathBuf;

use lazaret_supervisor::{Answer, AnswerScope, MachineQuestion, time};
use serde_json::{Value, json};

use crate::changed_text::changed_text;
use crate::context::Context;
use crate::failure::Failure;
use crate::table::table;

/// List the requests of machines that wait for an answer, or let one pass, or refuse it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The request, as it is listed: MACHINE-NUMBER
    request: Option<String>,
    /// Refuse it
    #[arg(long, requires = "request")]
    deny: bool,
    /// How far the answer reaches: this request (once), every one to the same host and port for as long as
    /// the machine exists (run), or every one of all machines with the same policy file, which gets a rule
    /// (always)
    #[arg(long = "for", value_enum, value_name = "SCOPE", default_value_t)]
    scope: Scope,
    /// The policy file that gets the rule, with `--for always` [default: the one that the machine follows]
    #[arg(long, value_name = "FILE", requires = "request")]
    policy: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Scope {
    #[default]
    Once,
    Run,
    Always,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let Some(request) = &self.request else {
            return list(context, &home.questions().await?);
        };
        let answer = match self.deny {
            true => Answer::Deny,
            false => Answer::Allow,
        };
        let scope = match self.scope {
            _ if self.policy.is_some() && self.scope != Scope::Always => {
                return Err(Failure::usage_with(
                    "an answer for once or for a run stands in no policy file",
                    "leave `--policy` out, or give `--for always`",
                ));
            }
            Scope::Always => {
                let file = self.policy.as_deref();
                let (asked, change) = home.settle_question(request, answer, file).await?;
                let mut done = row(&asked);
                done["policy"] = json!(change.path);
                done["rule_added"] = json!(change.rule);
                let name = change.path.display().to_string();
                return Ok(context.printer.result(&done, |_| {
                    changed_text(&name, &change.before, &change.after)
                })?);
            }
            Scope::Once => AnswerScope::Once,
            Scope::Run => AnswerScope::Run,
        };
        let answered = home.answer_question(request, answer, scope).await?;
        Ok(context.printer.result(&row(&answered), |_| answered.id())?)
    }
}

fn list(context: &Context, questions: &[MachineQuestion]) -> Result<(), Failure> {
    let rows: Vec<Value> = questions.iter().map(row).collect();
    Ok(context.printer.result(&rows, |_| {
        if context.printer.quiet {
            return questions.iter().map(|asked| asked.id() + "\n").collect();
        }
        let heading = ["REQUEST", "MACHINE", "WHAT", "SINCE", "RULE"];
        let mut lines = vec![heading.map(str::to_owned).to_vec()];
        lines.extend(questions.iter().map(|asked| {
            vec![
                asked.id(),
                asked.machine_name.clone(),
                what(asked),
                time::stamp(asked.question.since),
                asked.question.asked.rule.to_string(),
            ]
        }));
        table(&lines)
    })?)
}

fn row(asked: &MachineQuestion) -> Value {
    let question = &asked.question;
    json!({
        "id": asked.id(),
        "machine": asked.machine,
        "machine_name": asked.machine_name,
        "since": time::stamp(question.since),
        "host": question.asked.host,
        "port": question.asked.port,
        "method": question.asked.method,
        "path": question.asked.path,
        "connection": question.asked.connection,
        "rule": question.asked.rule,
    })
}

/// Most characters of a path that are shown.
const LONGEST_PATH: usize = 120;

/// The request in words: one line, of which the guest has made nothing but what stands for itself. Its path
/// is shown in ASCII, and not at any length.
pub(crate) fn what(asked: &MachineQuestion) -> String {
    let question = &asked.question.asked;
    let place = format!("{}:{}", question.host, question.port);
    let (Some(method), Some(path)) = (&question.method, &question.path) else {
        return plain(&format!("connect {place}"));
    };
    let mut shown = plain(path);
    if shown.len() > LONGEST_PATH {
        shown.truncate(LONGEST_PATH);
        shown.push_str("...");
    }
    format!("{} {}{shown}", plain(method), plain(&place))
}

/// A text with nothing but ASCII that is seen; anything else, but a space, as its bytes.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' | b'!'..=b'~' => shown.push(char::from(byte)),
            _ => shown.push_str(&format!("%{byte:02X}")),
        }
    }
    shown
}
