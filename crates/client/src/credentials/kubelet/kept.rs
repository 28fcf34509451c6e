//! Answers that are kept for a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::answer::{Answer, CacheKey};

/// Most answers that are kept.
const MOST: usize = 1000;
/// Longest time for which an answer is kept.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The kept answers.
#[derive(Default)]
pub(super) struct Kept {
    answers: HashMap<Key, (Instant, Arc<Answer>)>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Image(String),
    Registry(String),
    All,
}

impl Kept {
    /// The answer about an image of the registry `host`, if one holds: that for the image first,
    /// that for all last.
    pub(super) fn get(&self, image: &str, host: &str) -> Option<Arc<Answer>> {
        let keys = [
            Key::Image(image.to_owned()),
            Key::Registry(host.to_owned()),
            Key::All,
        ];
        let now = Instant::now();
        let mut found = keys.iter().filter_map(|key| self.answers.get(key));
        found
            .find(|(ends, _)| now < *ends)
            .map(|(_, answer)| Arc::clone(answer))
    }

    /// Keeps the answer about an image for `life`.
    pub(super) fn put(&mut self, image: &str, host: &str, answer: Arc<Answer>, life: Duration) {
        if life.is_zero() {
            return;
        }
        let now = Instant::now();
        if self.answers.len() >= MOST {
            self.answers.retain(|_, (ends, _)| now < *ends);
        }
        if self.answers.len() >= MOST {
            self.answers.clear();
        }
        let key = match answer.key {
            CacheKey::Image => Key::Image(image.to_owned()),
            CacheKey::Registry => Key::Registry(host.to_owned()),
            CacheKey::Global => Key::All,
        };
        self.answers.insert(key, (now + life.min(LONGEST), answer));
    }
}
