//! Sound documents.

use std::path::Path;

use super::SAMPLE;
use crate::*;

/// The sample of the reference, with what it leaves out.
const REFERENCE: &str = r#"
[artifacts.kernels.edge]
build = "text"
validate = "text"
reference = { registry = "127.0.0.1:5510", repository = "acme/edge", version = "v3" }
[artifacts.kernels.edge.distribution]
cache_root = ".port/cache"
push = { backend = "oci-registry", transport = "plain-http", auth = { kind = "basic-env", username_variable = "RU", password_variable = "RP" } }
pull = { backend = "oci-registry", transport = "https", auth = { kind = "anonymous" } }
[[artifacts.kernels.edge.variants]]
path = "out/kernel/edge/x86_64/firecracker/pvm/vmlinux"
selector = { architecture = "x86_64", substrate = "firecracker", protection_mode = "pvm" }
[artifacts.guest_images.base]
build = "text"
validate = "text"
reference = { registry = "local", repository = "acme/base", version = "v3" }
distribution = { cache_root = "c", push = { backend = "file-system", root = "store" }, pull = { backend = "hosted-api", endpoint = "http://127.0.0.1:7040" } }
variants = [{ path = "rootfs.ext4", selector = { architecture = "native", substrate = "firecracker", protection_mode = "standard" } }]
[control_planes.demo]
endpoint = "http://127.0.0.1:7040"
audience = "fleet"
auth = { scheme = "bearer", header = "authorization", source = { kind = "env", variable = "TOKEN" } }
[hosts.local]
platform = "linux"
provider = "local"
connection = { mode = "local" }
firecracker = { local_launch = true, notes = [] }
[machines]
"#;

#[test]
fn the_sample_of_the_reference_is_read() {
    let Parsed { document, warnings } = Document::parse(REFERENCE).unwrap();
    assert_eq!(warnings, []);
    let edge = document.artifact("edge").unwrap();
    assert_eq!(edge.kind, ArtifactKind::Kernel);
    assert_eq!(edge.reference.to_string(), "127.0.0.1:5510/acme/edge:v3");
    let BackendSettings::OciRegistry { transport, auth } = &edge.distribution.push else {
        panic!("{:?}", edge.distribution.push);
    };
    assert_eq!(*transport, Transport::PlainHttp);
    assert_eq!(auth.describe(), "basic-env:RU:RP");
    let base = document.artifact("base").unwrap();
    let BackendSettings::HostedApi { control_plane, .. } = &base.distribution.pull else {
        panic!("{:?}", base.distribution.pull);
    };
    assert_eq!(control_plane, "demo");
    if Architecture::of_this_machine().is_some() {
        let variant = base.variant(Selector::default()).unwrap();
        assert_eq!(variant.filename, "rootfs.ext4");
    }
}

#[test]
fn every_table_of_the_sample_is_read() {
    let Parsed { document, warnings } = Document::parse(SAMPLE).unwrap();
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["60:1: artifacts.guest_images.demo-guest.colour: is not known and has no effect"]
    );
    let kernel = document.artifact("demo-kernel").unwrap();
    assert_eq!(kernel.variants.len(), 6);
    let qemu = selector("x86_64/qemu/standard");
    assert_eq!(
        kernel.variant(qemu).unwrap().path,
        Path::new("/srv/kernels/vmlinux")
    );
    let origin = |text| {
        let source = kernel.recipe.kernel_source(selector(text));
        source.map(|source| &source.origin)
    };
    assert!(matches!(
        origin("x86_64/firecracker/standard"),
        Some(KernelOrigin::Package { name, .. }) if name == "linux-image-cloud-amd64"
    ));
    assert!(matches!(
        origin("aarch64/firecracker/standard"),
        Some(KernelOrigin::Url { sha256, .. }) if sha256.hex().starts_with("0011")
    ));
    assert!(matches!(
        origin("aarch64/qemu/standard"),
        Some(KernelOrigin::Command { argv, .. }) if argv.len() == 4
    ));
    assert!(matches!(
        origin("x86_64/firecracker/pvm"),
        Some(KernelOrigin::Flake { .. })
    ));
    assert_eq!(origin("aarch64/avf/standard"), None);
    let guest = document.artifact("demo-guest").unwrap().recipe.guest();
    let guest = guest.unwrap();
    assert_eq!(guest.size.unwrap().0, 256 << 20);
    assert_eq!(guest.files[0].mode, Some(0o644));
    assert_eq!(guest.initrd, Some(true));
    assert_eq!(document.control_planes["demo"].header, "authorization");
    assert_eq!(
        document.hosts["far"].connection,
        Connection::Ssh {
            destination: "far.example.org".to_owned(),
            user: Some("port".to_owned()),
            port: 2222
        }
    );
    let machine = &document.machines["demo"];
    assert_eq!(machine.selector().to_string(), "x86_64/firecracker/pvm");
    assert_eq!(machine.volumes[0].path, Path::new("data.img"));
    assert_eq!(machine.guest.vsock_cid, 52);
}

#[test]
fn a_source_of_standard_kernels_never_serves_the_protected_mode() {
    let Parsed { mut document, .. } = Document::parse(SAMPLE).unwrap();
    let kernel = document.kernels.get_mut("demo-kernel").unwrap();
    if let Recipe::Kernel(sources) = &mut kernel.recipe {
        sources.retain(|source| source.protection_mode == ProtectionMode::Standard);
    }
    let pvm = selector("x86_64/firecracker/pvm");
    assert_eq!(kernel.recipe.kernel_source(pvm), None);
}

#[test]
fn unknown_names_say_what_was_meant() {
    let Parsed { document, .. } = Document::parse(SAMPLE).unwrap();
    let error = document.artifact("demo-kernle").unwrap_err();
    assert_eq!(
        error,
        Error::NoArtifact {
            name: "demo-kernle".to_owned(),
            nearest: Some("demo-kernel".to_owned())
        }
    );
    let guest = document.artifact("demo-guest").unwrap();
    let error = guest
        .variant(selector("aarch64/qemu/standard"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the guest-image 'demo-guest' has no variant aarch64/qemu/standard; it has \
         x86_64/firecracker/standard, x86_64/firecracker/pvm, aarch64/avf/standard"
    );
}

fn selector(text: &str) -> Selector {
    super::values::selector(text)
}
