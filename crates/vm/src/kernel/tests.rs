pub(super) mod fixtures;
mod order;
mod parsers;
mod store;
