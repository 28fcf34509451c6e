//! The user's secrets of services: where they are kept, and how one is handed out for a request.
//!
//! ```text
//! secrets.json   which secrets there are, for which hosts, where each one's text is     `store`
//!     |-- text in the same file, or in the system's keyring                             `keyring`
//!     v
//! Giver: a secret for a host, read anew for each request; of a grant, an access token   `giver`, `oauth`
//! ```
//! A secret belongs to an integration and a credential ([`SecretName`]), and to the [`Place`]s for which
//! it was given: whatever an artifact of the same name says, it is handed out for no other host.
//!
//! The crate never knows artifacts, machines or frames, and reads no environment.

mod error;
mod giver;
mod grant;
mod kept;
mod keyring;
mod name;
mod oauth;
mod place;
mod settings;
mod store;

pub use error::{Error, Refusal};
pub use giver::Giver;
pub use grant::{Fresh, Grant, GrantError};
pub use kept::{Keeper, Kept, Kind, NewSecret};
pub use name::SecretName;
pub use oauth::TokenClient;
pub use place::Place;
pub use settings::Settings;
pub use store::Store;
