//! A map of bounded size, which forgets the entries that were not used for longest.

use std::collections::HashMap;
use std::hash::Hash;

/// A map of at most `2 * half` entries, in two halves. When the young half is full, the old half,
/// which has the entries not used for longest, is dropped, and the young half becomes the old one.
#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(crate) fn new(half: usize) -> Self {
        Self {
            half: half.max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// The value of a key, which is marked as used.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V>
    where
        K: Clone,
    {
        if let Some(value) = self.old.remove(key) {
            self.put(key.clone(), value);
        }
        self.young.get_mut(key)
    }

    /// The value of a key; it is made if there is none.
    pub(crate) fn get_or(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V
    where
        K: Clone,
    {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key).unwrap_or_else(make);
            self.put(key.clone(), value);
        }
        self.young
            .get_mut(&key)
            .expect("the value was there or has just been put")
    }

    /// Sets the value of a key.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let young = self.young.remove(key);
        self.old.remove(key).or(young)
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
