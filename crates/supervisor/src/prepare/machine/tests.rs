use super::*;

const DOCUMENT: &str = r#"
[artifacts.kernels.edge]
build = "text"
validate = "text"
reference = { registry = "r", repository = "acme/edge", version = "v1" }
distribution = { cache_root = "c", push = { backend = "file-system", root = "s" }, pull = { backend = "file-system", root = "s" } }
[[artifacts.kernels.edge.variants]]
path = "out/vmlinux"
selector = { architecture = "native", substrate = "qemu", protection_mode = "standard" }
[artifacts.guest_images.base]
build = "text"
validate = "text"
reference = { registry = "r", repository = "acme/base", version = "v1" }
distribution = { cache_root = "c", push = { backend = "file-system", root = "s" }, pull = { backend = "file-system", root = "s" } }
[[artifacts.guest_images.base.variants]]
path = "out/rootfs.ext4"
selector = { architecture = "native", substrate = "qemu", protection_mode = "standard" }
[hosts.here]
platform = "linux"
provider = "local"
connection = { mode = "local" }
firecracker = { local_launch = true, notes = [] }
[hosts.there]
platform = "linux"
provider = "aws"
connection = { mode = "ssh", destination = "10.0.0.1", user = "me" }
firecracker = { local_launch = false, notes = [] }
[machines.one]
host = "here"
kernel = "edge"
guest_image = "base"
substrate = "qemu"
protection_mode = "standard"
architecture = "native"
vcpu_count = 1
memory_mib = 256
kernel_args = "quiet"
rootfs_read_only = true
guest = { vsock_cid = 3, control_port = 7000, console_log = "console.log" }
[machines.far]
host = "there"
kernel = "edge"
guest_image = "base"
substrate = "qemu"
protection_mode = "standard"
architecture = "native"
vcpu_count = 1
memory_mib = 256
kernel_args = ""
rootfs_read_only = false
guest = { vsock_cid = 4, control_port = 7000, console_log = "console.log" }
"#;

fn document() -> Document {
    Document::parse(DOCUMENT).unwrap().document
}

#[test]
fn a_machine_is_found_or_the_one_that_was_meant_is_named() {
    let document = document();
    assert_eq!(find_machine(&document, "one").unwrap().memory_mib, 256);
    let error = find_machine(&document, "onne").unwrap_err();
    let Error::Build(BuildError::NoMachine { nearest, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(nearest.as_deref(), Some("one"));
}

#[test]
fn machines_of_other_hosts_are_refused() {
    let document = document();
    check_host(&document, find_machine(&document, "one").unwrap()).unwrap();
    let far = find_machine(&document, "far").unwrap();
    let error = check_host(&document, far).unwrap_err().to_string();
    assert!(error.contains("over SSH at 10.0.0.1"), "{error}");
}
