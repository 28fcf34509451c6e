//! The services of a user: finds their documents, stores secrets for them, and settles what a run gets.

mod connect;
mod run;
mod services;

pub use connect::Connection;
