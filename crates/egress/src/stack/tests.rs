//! The stack against a guest that is made here: a second smoltcp, and frames by hand.

pub(crate) mod guest;

mod connections;
mod frames;
mod hostile;
mod measure;
mod names;

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Runs a test on one thread, as the stack wants it; none may hang.
pub(crate) fn on_one_thread<T>(test: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(60), test)
            .await
            .expect("the test ends")
    })
}
