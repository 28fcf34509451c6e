//! The listings of tags, repositories and referrers.

mod page;
mod referrers;
mod repositories;
mod tags;

pub(crate) use referrers::referrers;
pub(crate) use repositories::repositories;
pub(crate) use tags::tags;
