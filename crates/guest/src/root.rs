//! Builds the workload's root file system and moves into it.
//!
//! ```text
//! /mnt/base      base disk, read-only
//! /mnt/scratch   scratch disk (ext4), or memory when there is none
//!   upper work   of the root's overlay
//!   mounts/N     copies and overlays of writable artifacts
//! /mnt/disks/S   disk S: artifacts, read-only, or a volume
//! /mnt/root      overlay of base and upper, or a writable base disk: becomes /
//! ```
//!
//! Every mode begins with a writable root in which every mount point is made. A read-only
//! root is then mounted again, with the written data as one more *lower* layer: an overlay
//! without an upper layer cannot be made writable again, not even by root.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lazaret_protocol::{BootConfig, MACHINE_FILES, RootMode, SYSTEM_FOLDERS, Trust};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::disks::{self, Access, Filesystem};
use crate::error::{Context as _, Result};
use crate::inroot::{InRoot, path_of};
use crate::overlay::{SCRATCH, mount_overlay, mount_writable};
use crate::trust::Trusted;
use crate::{additions, closing, console, link, modules, mounts, trust, verity, volumes};

const BASE: &str = "/mnt/base";
const ROOT: &str = "/mnt/root";

/// Folder of file systems that were mounted before the host said what the machine is for.
const IN_ADVANCE: &str = "/mnt/system";

/// Flags of mounts without executables, set-uid files and devices.
const INERT: MountFlags = MountFlags::NOSUID
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);

/// A file system of the kernel, in the initramfs or in the workload's root.
struct KernelMount {
    target: &'static str,
    filesystem: &'static str,
    flags: MountFlags,
    data: &'static std::ffi::CStr,
    /// Whether the workload needs it.
    required: bool,
}

impl KernelMount {
    const fn required(target: &'static str, filesystem: &'static str, flags: MountFlags) -> Self {
        Self {
            target,
            filesystem,
            flags,
            data: c"",
            required: true,
        }
    }

    const fn optional(target: &'static str, filesystem: &'static str, flags: MountFlags) -> Self {
        Self {
            target,
            filesystem,
            flags,
            data: c"",
            required: false,
        }
    }

    const fn with(mut self, data: &'static std::ffi::CStr) -> Self {
        self.data = data;
        self
    }

    /// The place where it is mounted in advance.
    fn place(&self) -> PathBuf {
        Path::new(IN_ADVANCE).join(self.target.replace('/', "_"))
    }

    fn mount_on(&self, target: &Path) -> Result<(), Errno> {
        rustix::mount::mount(
            self.filesystem,
            target,
            self.filesystem,
            self.flags,
            self.data,
        )
    }
}

/// The file systems that every workload gets.
const SYSTEM: [KernelMount; SYSTEM_FOLDERS.len()] = [
    KernelMount::required(SYSTEM_FOLDERS[0], "proc", INERT),
    KernelMount::required(SYSTEM_FOLDERS[1], "sysfs", INERT.union(MountFlags::RDONLY)),
    KernelMount::optional(SYSTEM_FOLDERS[2], "cgroup2", INERT),
    KernelMount::required(SYSTEM_FOLDERS[3], "devtmpfs", MountFlags::NOSUID),
    KernelMount::optional(
        SYSTEM_FOLDERS[4],
        "devpts",
        MountFlags::NOSUID.union(MountFlags::NOEXEC),
    )
    .with(c"mode=620,ptmxmode=666,gid=5"),
    KernelMount::required(SYSTEM_FOLDERS[5], "tmpfs", INERT).with(c"mode=1777"),
];

/// The writable folders of a read-only root.
const MEMORY: [KernelMount; 2] = [
    KernelMount::optional("/run", "tmpfs", MountFlags::NOSUID.union(MountFlags::NODEV))
        .with(c"mode=755"),
    KernelMount::optional("/tmp", "tmpfs", MountFlags::NOSUID.union(MountFlags::NODEV))
        .with(c"mode=1777"),
];

/// Links in `/dev` that programs expect and devtmpfs does not make.
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// Mounts `/dev`, `/proc` and `/sys` of the initramfs.
pub(crate) fn mount_kernel_folders() -> Result<()> {
    for (target, filesystem) in [("/dev", "devtmpfs"), ("/proc", "proc"), ("/sys", "sysfs")] {
        let _exists = std::fs::create_dir(target);
        KernelMount::required(target, filesystem, MountFlags::NOSUID)
            .mount_on(Path::new(target))
            .context(|| format!("mount {target}"))?;
    }
    for (origin, link) in DEVICE_LINKS {
        let _exists = rustix::fs::symlink(origin, link);
    }
    Ok(())
}

