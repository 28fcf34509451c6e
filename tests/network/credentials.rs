//! A service gets its secret from outside the machine, and nothing of the machine ever has it.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lazaret_testing::http::{Answer, Peer};
use lazaret_testing::program::{Output, finish};
use memchr::memmem;
use rustix::fs::SeekFrom;

use crate::support::{Lazaret, World};

const SECRET: &str = "sk-real-5f1d0c6b8a7e4932-do-not-leak";

const FILES: &[(&str, &str)] = &[
    (
        "svc.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Integration, metadata: {name: guarded}, spec: {
          endpoints: [{host: api.svc.test, ports: [PORT]}],
          credentials: [{name: key, inject: {header: Authorization}, format: 'Bearer {}'}],
          placeholder: 'sk-{32}'}}",
    ),
    (
        "policy.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Policy, metadata: {name: p}, spec: {
          network: {default: deny, rules: [{match: api.svc.test, ports: [PORT], verdict: allow}]},
          integrations: [{ref: 'acme/integrations/guarded:v1'}]}}",
    ),
    (
        "agent.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Agent, metadata: {name: a}, spec: {
          image: 'acme/images/python:v1', command: 'exec sleep 1000',
          credentials: [{name: key, env: SVC_KEY}]}}",
    ),
    (
        "bundle.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: AgentSystem, metadata: {name: b}, spec: {
          components: {agents: [{ref: 'acme/agents/a:v1'}], policies: [{ref: 'acme/policies/p:v1'}]}}}",
    ),
];

const RUN: &str = "exec >/dev/null
    r=$LAZARET_REGISTRY
    lazaret push python-svc $r/acme/images/python:v1
    lazaret push svc.yaml $r/acme/integrations/guarded:v1
    lazaret push policy.yaml $r/acme/policies/p:v1
    lazaret push agent.yaml $r/acme/agents/a:v1
    lazaret push bundle.yaml $r/acme/bundles/b:v1
    export SSL_CERT_FILE=$PWD/ca.pem
    lazaret -q run -d --name keyed --add-host api.svc.test:host-gateway $r/acme/bundles/b:v1
";

/// What the guest runs: a request with what it believes to be the key, to the host of its first argument.
const REQUEST: &str = r#"
import os, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + os.environ["SVC_KEY"]})
try:
    print(urllib.request.urlopen(request, timeout=60).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"#;

/// A home with Debian's Python as an image, and an authority that servers are verified by.
struct Service {
    world: World,
    lazaret: Lazaret,
    served: Peer,
    port: u16,
}

impl Service {
    fn new() -> Self {
        let world = World::new();
        let lazaret = world.python("python-svc");
        // The server echoes nothing: what a service sends back is its own affair.
        let (served, pem) = Peer::start_tls(&["api.svc.test"], |_| Answer::new(200).body(b"hello"));
        let port = served.address.port();
        world.write("ca.pem", pem);
        let port_text = port.to_string();
        for (name, text) in FILES {
            world.write(name, text.replace("PORT", &port_text));
        }
        Self {
            world,
            lazaret,
            served,
            port,
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.lazaret.run(arguments)
    }

    fn connect(&self) {
        let connect = [
            "connect",
            "guarded",
            "--integration",
            "svc.yaml",
            "--secret-stdin",
        ];
        self.lazaret
            .run_with_input(connect, SECRET.as_bytes())
            .success();
    }

    fn request(&self, machine: &str) -> String {
        let url = format!("https://api.svc.test:{}/v1/x", self.port);
        let sent = self.run(&["exec", machine, "python3", "-c", REQUEST, &url]);
        sent.success().stdout
    }
}

/// The forms of the secret that are looked for.
fn needles() -> Vec<Vec<u8>> {
    vec![
        SECRET.into(),
        STANDARD.encode(SECRET).into_bytes(),
        SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]
}

fn has_secret(bytes: &[u8]) -> bool {
    let needles = needles();
    let mut needles = needles.iter();
    needles.any(|needle| memmem::find(bytes, needle).is_some())
}

/// All regular files below a folder whose content is what is looked for.
fn files_with(folder: &Path, is_it: &dyn Fn(&[u8]) -> bool, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            files_with(&entry.path(), is_it, found);
        } else if kind.is_file() && written(&entry.path()).iter().any(|part| is_it(part)) {
            found.push(entry.path().display().to_string());
        }
    }
}

