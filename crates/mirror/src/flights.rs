//! One piece of work for all who ask for it at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::Error;

type Outcome<V> = Result<V, Error>;
type Flight<V> = Shared<BoxFuture<'static, Outcome<V>>>;
type UnderWay<K, V> = Arc<Mutex<HashMap<K, Flight<V>>>>;

/// The work that is under way, by key.
pub(crate) struct Flights<K, V> {
    under_way: UnderWay<K, V>,
}

/// Removes work that is over.
struct Landing<K: Eq + Hash, V> {
    done: K,
    all: UnderWay<K, V>,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.done);
    }
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            under_way: Arc::default(),
        }
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Joins the work for `key`, or starts `work`. It goes on when all who wait have left.
    pub(crate) async fn join(
        &self,
        key: K,
        work: impl FnOnce() -> BoxFuture<'static, Result<V, Error>>,
    ) -> Outcome<V> {
        let flight = {
            let mut under_way = self.lock();
            match under_way.get(&key) {
                Some(flight) => flight.clone(),
                None => {
                    let (done, all) = (key.clone(), Arc::clone(&self.under_way));
                    let work = work();
                    let task = tokio::spawn(async move {
                        // Also when it panics: others must not wait for what is over.
                        let _landing = Landing { done, all };
                        work.await
                    });
                    let flight = async move { task.await.unwrap_or(Err(Error::Stopped)) }
                        .boxed()
                        .shared();
                    under_way.insert(key, flight.clone());
                    flight
                }
            }
        };
        flight.await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Flight<V>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
