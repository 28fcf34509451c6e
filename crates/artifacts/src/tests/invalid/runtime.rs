use serde_json::{Value, json};

use super::{check, check_at};
use crate::tests::{minimal, set};
use crate::{Family, validate};

#[test]
fn agent() {
    check_at(
        Family::Agent,
        &[
            ("/spec/image", json!("")),
            ("/spec/image", json!("Acme/x")),
            ("/spec/image", json!("acme/x:v 1")),
            ("/spec/image", json!("https://localhost/x")),
            ("/spec/image", json!("acme/x@sha256:abc")),
            ("/spec/image", json!("localhost:99999/x")),
            ("/spec/image", json!("[::zz]:5000/x")),
            ("/spec/image", json!({"ref": "acme/x"})),
            ("/spec/command", json!("")),
            ("/spec/command", json!([])),
            ("/spec/command", json!(5)),
            ("/spec/command", json!("a\u{0}b")),
            ("/spec/args", json!("x")),
            ("/spec/env", json!("A=b")),
            ("/spec/user", json!("root:wheel:x")),
            ("/spec/user", json!("")),
            ("/spec/user", json!(-1)),
            ("/spec/workingDir", json!("relative")),
            ("/spec/ports", json!(8080)),
            ("/spec/volumes", json!({})),
            ("/spec/description", json!(1)),
            ("/spec/skills", json!("x")),
        ],
    );
    check(
        Family::Agent,
        &[
            (
                "/spec/command",
                json!(["ok", 1, "a\u{0}"]),
                &["/spec/command/1", "/spec/command/2"],
            ),
            (
                "/spec/env",
                json!({"A": "x", "1B": "y", "C": 8080}),
                &["/spec/env/1B", "/spec/env/C"],
            ),
            (
                "/spec/env",
                json!(["A=x", "B", "1C=x"]),
                &["/spec/env/1", "/spec/env/2"],
            ),
            (
                "/spec/ports",
                json!([
                    0,
                    65536,
                    "0.0.0.0:1:1",
                    "8080/udp",
                    "127.0.0.1::80",
                    "70000",
                    "1:2:3",
                    1.5,
                    8080,
                    "8080:80",
                    "127.9.8.7:8080:80",
                    "[::1]:1:1",
                    "localhost:1:1",
                ]),
                &[
                    "/spec/ports/0",
                    "/spec/ports/1",
                    "/spec/ports/2",
                    "/spec/ports/3",
                    "/spec/ports/4",
                    "/spec/ports/5",
                    "/spec/ports/6",
                    "/spec/ports/7",
                ],
            ),
            (
                "/spec/volumes",
                json!([
                    "data",
                    "/host:/data",
                    "data:rel",
                    "data:/a/../b",
                    "data:/a:rx",
                    "../x:/a",
                    "data:/",
                    "data:/a",
                    "data:/a/b:ro",
                    "d.a_t-a:/a/:rw",
                ]),
                &[
                    "/spec/volumes/0",
                    "/spec/volumes/1",
                    "/spec/volumes/2",
                    "/spec/volumes/3",
                    "/spec/volumes/4",
                    "/spec/volumes/5",
                    "/spec/volumes/6",
                ],
            ),
            (
                "/spec/credentials",
                json!([
                    {"name": "a", "env": "A"}, {"name": "a"}, {"env": "A"},
                    {"name": "a", "env": "A-B", "enviroment": "A"}, "a",
                ]),
                &[
                    "/spec/credentials/1/env",
                    "/spec/credentials/2/name",
                    "/spec/credentials/3/env",
                    "/spec/credentials/3/enviroment",
                    "/spec/credentials/4",
                ],
            ),
        ],
    );
}

#[test]
fn sandbox() {
    let pinned = format!("acme/x@sha256:{}", "a".repeat(64));
    check_at(
        Family::Sandbox,
        &[
            ("/spec/isolation", json!("chroot")),
            ("/spec/isolation", json!(null)),
            ("/spec/baseImage", json!("acme/x:v1")),
            ("/spec/baseImage", json!(format!("{}b", pinned))),
            ("/spec/resources", json!(2)),
            ("/spec/supervisorVersion", json!(1.1)),
            ("/spec/capabilities", json!("NET_ADMIN")),
        ],
    );
    check(
        Family::Sandbox,
        &[
            ("/spec", json!({}), &["/spec/isolation"]),
            (
                "/spec/capabilities",
                json!(["CHOWN", "NET"]),
                &["/spec/capabilities/1"],
            ),
            (
                "/spec/resources",
                json!({"cpu": "two", "memory": "1gb", "cpus": 2}),
                &[
                    "/spec/resources/cpu",
                    "/spec/resources/cpus",
                    "/spec/resources/memory",
                ],
            ),
        ],
    );
    let mut document = minimal(Family::Sandbox);
    set(&mut document, "/spec/baseImage", json!(pinned));
    set(
        &mut document,
        "/spec/capabilities",
        json!(["CHOWN", "CAP_NET_RAW", "ALL"]),
    );
    set(&mut document, "/spec/supervisorVersion", json!("1.2"));
    assert_eq!(validate(Family::Sandbox, &document), []);
}

