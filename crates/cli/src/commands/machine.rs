//! The commands for machines that `run` or `create` have made.

pub(crate) mod attach;
pub(crate) mod create;
pub(crate) mod exec;
mod filter;
pub(crate) mod inspect;
pub(crate) mod kill;
pub(crate) mod logs;
pub(crate) mod pause;
pub(crate) mod prune;
pub(crate) mod ps;
pub(crate) mod rename;
pub(crate) mod restart;
pub(crate) mod rm;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod time;
pub(crate) mod wait;

use crate::context::Context;
use crate::failure::Failure;
use crate::report;

/// Parses the value of a flag that takes a signal.
pub(crate) fn signal_number(text: &str) -> Result<u8, String> {
    lazaret_supervisor::signal_number(text).ok_or_else(|| {
        "expected the name or number of a signal, such as TERM, SIGKILL or 10".to_owned()
    })
}

/// Does something for each name. A failure for one is told, and the others go on; the last one is
/// returned.
pub(crate) async fn for_each(
    context: &Context,
    names: &[String],
    act: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut last = None;
    for name in names {
        if let Err(failure) = act(name).await
            && let Some(earlier) = last.replace(failure)
        {
            report::report(&earlier, context.printer, None);
        }
    }
    last.map_or(Ok(()), Err)
}
