use std::io;

use lazaret_artifacts::Family;
use lazaret_supervisor::{DiskError, Error, Setting, WorkloadFailure};
use lazaret_vm::probe::{Reason, Verdict};
use lazaret_vm::{Accelerator, Error as Vm};

use super::*;

/// Checks status, part of the message and part of the hint; an empty part means that there is none.
fn check(failure: impl Into<Failure>, status: u8, message: &str, hint: &str) {
    let answer = answer(&failure.into());
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.message.contains(message), "{answer:?}");
    match &answer.hint {
        Some(text) => assert!(!hint.is_empty() && text.contains(hint), "{answer:?}"),
        None => assert!(hint.is_empty(), "{answer:?}"),
    }
}

#[cfg(feature = "serve")]
fn listen(address: &str, kind: io::ErrorKind) -> lazaret_registry::Error {
    lazaret_registry::Error::Listen {
        address: address.parse().unwrap(),
        source: kind.into(),
    }
}

#[cfg(feature = "serve")]
#[test]
fn addresses_that_cannot_be_listened_on() {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let taken = listen("127.0.0.1:5000", AddrInUse);
    check(taken, 7, "failed to listen on 127.0.0.1:5000", "--listen");
    check(listen("127.0.0.1:0", AddrInUse), 7, "", "every port");
    check(listen("[::9]:5000", AddrNotAvailable), 5, "", "interface");
    check(listen("127.0.0.1:80", PermissionDenied), 1, "", "1024");
}

#[cfg(feature = "serve")]
#[test]
fn registries_that_are_not_there_or_are_broken() {
    use lazaret_registry::{Error, KeyError};
    let path = || "/nowhere".into();
    check(
        Error::NoRegistry { path: path() },
        4,
        "no registry",
        "--root",
    );
    let missing = Error::Read {
        path: path(),
        source: io::ErrorKind::NotFound.into(),
    };
    check(missing, 4, "failed to read '/nowhere'", "");
    let key = KeyError("short".to_owned());
    check(Error::Key(key), 5, "short", "");
    let full = Error::Create {
        path: path(),
        source: io::ErrorKind::StorageFull.into(),
    };
    check(full, 9, "failed to create", "");
}

#[test]
fn settings_are_called_what_their_flags_are() {
    let setting = |setting, value: &str| Error::Setting {
        setting,
        value: value.to_owned(),
        reason: "expected NAME=value".to_owned(),
    };
    let message = "--env '=x' cannot be used: expected NAME=value";
    check(setting(Setting::Environment, "=x"), 2, message, "");
    check(setting(Setting::Injection, "x"), 2, "--inject 'x'", "");
    let image = Error::ArtifactsOnly {
        setting: Setting::Family,
        source_name: "layout".to_owned(),
    };
    check(image, 2, "--family is for artifact files, and 'layout'", "");
    check(Error::ReadOnlyOwnDisk, 2, "--fs 'ext4' cannot be used", "");
    let family = Family::Agent;
    check(Error::NoContent { family }, 2, "--content is for tool", "");
    let reference = Box::new("localhost:5000/tools/t:v1".parse().unwrap());
    check(
        Error::LosesContent { reference },
        7,
        "has content",
        "--no-content",
    );
}

#[test]
fn machines_and_kernels() {
    check(Error::Vm(Vm::NoKernel), 4, "no kernel", "apt-get download");
    let kernels = |known: &[&str]| {
        Error::Vm(Vm::KernelNotFound {
            name: "6.1".to_owned(),
            known: known.iter().map(|name| (*name).to_owned()).collect(),
        })
    };
    check(kernels(&["6.2", "6.3"]), 4, "`6.1`", "there are: 6.2, 6.3");
    check(kernels(&[]), 4, "`6.1`", "apt-get download");
    let package = Error::Vm(Vm::MetaPackage {
        package: "linux-image".to_owned(),
        depends: Some("linux-image-6.1".to_owned()),
    });
    let hint = "apt-get download linux-image-6.1`";
    check(package, 5, "meta package", hint);
    let program = "qemu-system-x86_64";
    let hint = "apt-get install qemu-system-x86";
    check(Error::Vm(Vm::QemuNotFound { program }), 4, program, hint);
    check(Error::ChannelClosed, 1, "the machine ended", "");
}

