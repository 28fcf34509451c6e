//! Documents with faults: all are told, each with its place.

use super::SAMPLE;
use crate::{Document, Fault};

/// The faults of the sample after these replacements.
fn faults(replacements: &[(&str, &str)]) -> Vec<String> {
    let mut text = SAMPLE.to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "the sample has {from}");
        text = text.replacen(from, to, 1);
    }
    messages(&text)
}

fn messages(text: &str) -> Vec<String> {
    match Document::parse(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.faults.iter().map(Fault::to_string).collect(),
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let found = faults(&[
        ("version = \"v1\" }", "version = \"../v1\" }"),
        (
            "kind = \"basic-env\"\nusername_variable = \"RU\"",
            "kind = \"basic-env\"\nusername_variable = \" \"",
        ),
        ("audience = \"fleet\"", "audience = \"\""),
        ("vcpu_count = 2", "vcpu_count = 0"),
        ("host = \"mac\"", "host = \"pc\""),
    ]);
    assert_eq!(
        found,
        [
            "5:80: artifacts.kernels.demo-kernel.reference.version: the version '../v1' has a separator of paths",
            "76:21: artifacts.guest_images.demo-guest.distribution.push.auth.username_variable: is empty",
            "114:12: control_planes.demo.audience: is empty",
            "170:14: machines.demo.vcpu_count: is not from 1 to 4096",
            "182:8: machines.mac.host: is no host of the document",
        ]
    );
}

/// Each fault alone gives one message that ends so.
#[test]
fn each_rule_has_its_message() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "[hosts.mac]",
            "[hoss.mac]",
            "machines.mac.host: is no host of the document",
        ),
        (
            "kernel = \"demo-kernel\"\nguest",
            "kernel = \"demo\"\nguest",
            "machines.demo.kernel: is no kernel of the document",
        ),
        (
            "guest_image = \"demo-guest\"",
            "guest_image = \"demo-kernel\"",
            "guest_image: is no guest image of the document",
        ),
        (
            "control_plane = \"demo\" }",
            "control_plane = \"dem\" }",
            "connection.control_plane: is no control plane of the document",
        ),
        (
            "endpoint = \"http://127.0.0.1:7040/\"",
            "endpoint = \"http://127.0.0.1:7041\"",
            "is not the endpoint of a control plane of the document",
        ),
        (
            "scheme = \"bearer\"",
            "scheme = \"basic\"",
            "auth.scheme: is not bearer, the only scheme",
        ),
        (
            "header = \"Authorization\"",
            "header = \"a b\"",
            "auth.header: is no name of a header",
        ),
        (
            "variable = \"PORT_DEMO_TOKEN\"",
            "variable = \"A=B\"",
            "is no name of an environment variable",
        ),
        (
            "backend = \"file-system\", root = \"artifact-store/demo-fs\" }\npull",
            "backend = \"tape\" }\npull",
            "push.backend: is not one of file-system, oci-registry, hosted-api",
        ),
        (
            "transport = \"plain-http\"",
            "transport = \"smoke\"",
            "'smoke' is no transport; known are https, plain-http",
        ),
        (
            "host = \"local\"\nkernel",
            "host = \"mac\"\nkernel",
            "machines.demo.substrate: is firecracker, which needs a host with linux, not macos",
        ),
        (
            "host = \"mac\"",
            "host = \"local\"",
            "machines.mac.substrate: is avf, which needs a host with macos, not linux",
        ),
        (
            "[hosts.local.firecracker.pvm_lanes.host_kit]",
            "[hosts.local.firecracker.pvm_lanes.kit]",
            "pvm_lanes[0]: is planned, but has no 'host_kit'",
        ),
        (
            "path = \"/srv/kernels/vmlinux\"",
            "path = \"/srv/kernels/\"",
            "path: has no name of a file at its end",
        ),
        (
            "path = \"/srv/kernels/vmlinux\"",
            "path = \"a/..\"",
            "path: has no name of a file at its end",
        ),
        (
            "path = \"/srv/kernels/vmlinux\"",
            "path = \"a\\u0000b\"",
            "path: has characters that cannot be seen",
        ),
        (
            "substrate = \"qemu\", prot",
            "substrate = \"cloud-hypervisor\", prot",
            "selector: is x86_64/cloud-hypervisor/standard, as that of another variant",
        ),
        (
            "memory_mib = 512",
            "memory_mib = -1",
            "memory_mib: is not from 1 to 16777216",
        ),
        (
            "memory_mib = 512",
            "memory_mib = \"512\"",
            "memory_mib: is text, not a whole number",
        ),
        (
            "volumes = [",
            "volumes = [{ name = \"a\", backend = \"host-file\", persistence = \"persistent\", path = \"b\" }, ",
            "volumes: has more than one volume",
        ),
        (
            "vsock_cid = 52",
            "vsock_cid = 2",
            "vsock_cid: is not from 3 to 4294967294",
        ),
        (
            "registry = \"127.0.0.1:5510\"",
            "registry = \"a b\"",
            "push.backend: 'a b/port/demo-guest:v1' cannot be used in an OCI registry: invalid registry 'a b': the host is not a domain name or address",
        ),
        (
            "package = \"linux-image-cloud-amd64\"",
            "package = \"-o\"",
            "is no name of a Debian package",
        ),
        (
            "package = \"linux-image-cloud-amd64\"",
            "package = \"a\"\nfile = \"b\"",
            "has file and package, but one alone is meant",
        ),
        (
            "package = \"linux-image-cloud-amd64\"",
            "",
            "has none of file, package, url, command, flake",
        ),
        (
            "flake = \"../pvm-builds#guest-kernel\"",
            "file = \"vmlinux\"",
            "a protected kernel comes from 'command' or 'flake'",
        ),
        (
            "command = [\"make\"",
            "command = [\"\"",
            "command: names no program",
        ),
        (
            "sha256 = \"00",
            "sha256 = \"0",
            "wrong number of hexadecimal digits",
        ),
        (
            "url = \"https",
            "url = \"gopher",
            "it begins with neither http:// nor https://",
        ),
        (
            "substrate = \"qemu\"\n",
            "architecture = \"x86_64\"\n",
            "is for the same variants as a source before it",
        ),
        (
            "to = \"/etc/motd\"",
            "to = \"/etc/../motd\"",
            "is no absolute path without empty parts, '.' and '..'",
        ),
        (
            "mode = \"0644\"",
            "mode = \"0698\"",
            "is no octal number up to 7777, such as \"0644\"",
        ),
        (
            "size = \"256MiB\"",
            "size = \"many\"",
            "'many' is no size such as 512KiB or 10GiB",
        ),
    ];
    for (from, to, expected) in cases {
        let found = faults(&[(from, to)]);
        assert!(!found.is_empty(), "{from} -> {to}");
        assert!(
            found.len() == 1 && found[0].ends_with(expected),
            "{from} -> {to}\nexpected {expected}\nfound {found:#?}"
        );
    }
}

