//! The first bytes of a guest's connection.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::ahead::Ahead;
use crate::refuse::{Fault, Kind};
use crate::sniff::{Sniffed, Spoken, sniff};
use tokio::io::AsyncRead;

/// How long the first bytes may take once there is one.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What a client speaks that has to speak first.
///
/// # Errors
/// Why it is not known: nothing comes, or nothing that can be understood.
pub(super) async fn first<S: AsyncRead + Unpin>(
    guest: &mut Ahead<S>,
    silence: Duration,
) -> Result<Spoken, Fault> {
    let start = Instant::now();
    loop {
        if let Some(spoken) = known(guest)? {
            return Ok(spoken);
        }
        let patience = match guest.seen() {
            [] => silence,
            _ => PATIENCE,
        };
        let reading = timeout_at(start + patience, guest.more()).await;
        if !matches!(reading, Ok(Ok(_))) {
            return Err(slow());
        }
    }
}

/// What a client speaks, if its bytes tell it already; one that has ended speaks nothing more.
///
/// # Errors
/// It is TLS that cannot be understood.
pub(super) fn known<S: AsyncRead + Unpin>(guest: &Ahead<S>) -> Result<Option<Spoken>, Fault> {
    match sniff(guest.seen()) {
        Sniffed::Is(spoken) => Ok(Some(spoken)),
        Sniffed::Faulty(error) => Err(Fault::builtin(
            Kind::Malformed,
            "malformed",
            error.to_string(),
        )),
        Sniffed::More if guest.ended() => Ok(Some(Spoken::Other)),
        Sniffed::More => Ok(None),
    }
}

/// The first bytes take too long.
pub(super) fn slow() -> Fault {
    let reason = "the first bytes did not come in time, so that it is not known what is spoken";
    Fault::builtin(Kind::Malformed, "slow", reason)
}
