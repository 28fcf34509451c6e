//! Compares disks of `rootfs build`, as the kernel shows them, with the result of containerd's
//! unpacking.

mod clashes;
mod equality;
mod interrupted;
mod options;
mod tree;
mod unpack;
