use lazaret_supervisor::Home;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::hints;
use crate::printer::table;
use crate::progress::Bars;

/// Make this machine ready to run others: fetch a kernel, and tell what is missing
///
/// `run` fetches a kernel by itself when it needs one; this does it ahead. The kernel is the
/// distribution's, downloaded by its package tool without rights and not installed, or the one that
/// LAZARET_KERNEL_SOURCE names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Something that machines need.
#[derive(Debug, Serialize)]
struct Part {
    part: &'static str,
    ready: bool,
    /// What it is, or why it is missing.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let parts = [qemu(&home).await, kernel(context, &home).await];
        context.printer.result(&parts, |parts| {
            let heading = ["PART", "READY", "DETAIL"].map(str::to_owned).to_vec();
            let mut rows = vec![heading];
            rows.extend(parts.iter().map(|part| {
                let ready = if part.ready { "yes" } else { "no" };
                vec![part.part.to_owned(), ready.to_owned(), part.detail.clone()]
            }));
            table(&rows)
        })?;
        let missing: Vec<&Part> = parts.iter().filter(|part| !part.ready).collect();
        let Some(first) = missing.first() else {
            return Ok(());
        };
        Err(Failure::NotReady {
            parts: missing.iter().map(|part| part.part).collect(),
            hint: first.hint.clone(),
        })
    }
}

async fn qemu(home: &Home) -> Part {
    let found = home.emulator().await;
    part("qemu", found.map_err(Failure::from))
}

async fn kernel(context: &Context, home: &Home) -> Part {
    let bars = Bars::new(context.printer, "pull");
    let provided = home.provide_kernel(&bars.sink()).await;
    bars.clear();
    let described = provided.map(|(kernel, fetched)| match fetched {
        Some(fetched) => format!("{} ({})", kernel.name, fetched.origin),
        None => kernel.name,
    });
    part("kernel", described.map_err(Failure::from))
}

fn part(part: &'static str, found: Result<String, Failure>) -> Part {
    let (ready, detail, hint) = match found {
        Ok(detail) => (true, detail, None),
        Err(failure) => {
            let answer = hints::answer(&failure);
            (false, answer.message, answer.hint)
        }
    };
    Part {
        part,
        ready,
        detail,
        hint,
    }
}
