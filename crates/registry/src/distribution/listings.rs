//! The listings of tags, repositories and referrers.

mod page;
mod referrers;
mod repositories;
mod tags;

pub(crate) use page::page;
pub(crate) use referrers::{referrers, referrers_with};
pub(crate) use repositories::repositories;
pub(crate) use tags::{tags, tags_with};
