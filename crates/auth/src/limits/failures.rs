//! Failed logins, and how long their makers wait.
//!
//! Failures are counted for the pair of address and user, for the address and for the user.
//! Who fails often waits, twice as long after every further failure. Who waits is refused without
//! a look at the password, and that does not count.
//!
//! Nobody can lock a user out: failures of a user at *other* addresses make only those wait
//! that have failed themselves. A success forgives the failures of this user at this address,
//! and no others, so that an attacker with one good account gains nothing from it.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use super::Bounded;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Failures older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Failures without a wait: of one user at one address.
const FREE_PAIR: u32 = 5;
/// Of all users at one address, which may be that of many people.
const FREE_ADDRESS: u32 = 20;
/// Of one user at all addresses.
const FREE_USER: u32 = 20;
/// Addresses, users and pairs that are remembered, each.
const CLIENTS: usize = 32 * 1024;

/// Counts of failures; times count from any fixed moment.
#[derive(Debug)]
pub(crate) struct Failures {
    /// Names of users come from attackers and may be long: their hashes are kept.
    hasher: RandomState,
    pairs: Bounded<(IpAddr, u64), Count>,
    addresses: Bounded<IpAddr, Count>,
    users: Bounded<u64, Count>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    failures: u32,
    last: Duration,
    until: Duration,
}

impl Count {
    /// Time to wait, if any.
    fn wait(&self, now: Duration) -> Option<Duration> {
        let left = self.until.checked_sub(now).filter(|left| !left.is_zero())?;
        // Longer than the longest means that the clock was set back.
        (left <= LONGEST).then_some(left)
    }

    fn add(&mut self, free: u32, now: Duration) {
        if now.saturating_sub(self.last) > MEMORY {
            *self = Self::default();
        }
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        if let Some(beyond) = self.failures.checked_sub(free) {
            let wait = Duration::from_secs(1 << beyond.min(6)).min(LONGEST);
            self.until = now.saturating_add(wait);
        }
    }

    fn subtract(&mut self, failures: u32, free: u32) {
        self.failures = self.failures.saturating_sub(failures);
        if self.failures < free {
            self.until = Duration::ZERO;
        }
    }
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            pairs: Bounded::new(CLIENTS / 2),
            addresses: Bounded::new(CLIENTS / 2),
            users: Bounded::new(CLIENTS / 2),
        }
    }

    /// Counts an attempt as failed before it is made, so that many attempts at once are
    /// counted, too; or says how long to wait.
    pub(crate) fn attempt(
        &mut self,
        address: IpAddr,
        user: &str,
        now: Duration,
    ) -> Result<(), Duration> {
        let user = self.hasher.hash_one(user);
        let pair = (address, user);
        let wait_pair = self.pairs.get(&pair).and_then(|count| count.wait(now));
        let at_address = self.addresses.get(&address).copied().unwrap_or_default();
        let has_failed = at_address.failures > 0 && now.saturating_sub(at_address.last) <= MEMORY;
        let wait_user = match self.users.get(&user) {
            Some(count) if has_failed => count.wait(now),
            _ => None,
        };
        if let Some(wait) = wait_pair.max(at_address.wait(now)).max(wait_user) {
            return Err(wait);
        }
        self.pairs.get_or(pair, Count::default).add(FREE_PAIR, now);
        self.addresses
            .get_or(address, Count::default)
            .add(FREE_ADDRESS, now);
        self.users.get_or(user, Count::default).add(FREE_USER, now);
        Ok(())
    }

    /// The attempt was a success: forgives what this user failed at this address.
    pub(crate) fn forgive(&mut self, address: IpAddr, user: &str) {
        let user = self.hasher.hash_one(user);
        if let Some(count) = self.pairs.remove(&(address, user)) {
            self.take_back(address, user, count.failures);
        }
    }

    /// The attempt could not be decided.
    pub(crate) fn undo(&mut self, address: IpAddr, user: &str) {
        let user = self.hasher.hash_one(user);
        if let Some(count) = self.pairs.get(&(address, user)) {
            count.subtract(1, FREE_PAIR);
        }
        self.take_back(address, user, 1);
    }

    fn take_back(&mut self, address: IpAddr, user: u64, failures: u32) {
        if let Some(count) = self.addresses.get(&address) {
            count.subtract(failures, FREE_ADDRESS);
        }
        if let Some(count) = self.users.get(&user) {
            count.subtract(failures, FREE_USER);
        }
    }
}
