//! Connections over which something is spoken that nobody here understands.

use lazaret_policy::RuleId;

use super::connection::Connection;
use super::refusal::{reset, unreachable};
use super::splice::splice;
use crate::ahead::Ahead;
use crate::dial::Dial;
use crate::side::GuestSide;

/// Lets a connection pass that speaks something of its own.
pub(super) async fn other<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    guest: Ahead<G>,
    rule: RuleId,
) {
    match connection
        .context
        .dialer
        .dial(&connection.destination)
        .await
    {
        Ok(upstream) => {
            connection.passed("tcp", rule);
            splice(connection, "tcp", guest, upstream).await;
        }
        Err(refusal) => reset(connection, guest, &unreachable(refusal)),
    }
}
