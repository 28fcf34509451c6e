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
    // What several things lack may be one and the same.
    let mut advices: Vec<(&str, Vec<String>)> = Vec::new();
    for finding in &check.findings {
        let Some(advice) = hints::of_finding(finding) else {
            continue;
        };
        let subject = finding.subject.to_string();
        match advices.iter_mut().find(|(known, _)| *known == advice) {
            Some((_, subjects)) => subjects.push(subject),
            None => advices.push((advice, vec![subject])),
        }
    }
    for (advice, subjects) in advices {
        text += &format!("\n{}: {advice}\n", subjects.join(", "));
    }
    text
}
