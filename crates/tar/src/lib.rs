//! Tar archives: their headers, and folders that become archives and come from them.
//!
//! ```text
//! Source --- pack ---> archive --- unpack ---> Place beneath a folder
//! ```
//! The two ends of a copy into or out of a machine are this crate on both sides: neither end trusts
//! the other. It knows no machines, images or layers; `rootfs` reads layers with its parsers of
//! headers.
//!
//! * `header`, `pax`, `sparse`: what archives are made of; `reader`, `writer`
//! * `source`, `place`: what a path stands for, by the rules of `docker cp`
//! * `pack`, `unpack`: the copy itself

mod copied;
mod entry;
mod error;
mod header;
mod holes;
mod pack;
mod pax;
mod place;
mod pseudo;
mod reader;
mod source;
mod sparse;
mod time;
mod unpack;
mod writer;

pub use copied::Copied;
pub use entry::{Entry, Kind};
pub use error::{Class, Error};
pub use header::{Header, RECORD, number, text};
pub use pack::pack;
pub use pax::{Pax, PaxSparse, decimal};
pub use reader::{Piece, Reader};
pub use source::{Source, name_of};
pub use sparse::{MapText, Segment, SparseMap, old_gnu};
pub use time::Timestamp;
pub use unpack::{Options, Unpacking, unpack};
