//! One command for several machines.

use crate::context::Context;
use crate::failure::Failure;
use crate::report;

/// Does something for each name. A failure for one is told, and the others go on; the last one is
/// returned.
pub(super) async fn for_each(
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