#[test]
fn policy() {
    let rule = |extra: Value| {
        let mut rule = json!({"match": "example.com", "verdict": "allow"});
        for (member, value) in extra.as_object().unwrap() {
            rule[member] = value.clone();
        }
        json!({"rules": [rule]})
    };
    let cases = [
        (json!({"match": "*"}), None),
        (json!({"match": "*.example.com"}), None),
        (json!({"match": "10.0.0.0/8"}), None),
        (json!({"match": "192.168.1.1"}), None),
        (json!({"match": "2001:db8::/32"}), None),
        (json!({"match": "[::1]"}), None),
        (json!({"ports": [443, "8000-8100"]}), None),
        (
            json!({"methods": ["GET", "*"], "paths": ["/v1/*", "*"]}),
            None,
        ),
        (
            json!({"transport": "tcp", "scheme": "https", "tlsTerminate": true}),
            None,
        ),
        (json!({"match": ""}), Some("match")),
        (json!({"match": "https://example.com"}), Some("match")),
        (json!({"match": "example.com:443"}), Some("match")),
        (json!({"match": "exa mple.com"}), Some("match")),
        (json!({"match": "a.*.com"}), Some("match")),
        (json!({"match": "10.0.0.0/33"}), Some("match")),
        (json!({"match": ["example.com"]}), Some("match")),
        (json!({"verdict": "Allow"}), Some("verdict")),
        (json!({"verdict": null}), Some("verdict")),
        (json!({"port": [443]}), Some("port")),
        (json!({"ports": []}), Some("ports")),
        (json!({"ports": 443}), Some("ports")),
        (json!({"ports": [0]}), Some("ports/0")),
        (json!({"ports": ["443-"]}), Some("ports/0")),
        (json!({"method": ["GET"]}), Some("method")),
        (json!({"methods": ["get"]}), Some("methods/0")),
        (json!({"paths": ["v1"]}), Some("paths/0")),
        (json!({"transport": "icmp"}), Some("transport")),
        (json!({"transport": "udp"}), Some("transport")),
        (json!({"scheme": "tcp"}), Some("scheme")),
        (json!({"tlsTerminate": "no"}), Some("tlsTerminate")),
    ];
    for (extra, member) in cases {
        let mut document = minimal(Family::Policy);
        set(&mut document, "/spec/network", rule(extra.clone()));
        let pointers: Vec<_> = validate(Family::Policy, &document)
            .into_iter()
            .map(|fault| fault.pointer)
            .collect();
        let expected: Vec<_> = member
            .iter()
            .map(|member| format!("/spec/network/rules/0/{member}"))
            .collect();
        assert_eq!(pointers, expected, "{extra}");
    }
    check(
        Family::Policy,
        &[
            (
                "/spec/network",
                json!({"default": "block"}),
                &["/spec/network/default"],
            ),
            (
                "/spec/network",
                json!({"rule": []}),
                &["/spec/network/rule"],
            ),
            (
                "/spec/network",
                json!({"rules": [{}]}),
                &[
                    "/spec/network/rules/0/match",
                    "/spec/network/rules/0/verdict",
                ],
            ),
            (
                "/spec/integrations",
                json!(["github", {"ref": "a", "tag": "v1"}, {}]),
                &[
                    "/spec/integrations/0",
                    "/spec/integrations/1/tag",
                    "/spec/integrations/2/ref",
                ],
            ),
        ],
    );
}

