//! Outcomes of a push.

/// The way in which a blob came to be in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It already existed.
    Present,
    /// The registry mounted it from another repository.
    Mounted,
    /// It was sent.
    Sent,
}
