//! What to do about what a host lacks.

use lazaret_supervisor::{Finding, JailPart, Status, Subject, Substrate};

use super::vm::{CLOUD_HYPERVISOR, FIRECRACKER};

/// The advice for a finding, if there is any.
pub(super) fn advice(finding: &Finding) -> Option<&'static str> {
    if finding.status == Status::Ok {
        return None;
    }
    Some(match finding.subject {
        Subject::Qemu => {
            "install QEMU: `apt-get install qemu-system-x86` or `dnf install qemu-system-x86-core`"
        }
        Subject::Kernel => {
            "`lazaret setup` fetches the distribution's cloud kernel; where it cannot, give a package \
             with one to `lazaret kernel import`"
        }
        Subject::Accelerator => return super::vm::accelerator(finding.reason.as_ref()?),
        Subject::Jail(part) => of_part(part),
        Subject::UserNamespaces => {
            "root does not need them; for other users allow them with `sysctl` \
             (`kernel.unprivileged_userns_clone=1`, `user.max_user_namespaces`, or an AppArmor profile \
             with `userns`)"
        }
        Subject::ControlGroups => {
            "run from a group that systemd delegates (`systemd-run --user --scope -p Delegate=yes`), or \
             as root with cgroup v2"
        }
        Subject::Virtiofs => "nothing: this version mounts no folders of the host",
        Subject::DiskSpace => "make room: `lazaret system df`, `lazaret system prune`",
        Subject::Hypervisor(Substrate::Firecracker) => FIRECRACKER,
        Subject::Hypervisor(Substrate::CloudHypervisor) => CLOUD_HYPERVISOR,
        Subject::Templates | Subject::Hypervisor(Substrate::Qemu) => return None,
    })
}

fn of_part(part: JailPart) -> &'static str {
    match part {
        JailPart::User
        | JailPart::Processes
        | JailPart::Network
        | JailPart::Ipc
        | JailPart::HostName => {
            "allow user namespaces, or run as root with CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID and \
             CAP_KILL; in a container, its seccomp profile decides, too"
        }
        JailPart::Files => {
            "needs namespaces, Linux 5.12 and a hypervisor that is a program and no script; in a container, \
             a visible `/proc`"
        }
        JailPart::Privileges => "run as a user, or as root with CAP_SETPCAP",
        JailPart::Landlock => {
            "needs Linux 5.13 or later with `landlock` in the kernel parameter `lsm=`, and a \
             hypervisor that is a program and no script"
        }
        JailPart::SystemCalls => "needs a kernel with seccomp filters",
    }
}
