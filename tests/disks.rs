//! Disks that `rootfs build` makes, as the kernel shows them, against what containerd unpacks.

mod clashes;
mod equality;
mod interrupted;
mod options;
mod tree;
mod unpack;