#[test]
fn accelerators() {
    let notice = |reason| {
        Notice::Accelerator(Verdict {
            accelerator: Accelerator::Tcg,
            reason,
            cached: false,
        })
    };
    let denied = of_notice(&notice(Reason::PermissionDenied)).unwrap();
    assert!(denied.contains("usermod -aG kvm"));
    assert_eq!(of_notice(&notice(Reason::Forced)), None);
    assert_eq!(of_notice(&Notice::NoNetwork), None);
}

#[test]
fn artifacts_and_references() {
    use lazaret_artifacts::Error as Artifact;
    let check = |error: Artifact, hint| check(Error::Artifact(error), 5, "", hint);
    let repository = "acme/x".to_owned();
    check(Artifact::FamilyNotInferred { repository }, "--family");
    check(Artifact::NoCommand, "--entrypoint");
    let name = "data".to_owned();
    let family = "fileset";
    let missing = Artifact::MountPathMissing { family, name };
    check(missing, "--mount REF:/path/for/data");
    let not_runnable = |mountable| Artifact::NotRunnable {
        reference: "acme/tools/t:v1".to_owned(),
        what: "a tool".to_owned(),
        mountable,
    };
    check(not_runnable(true), "--mount acme/tools/t:v1");
    check(not_runnable(false), "run an agent");
    let bare = "alpine:3".parse::<lazaret_oci::Reference>().unwrap_err();
    let reference = Artifact::ComponentReference {
        pointer: "/spec/image".to_owned(),
        source: bare,
    };
    check(reference, "docker.io/library/alpine:3");
}

#[test]
fn registries_that_refuse_or_are_not_reached() {
    use lazaret_client::{Answer, Cause, Error as Client};
    let (registry, operation) = (|| "reg.example".to_owned(), || "pull".to_owned());
    let answer = |status| {
        Box::new(Answer {
            status,
            ..Answer::default()
        })
    };
    let unauthorized = |credentials_sent| {
        Error::Client(Client::Unauthorized {
            registry: registry(),
            operation: operation(),
            answer: answer(401),
            credentials_sent,
        })
    };
    check(
        unauthorized(false),
        3,
        "",
        "log in first: lazaret login reg.example",
    );
    check(unauthorized(true), 3, "", "were not accepted");
    let limited = |retry_after| {
        Error::Client(Client::RateLimited {
            registry: registry(),
            operation: operation(),
            answer: answer(429),
            retry_after,
        })
    };
    let hour = Some(std::time::Duration::from_secs(3600));
    check(limited(hour), 6, "", "try again in 3600 s");
    check(limited(None), 6, "", "log in for a higher limit");
    let unreachable = |cause| {
        Error::Client(Client::Unreachable {
            registry: registry(),
            operation: operation(),
            reason: "no".to_owned(),
            cause,
        })
    };
    check(unreachable(Cause::PlainServer), 6, "", "--plain-http");
    check(
        unreachable(Cause::UnknownAuthority),
        6,
        "",
        "LAZARET_CA_FILE",
    );
    check(unreachable(Cause::Other), 6, "cannot reach reg.example", "");
    let helper = Client::CredentialHelper {
        helper: "docker-credential-pass".to_owned(),
        server: registry(),
        reason: "is not installed".to_owned(),
    };
    check(Error::Client(helper), 9, "", "install or unlock");
}

#[test]
fn the_hint_of_a_component_is_that_of_its_failure() {
    let reference: lazaret_oci::Reference = "localhost:5000/a/b:v1".parse().unwrap();
    let fetch = Error::Fetch {
        reference: Box::new(reference),
        source: Box::new(Error::ImageNotFound {
            name: "b".to_owned(),
        }),
    };
    check(fetch, 4, "b' in the store", "lazaret image ls");
}

#[test]
fn full_disks() {
    let no_space = Error::Io {
        action: "write 'x'".to_owned(),
        source: io::ErrorKind::StorageFull.into(),
    };
    check(no_space, 9, "failed to write 'x'", "free some space");
    let source = DiskError::DiskFull { needed: 2, size: 1 };
    let subject = "the image".to_owned();
    check(Error::Convert { subject, source }, 5, "", "--size");
}

#[test]
fn workloads_that_do_not_start_have_statuses_of_their_own() {
    for (kind, status) in [
        (FailureKind::Machine, 125),
        (FailureKind::NotExecutable, 126),
        (FailureKind::NotFound, 127),
    ] {
        let failure = WorkloadFailure {
            kind,
            message: "no such file".to_owned(),
        };
        check(Failure::Workload(failure), status, "no such file", "");
    }
}
