//! Tests kernels and guest images by name: `lazaret artifacts` and `control-plane serve`.

mod concurrent;
mod control;
mod documents;
mod hostile;
mod kills;
mod oras;
mod port;
mod stores;