#[test]
fn the_protected_mode_is_that_of_firecracker_on_x86() {
    let found = faults(&[(
        "architecture = \"x86_64\"\nvcpu",
        "architecture = \"aarch64\"\nvcpu",
    )]);
    let expected = [
        "machines.demo.kernel: has no variant aarch64/firecracker/pvm",
        "machines.demo.guest_image: has no variant aarch64/firecracker/pvm",
        "machines.demo.protection_mode: is pvm, which is for research only on this host",
        "machines.demo.protection_mode: is pvm, which needs x86_64 and firecracker, not aarch64 and firecracker",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.ends_with(expected), "{found}");
    }
}

#[test]
fn an_endpoint_has_one_control_plane() {
    let text = format!(
        "{SAMPLE}\n[control_planes.other]\nendpoint = \"http://127.0.0.1:7040/\"\naudience = \"a\"\n\
         auth = {{ scheme = \"bearer\", header = \"h\", source = {{ kind = \"env\", variable = \"V\" }} }}\n"
    );
    let found = messages(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].ends_with(
            "control_planes.other.endpoint: is the endpoint of control plane 'demo', too"
        )
    );
}

#[test]
fn missing_tables_are_named() {
    assert_eq!(
        messages(""),
        [
            "1:1: 'artifacts' is missing",
            "1:1: 'hosts' is missing",
            "1:1: 'machines' is missing"
        ]
    );
    assert_eq!(
        messages("hosts = 1\nmachines = []\n[artifacts]\nkernels.a = {}\n"),
        [
            "1:9: hosts: is a number, not a table",
            "2:1: machines: is a list, not a table",
            "3:2: artifacts: 'guest_images' is missing",
            "4:9: artifacts.kernels.a: 'build' is missing",
            "4:9: artifacts.kernels.a: 'distribution' is missing",
            "4:9: artifacts.kernels.a: 'reference' is missing",
            "4:9: artifacts.kernels.a: 'validate' is missing",
            "4:9: artifacts.kernels.a: 'variants' is missing",
        ]
    );
}

#[test]
fn all_faults_of_the_notation_are_told() {
    let found = messages("a = \nb = 1\nc = [1, \nd = 'x\n");
    assert!(found.len() >= 2, "{found:#?}");
    assert!(found[0].starts_with("1:5: "), "{found:#?}");
}

#[test]
fn text_of_the_document_cannot_drive_a_terminal() {
    let found =
        messages("[\"\\u001b[2J\"]\n[artifacts.kernels.\"a\\u001bb\"]\n[hosts]\n[machines]\n");
    assert!(!found.is_empty());
    for message in found {
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
}

#[test]
fn a_misspelt_key_is_warned_of() {
    let text = SAMPLE.replacen("colour", "buidl", 1);
    let parsed = Document::parse(&text).unwrap();
    assert_eq!(
        parsed.warnings[0].message,
        "is not known and has no effect; did you mean build?"
    );
}
