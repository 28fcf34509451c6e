//! Hypervisors beside QEMU: Firecracker and Cloud Hypervisor.
//!
//! They have no virtio-serial: the guest connects to the host over vsock, and the hypervisor leads the
//! connection to a socket in a folder of the machine's own.
//!
//! ```text
//! guest: connect to CID 2, port 1024 ---> hypervisor ---> <folder>/vsock_1024, where this program listens
//! guest's console ---> hypervisor ---> <folder>/console, a pipe that this program reads
//! ```
//! All that they open they open as descriptors that they inherit (`/proc/self/fd/7`), as QEMU does.
//!
//! * `program`: an installed hypervisor
//! * `paths`: what it opens, and by which names
//! * `check`: what they cannot do
//! * `command_line`: the kernel's
//! * `firecracker`, `cloud_hypervisor`: a plan as configuration, without any side effect
//! * `room`: the folder with the sockets
//! * `instance`: a running machine

mod check;
mod cloud_hypervisor;
mod command_line;
mod firecracker;
mod instance;
mod paths;
mod program;
mod room;
#[cfg(test)]
mod tests;

pub use instance::Instance;
pub use program::Vmm;