/// Mounts the file systems that every workload gets, which are then only moved to their places.
/// What fails is tried again there.
pub(crate) fn mount_in_advance() {
    for mount in &SYSTEM {
        let place = mount.place();
        if std::fs::create_dir_all(&place).is_ok() {
            let _tried_again = mount.mount_on(&place);
        }
    }
}

/// On a disk that is already the root, mounts the file systems that are not mounted yet.
pub(crate) fn mount_system_folders() {
    let writable = rustix::fs::access("/tmp", rustix::fs::Access::WRITE_OK).is_ok();
    for mount in SYSTEM.iter().chain(&MEMORY) {
        let target = Path::new(mount.target);
        if is_mount_point(target) || (writable && mount.target == "/tmp") {
            continue;
        }
        let _exists = std::fs::create_dir(target);
        if let Err(error) = mount.mount_on(target) {
            console::say(&format!("{} is not mounted: {error}", mount.target));
        }
    }
    for (origin, link) in DEVICE_LINKS {
        let _exists = rustix::fs::symlink(origin, link);
    }
}

fn is_mount_point(path: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(path).map(|found| found.dev()).ok();
    path.parent()
        .is_some_and(|parent| device(path).is_some() && device(path) != device(parent))
}

/// Makes all file systems read-only: the last step before a machine stops.
pub(crate) fn make_read_only() {
    let _nothing_more_to_be_done = rustix::mount::mount_remount("/", MountFlags::RDONLY, c"");
}

/// Mounts everything in the boot configuration under `/mnt/root`.
pub(crate) fn assemble(config: &BootConfig) -> Result<()> {
    let root = &config.root;
    let filesystem = Filesystem::from_name(&root.filesystem)?;
    let mut device = disks::wait_for(&root.serial)?;
    if let Some(tree) = &root.verity {
        modules::load_all(modules::VERITY);
        device = verity::open(&device, &tree.root_hash, tree.hash_offset)?;
    }
    let mount = |access, target| {
        disks::mount_device(&device, &root.serial, Some(filesystem), access, target)
    };
    let (base, target) = (Path::new(BASE), Path::new(ROOT));
    make_folder(ROOT)?;
    let read_only = root.mode == RootMode::ReadOnly;
    match &root.mode {
        RootMode::Overlay { serial } => {
            mount(Access::ReadOnly, base)?;
            let scratch = Path::new(SCRATCH);
            disks::mount(serial, Some(Filesystem::Ext4), Access::Writable, scratch)?;
            closing::keep_scratch(scratch)?;
            mount_writable(base, scratch, target)?;
        }
        RootMode::ReadOnly => {
            mount(Access::ReadOnly, base)?;
            mount_memory_for_scratch()?;
            mount_writable(base, Path::new(SCRATCH), target)?;
        }
        RootMode::Writable => {
            mount(Access::Writable, target)?;
            mount_memory_for_scratch()?;
        }
    }
    let sources = mounts::open_all(&config.mounts)?;
    volumes::attach_all(&config.disks)?;
    let system: Vec<&KernelMount> = if read_only {
        SYSTEM.iter().chain(&MEMORY).collect()
    } else {
        SYSTEM.iter().collect()
    };
    let trusted = {
        let root = InRoot::new(Path::new(ROOT))?;
        prepare(&root, config, &system, &sources)
    };
    if read_only {
        rustix::mount::unmount(ROOT, UnmountFlags::empty())
            .context(|| "unmount the root that was prepared".to_owned())?;
        let layers = format!("lowerdir={SCRATCH}/upper:{BASE}");
        mount_overlay(&layers, MountFlags::RDONLY, Path::new(ROOT))?;
    }
    let root = InRoot::new(Path::new(ROOT))?;
    for mount in system {
        mount_system(&root, mount)?;
    }
    if read_only {
        mounts::mount_volumes(&root, &config.volumes)?;
    }
    if let Some(trusted) = trusted {
        trusted.mount(&root);
    }
    additions::mount_all(&root, &sources, config)
}

