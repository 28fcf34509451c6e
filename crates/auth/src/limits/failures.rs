//! Counts failed logins, and makes clients wait that fail often.
//!
//! Failures are counted for the pair of address and user, for the address and for the user. A
//! client that fails often has to wait, twice as long after every further failure. While it has to
//! wait, its logins are refused without verifying the password and without being counted.
//!
//! Nobody can lock a user out: failures of a user at *other* addresses make only those addresses
//! wait that have failed themselves. A success clears the failures of this user at this address and
//! no others, so that an attacker gains nothing from an account of their own.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use super::Bounded;

/// The longest time that a client has to wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Failures older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Failures of one user at one address before the first wait.
const FREE_PAIR: u32 = 5;
/// Failures of all users at one address before the first wait; many people may share it.
const FREE_ADDRESS: u32 = 20;
/// Failures of one user at all addresses before the first wait.
const FREE_USER: u32 = 20;
/// Largest number of addresses, of users and of pairs that are remembered.
const CLIENTS: usize = 32 * 1024;

/// Counts of failures. Times are measured from any fixed moment.
#[derive(Debug)]
pub(crate) struct Failures {
    /// Names of users come from attackers and may be long, so only their hashes are kept.
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
    /// The remaining time to wait, if any.
    fn wait(&self, now: Duration) -> Option<Duration> {
        let left = self.until.checked_sub(now).filter(|left| !left.is_zero())?;
        // More than the longest wait means that the clock was set back.
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

    /// Counts an attempt as failed before it is made, so that parallel attempts count too. The
    /// error is the time to wait.
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

    /// The attempt succeeded: clears the failures of this user at this address.
    pub(crate) fn forgive(&mut self, address: IpAddr, user: &str) {
        let user = self.hasher.hash_one(user);
        if let Some(count) = self.pairs.remove(&(address, user)) {
            self.take_back(address, user, count.failures);
        }
    }

    /// The attempt could not be decided, and is no longer counted.
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
