//! Makes machines.

use std::sync::Arc;

use http::request::Parts;
use http::{StatusCode, header};
use hyper::body::Incoming;
use lazaret_supervisor::ProgressSink;
use serde::Serialize;
use serde_json::json;

use super::finish::finish;
use super::named::Named;
use super::nothing::no_query;
use super::progress::{Lines, Quiet};
use super::wanted::{Settled, Wanted};
use crate::answer::{Answer, document, stream};
use crate::fault::Failure;
use crate::request::read_json;
use crate::shared::Shared;

const LINES: &str = "application/x-ndjson";

/// A machine that was made.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    machine: Named,
    notices: Vec<Notice>,
}

/// Something that differs from what was asked for, or that is good to know.
#[derive(Serialize)]
struct Notice {
    warning: bool,
    message: String,
}

/// `POST /v1/machines`
pub(crate) async fn create(
    shared: &Shared,
    head: &Parts,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(head.uri.query())?;
    let wanted: Wanted = read_json(body).await?;
    let settled = wanted.settle(shared.jail)?;
    let accepts = head.headers.get(header::ACCEPT);
    let wants_lines = accepts.is_some_and(|types| {
        let types = types.to_str().unwrap_or_default().split(',');
        types.map(str::trim).any(|wanted| wanted == LINES)
    });
    if !wants_lines {
        let created = make(shared, settled, Arc::new(Quiet)).await?;
        return Ok(document(StatusCode::CREATED, &created));
    }
    let (outgoing, answer) = stream(LINES);
    let shared = shared.clone();
    tokio::spawn(async move {
        let progress = Arc::new(Lines::new(outgoing.clone()));
        let made = tokio::select! {
            made = make(&shared, settled, progress) => made,
            () = outgoing.gone() => return,
        };
        match made {
            Ok(created) => outgoing.line(&json!({ "machine": created })).await,
            Err(failure) => {
                let fault = failure.into_fault(shared.explain);
                outgoing.line(&fault.describe()).await
            }
        };
    });
    Ok(answer)
}

/// Fetches what is missing, which ends with the request, and makes the machine, which does not.
async fn make(
    shared: &Shared,
    settled: Settled,
    progress: ProgressSink,
) -> Result<Created, Failure> {
    let Settled {
        request,
        naming,
        options,
    } = settled;
    shared.look(|_| Ok(())).await?;
    let prepared = shared.home.prepare(request, progress).await?;
    let notices = prepared.notices().iter().map(|notice| Notice {
        warning: notice.is_warning(),
        message: notice.to_string(),
    });
    let notices = notices.collect();
    let home = shared.home.clone();
    let spec =
        finish(async move { Ok(home.create_machine(prepared, naming, options).await?) }).await?;
    Ok(Created {
        machine: spec.into(),
        notices,
    })
}
