//! The network boundary of one machine: it takes the frames of a guest and makes those connections
//! that the policy permits. It knows nothing of QEMU, images and users' folders.

mod ahead;
mod authority;
mod confine;
mod context;
mod desk;
mod dhcp;
mod dial;
mod dns;
mod flow;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod inject;
mod link;
mod message;
mod names;
mod ports;
mod refuse;
mod serve;
mod side;
mod sniff;
mod splice;
mod stack;
mod tls;

pub use authority::{Authority, AuthorityError};
pub use context::Context;
pub use desk::{Desk, Destination, Refusal, Secret};
pub use dial::{Dial, HostDialer};
pub use flow::converse;
pub use frames::{GATEWAY_MAC, GUEST_MAC};
pub use link::{receive, send};
pub use message::{
    Answer, AskRecord, AuthorityPem, CredentialAnswer, DecisionRecord, Endpoint, FromBoundary,
    Inject, Integration, IntegrationCredential, Settings, ToBoundary,
};
pub use ports::serve as serve_ports;
pub use serve::{ServeError, serve};
pub use side::GuestSide;
pub use splice::{Copied, splice};
#[doc(hidden)]
pub use stack::fuzzing as stack_fuzzing;
pub use stack::{GATEWAY, GUEST, GuestStream, Incoming, MTU, NAMES, PREFIX, Stack, StackError};
