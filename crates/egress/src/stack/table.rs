//! The connections that exist: found by their ports and addresses, by what they wait for, and by who
//! has to be served next.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::Ipv4Addr;

use smoltcp::time::Instant;

use super::memory::Endpoint;

/// The most connections that are not open yet; of more, the oldest ends.
const MOST_OPENING: usize = 256;
/// The most connections to one address and port.
const MOST_TO_ONE: u32 = 1024;

/// What tells connections of one guest apart: its port, and the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The guest's port.
    pub(super) guest: u16,
    /// The other end's address.
    pub(super) address: Ipv4Addr,
    /// The other end's port.
    pub(super) port: u16,
}

/// Names one connection for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    place: usize,
    serial: u64,
}

/// What a connection is in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The guest has sent a SYN.
    Opening,
    /// This process has sent a SYN; somebody waits for it.
    Calling,
    /// Somebody has the stream.
    Open,
    /// Nobody has the stream any more; what was written is still sent.
    Left,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its socket.
    pub(super) endpoint: Endpoint,
    /// Its ends.
    pub(super) key: Key,
    /// What it is in for.
    pub(super) stage: Stage,
    /// When it is given up, if it is not further by then.
    pub(super) deadline: Option<Instant>,
    /// When it last carried something.
    pub(super) active: Instant,
    serial: u64,
    queued: bool,
    timer: Option<Instant>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Table {
    places: Vec<Option<Connection>>,
    free: Vec<usize>,
    by_key: HashMap<Key, usize>,
    to_one: HashMap<(Ipv4Addr, u16), u32>,
    opening: VecDeque<Id>,
    timers: BTreeSet<(Instant, usize)>,
    queue: VecDeque<usize>,
    serial: u64,
}

impl Table {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Finds one by its ends.
    pub(super) fn find(&self, key: &Key) -> Option<Id> {
        let place = *self.by_key.get(key)?;
        let serial = self.places.get(place)?.as_ref()?.serial;
        Some(Id { place, serial })
    }

    /// One that still exists.
    pub(super) fn get(&self, id: Id) -> Option<&Connection> {
        let connection = self.places.get(id.place)?.as_ref()?;
        (connection.serial == id.serial).then_some(connection)
    }

    /// One that still exists.
    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Connection> {
        let connection = self.places.get_mut(id.place)?.as_mut()?;
        (connection.serial == id.serial).then_some(connection)
    }

    /// Whether as many go to this end as may.
    pub(super) fn is_crowded(&self, address: Ipv4Addr, port: u16) -> bool {
        let count = self.to_one.get(&(address, port));
        count.is_some_and(|&count| count >= MOST_TO_ONE)
    }

    /// The oldest of those that are not open yet, if there are too many.
    pub(super) fn surplus(&mut self) -> Option<Id> {
        if self.opening.len() < MOST_OPENING {
            return None;
        }
        let mut opening = std::mem::take(&mut self.opening);
        opening.retain(|&id| self.get(id).is_some_and(|it| it.stage == Stage::Opening));
        self.opening = opening;
        if self.opening.len() < MOST_OPENING {
            return None;
        }
        self.opening.pop_front()
    }

    /// The connection that was quiet longest, if since before `since`.
    pub(super) fn quietest(&self, since: Instant) -> Option<Id> {
        let connections = self.places.iter().enumerate();
        connections
            .filter_map(|(place, connection)| Some((place, connection.as_ref()?)))
            .filter(|(_, connection)| connection.active < since)
            .min_by_key(|(_, connection)| connection.active)
            .map(|(place, connection)| Id {
                place,
                serial: connection.serial,
            })
    }

    /// Adds one with ends that no other has.
    pub(super) fn add(&mut self, endpoint: Endpoint, key: Key, stage: Stage, now: Instant) -> Id {
        self.serial += 1;
        let serial = self.serial;
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[place] = Some(Connection {
            endpoint,
            key,
            stage,
            deadline: None,
            active: now,
            serial,
            queued: false,
            timer: None,
        });
        self.by_key.insert(key, place);
        *self.to_one.entry((key.address, key.port)).or_default() += 1;
        let id = Id { place, serial };
        if stage == Stage::Opening {
            self.opening.push_back(id);
        }
        id
    }

    /// Removes one.
    pub(super) fn remove(&mut self, id: Id) {
        if self.get(id).is_none() {
            return;
        }
        let Some(connection) = self.places[id.place].take() else {
            return;
        };
        self.free.push(id.place);
        self.by_key.remove(&connection.key);
        let end = (connection.key.address, connection.key.port);
        if let Some(count) = self.to_one.get_mut(&end) {
            *count -= 1;
            if *count == 0 {
                self.to_one.remove(&end);
            }
        }
        if let Some(at) = connection.timer {
            self.timers.remove(&(at, id.place));
        }
        // The queue forgets it when it comes to its place.
    }

    /// Puts one into the queue of those that have something to do.
    pub(super) fn enqueue(&mut self, id: Id) {
        if let Some(connection) = self.get_mut(id)
            && !connection.queued
        {
            connection.queued = true;
            self.queue.push_back(id.place);
        }
    }

    /// Whether nobody has something to do.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many are in the queue.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The next of the queue.
    pub(super) fn next(&mut self) -> Option<Id> {
        loop {
            let place = self.queue.pop_front()?;
            // A place in the queue may be that of a connection that has ended, and its successor may
            // be in the queue by itself; then it is only served twice.
            if let Some(connection) = self.places.get_mut(place).and_then(Option::as_mut) {
                connection.queued = false;
                let serial = connection.serial;
                return Some(Id { place, serial });
            }
        }
    }

    /// Wakes a connection at a time, or not at all. A timer that is too early only costs a look.
    pub(super) fn set_timer(&mut self, id: Id, at: Option<Instant>) {
        let Some(connection) = self.get_mut(id) else {
            return;
        };
        let Some(at) = at else { return };
        match connection.timer {
            Some(armed) if armed <= at => {}
            armed => {
                connection.timer = Some(at);
                if let Some(armed) = armed {
                    self.timers.remove(&(armed, id.place));
                }
                self.timers.insert((at, id.place));
            }
        }
    }

    /// The next timer.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Puts those into the queue whose timer has come.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(&(at, place)) = self.timers.first() {
            if at > now {
                return;
            }
            self.timers.pop_first();
            if let Some(connection) = self.places.get_mut(place).and_then(Option::as_mut) {
                connection.timer = None;
                if !connection.queued {
                    connection.queued = true;
                    self.queue.push_back(place);
                }
            }
        }
    }

    /// Every connection.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.places.iter_mut().flatten()
    }
}
