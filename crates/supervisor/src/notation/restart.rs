//! When a machine is started again by itself.

use crate::machines::Restart;

/// Reads `no`, `on-failure[:TIMES]`, `always` or `unless-stopped`.
///
/// # Errors
/// What was expected.
pub fn restart(text: &str) -> Result<Restart, String> {
    match text.split_once(':') {
        None => match text {
            "no" | "" => Ok(Restart::No),
            "on-failure" => Ok(Restart::OnFailure(None)),
            "always" | "unless-stopped" => Ok(Restart::Always),
            _ => Err("expected no, on-failure[:TIMES], always or unless-stopped".to_owned()),
        },
        Some(("on-failure", times)) => {
            let times = times
                .parse()
                .map_err(|_| format!("'{times}' is no number of times"))?;
            Ok(Restart::OnFailure(Some(times)))
        }
        Some(_) => Err("only on-failure takes a number of times".to_owned()),
    }
}
