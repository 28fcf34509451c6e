use lazaret_supervisor::{Check, Finding, Status};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::hints;
use crate::printer::table;

pub(super) async fn run(context: &Context) -> Result<u8, Failure> {
    let check = context.home()?.check().await?;
    context
        .printer
        .result(&described(&check), |_| text(&check))?;
    Ok(match check.runs {
        true => exit::SUCCESS,
        false => exit::FAILURE,
    })
}

fn described(check: &Check) -> Value {
    let findings = check.findings.iter().map(|finding| {
        json!({
            "subject": finding.subject,
            "status": finding.status,
            "found": finding.found,
            "advice": hints::of_finding(finding),
        })
    });
    json!({ "runs": check.runs, "findings": findings.collect::<Vec<_>>() })
}

fn text(check: &Check) -> String {
    let row = |finding: &Finding| {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Missing => "missing",
        };
        vec![
            finding.subject.to_string(),
            status.to_owned(),
            finding.found.clone(),
        ]
    };
    let heading = ["SUBJECT", "STATUS", "FOUND"].map(str::to_owned);
    let rows: Vec<_> = [heading.to_vec()]
        .into_iter()
        .chain(check.findings.iter().map(row))
        .collect();
    let mut text = table(&rows);
    for finding in &check.findings {
        if let Some(advice) = hints::of_finding(finding) {
            text += &format!("\n{}: {advice}\n", finding.subject);
        }
    }
    text
}
