//! The suite of requirements for every source and target of images, in any crate.
//!
//! Other crates include this file by its path, so it gives the paths of its modules.

#[path = "suite/broken.rs"]
mod broken;
#[path = "suite/reading.rs"]
mod reading;
#[path = "suite/sample.rs"]
mod sample;
#[path = "suite/writing.rs"]
mod writing;

use async_trait::async_trait;
use lazaret_images::{Source, Target};

pub(crate) use reading::reads_like;
#[allow(unused_imports, reason = "only some adapters have tests of their own")]
pub(crate) use sample::Sample;

/// A place under test. Each call of [`Place::new_target`] begins to write to the same place.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    /// The place as a target.
    async fn new_target(&self) -> Box<dyn Target>;

    /// The place as a source, after the writing has ended.
    async fn source(&self) -> Box<dyn Source>;

    /// The place's own name for `tag`.
    fn name(&self, tag: &str) -> String {
        tag.to_owned()
    }

    /// Whether the place can list referrers.
    fn knows_referrers(&self) -> bool {
        true
    }

    /// Whether it can be written to again after it was finished, and read while it is written to.
    fn is_lasting(&self) -> bool {
        true
    }
}

/// Runs the whole suite, each part on a fresh place.
pub(crate) async fn check<P: Place>(fresh: impl AsyncFn() -> P) {
    writing::an_image_keeps_every_byte(&fresh().await).await;
    writing::an_index_keeps_every_byte(&fresh().await).await;
    writing::other_digest_algorithms_are_kept(&fresh().await).await;
    writing::blobs_are_taken_once_and_side_by_side(&fresh().await).await;
    writing::names_move_and_do_not_disturb_each_other(&fresh().await).await;
    writing::the_root_comes_last(&fresh().await).await;
    writing::referrers_are_found(&fresh().await).await;
    broken::content_that_is_not_what_it_should_be_is_refused(&fresh().await).await;
    broken::a_stream_that_breaks_off_leaves_nothing(&fresh().await).await;
    broken::what_is_not_there_is_an_error(&fresh().await).await;
}