/// What was written of a file, without its holes: disks of machines are large and empty. A file that is
/// gone meanwhile has nothing.
fn written(path: &Path) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let Ok(file) = fs::File::open(path) else {
        return parts;
    };
    let mut at = 0;
    while let Ok(start) = rustix::fs::seek(&file, SeekFrom::Data(at)) {
        at = rustix::fs::seek(&file, SeekFrom::Hole(start)).unwrap();
        let mut part = vec![0; usize::try_from(at - start).unwrap()];
        let count = file.read_at(&mut part, start).unwrap_or(0);
        part.truncate(count);
        parts.push(part);
    }
    parts
}

/// Whether the memory of a process has the secret; how many bytes were read.
fn memory_has_secret(pid: u64) -> (bool, u64) {
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut read = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        if !rest.starts_with('r') || rest.ends_with("[vvar]") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(number(end) - number(start)).unwrap()];
        let Ok(count) = memory.read_at(&mut bytes, number(start)) else {
            continue;
        };
        read += count as u64;
        if has_secret(&bytes[..count]) {
            return (true, read);
        }
    }
    (false, read)
}

#[test]
fn a_secret_reaches_the_server_and_is_nowhere_in_the_machine() {
    let service = Service::new();
    service.connect();
    service.lazaret.with_registry(RUN).success();
    // Something that the guest does know, to see that its memory is read at all.
    let known = "a-text-that-the-guest-has-in-memory-4711";
    let holds = [
        "exec",
        "-d",
        "keyed",
        "env",
        &format!("KNOWN={known}"),
        "sleep",
        "1000",
    ];
    service.run(&holds).success();
    assert_eq!(service.request("keyed"), "hello\n");
    let seen = service.served.seen();
    assert_eq!(
        seen[0].header("authorization"),
        Some(&*format!("Bearer {SECRET}"))
    );

    // What the guest says of itself, what is told of it, and what it has been given.
    for shown in [
        &["exec", "keyed", "env"][..],
        &["exec", "keyed", "sh", "-c", "cat /proc/[0-9]*/environ"],
        &["inspect", "keyed"],
        &["logs", "keyed"],
        &["audit", "show", "keyed", "--format", "json"],
        &["connect", "--list", "--format", "json"],
    ] {
        let output = service.run(shown).success();
        assert!(!output.stdout.contains(SECRET), "{shown:?}");
        assert!(!output.stderr.contains(SECRET), "{shown:?}");
    }
    // The memory of the emulator, which is that of the guest.
    let described = service.run(&["inspect", "keyed"]).json();
    let pid = described[0]["state"]["pid"].as_u64().unwrap();
    let (has, read) = memory_has_secret(pid);
    assert!(!has && read > 100 << 20, "{has}, {read} bytes");
    // Disks, logs, states and a dump of memory; all but the store itself.
    let home = service.lazaret.home().to_owned();
    service
        .run(&["checkpoint", "create", "keyed", "keyed-moment"])
        .success();
    let mut found = Vec::new();
    files_with(&home, &has_secret, &mut found);
    found.retain(|path| !path.ends_with("/secrets.json"));
    assert_eq!(found, [""; 0]);
    // The dump is the memory of the guest, or nothing would follow from this.
    let has_known = |bytes: &[u8]| memmem::find(bytes, known.as_bytes()).is_some();
    files_with(&home, &has_known, &mut found);
    assert!(
        found.iter().any(|path| path.contains("checkpoint")),
        "{found:?}"
    );
    service.run(&["checkpoint", "rm", "keyed-moment"]).success();

    // A copy has the same placeholders, and what they stand for.
    let mut fork = service.lazaret.command(["fork", "keyed"]);
    fork.env("SSL_CERT_FILE", service.world.path("ca.pem"));
    let copy = finish(fork).success().stdout;
    assert_eq!(service.request(copy.trim()), "hello\n");
    service.run(&["rm", "-f", copy.trim()]).success();

    // Taken back, it is gone from the next request on.
    service.run(&["disconnect", "guarded"]).success();
    let refused = service.request("keyed");
    assert!(refused.starts_with("403 "), "{refused}");
    assert!(refused.contains("lazaret connect guarded"), "{refused}");
    assert_eq!(service.served.seen().len(), 2);
    service.run(&["rm", "-f", "keyed"]).success();
}
