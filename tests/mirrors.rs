//! Tests the mirror with the clients of other projects, which `mirror install` has set up, and its
//! commands. Upstreams are known by names that nobody can look up: what clients have came through
//! the mirror.

mod commands;
mod containerd;
mod docker;
mod faulty;
mod place;
mod podman;
mod upstream;
