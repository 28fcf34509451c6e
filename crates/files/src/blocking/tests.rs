use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::Builder;

use super::{Stopped, blocking};

#[derive(Debug, PartialEq)]
enum Error {
    Stopped,
    Refused,
}

impl From<Stopped> for Error {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

#[tokio::test]
async fn the_outcome_of_the_work_comes_back() {
    assert_eq!(blocking(|| Ok::<_, Error>(7)).await, Ok(7));
    let refused = blocking(|| Err::<(), _>(Error::Refused)).await;
    assert_eq!(refused, Err(Error::Refused));
}

#[tokio::test]
#[should_panic(expected = "the work panics")]
async fn a_panic_of_the_work_goes_on() {
    let _ = blocking(|| -> Result<(), Stopped> { panic!("the work panics") }).await;
}

#[test]
fn work_that_never_begins_is_stopped() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let _inside = handle.enter();
    let late = pin!(blocking(|| Ok::<_, Error>(())));
    let polled = late.poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(Err(Error::Stopped)));
}