/// Mounts everything in the boot configuration on a disk that is the root already, and names the machine
/// there.
pub(crate) fn complete(config: &BootConfig) -> Result<()> {
    let sources = mounts::open_all(&config.mounts)?;
    volumes::attach_all(&config.disks)?;
    let root = InRoot::new(Path::new("/"))?;
    if let Some(trusted) = prepare(&root, config, &[], &sources) {
        trusted.mount(&root);
    }
    additions::mount_all(&root, &sources, config)
}

fn mount_memory_for_scratch() -> Result<()> {
    make_folder(SCRATCH)?;
    KernelMount::required(SCRATCH, "tmpfs", MountFlags::empty())
        .mount_on(Path::new(SCRATCH))
        .context(|| "mount memory for scratch space".to_owned())
}

/// Makes `/mnt/root` the root of this process and of all later ones.
///
/// An initramfs does not support `pivot_root`; its files are hidden under the new root.
pub(crate) fn enter() -> Result<()> {
    rustix::process::chdir(ROOT)
        .and_then(|()| rustix::mount::mount_move(ROOT, "/"))
        .and_then(|()| rustix::process::chroot("."))
        .and_then(|()| rustix::process::chdir("/"))
        .context(|| "enter the root file system".to_owned())
}

/// Makes the mount points that are needed later, and writes the machine's own files, while the root is
/// still writable; returns what is to be mounted for its trust. Failures are
/// ignored: the step that needs a missing mount point reports it.
fn prepare(
    root: &InRoot,
    config: &BootConfig,
    system: &[&KernelMount],
    sources: &[mounts::Source<'_>],
) -> Option<Trusted> {
    for mount in system {
        let _checked_when_mounted = root.make_folder(Path::new(mount.target));
    }
    for source in sources {
        let _checked_when_mounted = source.make_target(root);
    }
    for target in additions::folders(config) {
        let _checked_when_mounted = root.make_folder(Path::new(target));
    }
    for target in additions::files(config) {
        let _checked_when_mounted = root.make_file(Path::new(target));
    }
    let working_dir = Path::new("/").join(&config.process.working_dir);
    let _checked_at_launch = root.make_folder(&working_dir);

    for volume in &config.volumes {
        let _the_workload_will_tell = root.make_folder(&Path::new("/").join(volume));
    }

    name(root, &config.hostname);
    let network = config.network.as_ref()?;
    let resolver = Path::new(MACHINE_FILES[3]);
    let _there_is_none = root.remove_link(resolver);
    write(root, MACHINE_FILES[3], &link::resolver(network));
    network
        .trust
        .as_ref()
        .map(|trust| trust::install(root, trust))
}

/// Writes the files with the name of the machine. They are the machine's, whatever the image has: it
/// was built on another host.
fn name(root: &InRoot, hostname: &str) {
    let hosts = format!(
        "127.0.0.1\tlocalhost {hostname}\n::1\tlocalhost ip6-localhost ip6-loopback {hostname}\n"
    );
    write(root, MACHINE_FILES[0], &format!("{hostname}\n"));
    write(root, MACHINE_FILES[1], &hosts);
}

/// Writes the names of a copy of a machine into its root: its id, and its host name if that is another
/// one.
pub(crate) fn identify(hostname: Option<&str>, machine_id: &str, trust: Option<&Trust>) {
    let root = match InRoot::new(Path::new("/")) {
        Ok(root) => root,
        Err(error) => return console::say(&format!("cannot identify the machine: {error}")),
    };
    if let Some(hostname) = hostname {
        name(&root, hostname);
    }
    write(&root, MACHINE_FILES[2], &format!("{machine_id}\n"));
    if let Some(trust) = trust {
        trust::install(&root, trust).mount(&root);
    }
}

fn write(root: &InRoot, path: &str, content: &str) {
    if let Err(error) = root.write(Path::new(path), content) {
        console::say(&format!("cannot write {path}: {error}"));
    }
}

fn mount_system(root: &InRoot, mount: &KernelMount) -> Result<()> {
    let target = Path::new(mount.target);
    let mounted = root.make_folder(target).and_then(|folder| {
        let folder = path_of(&folder);
        rustix::mount::mount_move(mount.place(), &folder).or_else(|_| mount.mount_on(&folder))
    });
    match mounted {
        Err(error) if !mount.required => {
            console::say(&format!("{} is not mounted: {error}", mount.target));
            Ok(())
        }
        result => result.context(|| format!("mount {} in the image", mount.target)),
    }
}

fn make_folder(path: &str) -> Result<()> {
    std::fs::create_dir_all(path).context(|| format!("make {path}"))
}