#[test]
fn integration() {
    check_at(
        Family::Integration,
        &[
            ("/spec/endpoints", json!([])),
            ("/spec/credentials", json!({})),
        ],
    );
    check(
        Family::Integration,
        &[
            ("/spec", json!({}), &["/spec/endpoints"]),
            (
                "/spec/endpoints",
                json!([{"host": "https://x"}, {"ports": [1]}, {"host": "x", "ports": ["1"]}, {"host": "x", "port": 1}]),
                &[
                    "/spec/endpoints/0/host",
                    "/spec/endpoints/1/host",
                    "/spec/endpoints/2/ports/0",
                    "/spec/endpoints/3/port",
                ],
            ),
            (
                "/spec/credentials",
                json!([
                    {"name": "a", "inject": {"header": "X-Key"}, "format": "Bearer {}"},
                    {"name": "a", "inject": {"query": "key"}},
                    {"name": "a", "inject": {"basic": ""}},
                    {"name": "a", "inject": {}},
                    {"name": "a", "inject": {"header": "X", "query": "y"}},
                    {"name": "a", "inject": {"cookie": "x"}},
                    {"name": "a", "inject": {"header": "X Y"}},
                    {"name": "a", "inject": {"header": "X"}, "format": "Bearer"},
                    {"name": "a", "inject": {"header": "X"}, "format": "a\r\nb{}"},
                    {"name": "a", "inject": {"header": "X"}, "host": "x"},
                    {"name": "a"},
                ]),
                &[
                    "/spec/credentials/3/inject",
                    "/spec/credentials/4/inject",
                    "/spec/credentials/5/inject/cookie",
                    "/spec/credentials/6/inject/header",
                    "/spec/credentials/7/format",
                    "/spec/credentials/8/format",
                    "/spec/credentials/9/host",
                    "/spec/credentials/10/inject",
                ],
            ),
        ],
    );
}

#[test]
fn workflow() {
    check_at(
        Family::Workflow,
        &[
            ("/spec/do", json!([])),
            ("/spec/do", json!({"greet": {}})),
            ("/spec/document", json!("x")),
            ("/spec/document/dsl", json!(1.0)),
            ("/spec/document/dsl", json!("1.0")),
            ("/spec/document/version", json!("latest")),
            ("/spec/document/name", json!("A b")),
        ],
    );
    check(
        Family::Workflow,
        &[
            ("/spec", json!({}), &["/spec/do", "/spec/document"]),
            (
                "/spec/document",
                json!({}),
                &[
                    "/spec/document/dsl",
                    "/spec/document/name",
                    "/spec/document/namespace",
                    "/spec/document/version",
                ],
            ),
            (
                "/spec/do",
                json!([{"a": {}}, {}, {"a": {}, "b": {}}, {"a": 1}, "a"]),
                &["/spec/do/1", "/spec/do/2", "/spec/do/3/a", "/spec/do/4"],
            ),
        ],
    );
}

#[test]
fn bundle() {
    let a = "a".repeat(64);
    check_at(
        Family::Bundle,
        &[
            ("/spec/components", json!([])),
            ("/spec/components/agents", json!([])),
            ("/spec/components/agents", json!({"ref": "acme/agents/a"})),
            ("/spec/components/tool", json!([])),
            ("/spec/components/policy", json!({"ref": "acme/policies/a"})),
            ("/spec/components/integrations", json!([])),
            ("/spec/components/model", json!([{"ref": "acme/models/a"}])),
            ("/spec/components/sandbox", json!("acme/sandboxes/a")),
        ],
    );
    check(
        Family::Bundle,
        &[
            ("/spec", json!({}), &["/spec/components"]),
            ("/spec/components", json!({}), &["/spec/components/agents"]),
            (
                "/spec/components/tools",
                json!([
                    {"ref": "acme/tools/a", "digest": format!("sha256:{a}")},
                    {"ref": "acme/tools/a", "digest": format!("sha512:{a}{a}")},
                    {"ref": format!("acme/tools/a@sha256:{a}"), "digest": format!("sha256:{a}")},
                    {"ref": "acme/tools/a", "digest": format!("sha256:{}", "A".repeat(64))},
                    {"ref": "acme/tools/a", "digest": "sha256:abc"},
                    {"ref": "acme/tools/a", "digest": format!("md5:{a}")},
                    {"ref": "acme/tools/a", "digests": "x"},
                    {"ref": "acme/tools/ä"},
                    {"digest": format!("sha256:{a}")},
                    {"ref": format!("acme/tools/a@sha256:{a}"), "digest": format!("sha256:{}", "b".repeat(64))},
                    {"ref": "localhost:0/acme/tools/a"},
                    "acme/tools/a",
                ]),
                &[
                    "/spec/components/tools/3/digest",
                    "/spec/components/tools/4/digest",
                    "/spec/components/tools/5/digest",
                    "/spec/components/tools/6/digests",
                    "/spec/components/tools/7/ref",
                    "/spec/components/tools/8/ref",
                    "/spec/components/tools/9/digest",
                    "/spec/components/tools/10/ref",
                    "/spec/components/tools/11",
                ],
            ),
        ],
    );
    let mut document = minimal(Family::Bundle);
    set(&mut document, "/spec/components/integrations", json!([]));
    let faults = validate(Family::Bundle, &document);
    assert!(
        faults[0].message.contains("spec.integrations"),
        "{}",
        faults[0]
    );
}
