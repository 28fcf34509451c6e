//! Values that several crates share, each with one notation and one meaning everywhere.
//!
//! ```text
//! Period     1h30m         a length of time
//! Size       10GiB         a number of bytes; Decimal is the number before the unit
//! Pattern    acme/**       a form of names with segments
//! Capabilities             a part of root's power
//! Secret                   text that is never shown
//! Ratio                    a bound that grows with an input
//! hex, unhex               bytes as hexadecimal digits
//! Chain                    an error with its causes, in one line
//! nearest                  the known name that an unknown one was meant to be
//! Printable                text of a peer without what could drive a terminal
//! ```
//!
//! The crate is pure: it never reads a file, a clock or the environment. It knows nothing of
//! registries or machines, and uses no other crate of the workspace. Features: `serde` reads and
//! writes the text forms, `schemars` adds their JSON Schemas.

mod byte_order_mark;
mod capabilities;
mod chain;
mod decimal;
mod error;
mod hex;
mod nearest;
mod pattern;
mod period;
mod printable;
mod ratio;
mod secret;
mod size;
mod text_form;

pub use byte_order_mark::without_byte_order_mark;
pub use capabilities::Capabilities;
pub use chain::Chain;
pub use decimal::Decimal;
pub use error::Error;
pub use hex::{hex, unhex, unhex_array};
pub use nearest::nearest;
pub use pattern::{Pattern, wildcard};
pub use period::Period;
pub use printable::Printable;
pub use ratio::Ratio;
pub use secret::Secret;
pub use size::Size;
