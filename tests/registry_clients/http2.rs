//! Tests clients that speak HTTP/2: curl and httpx. An answer to `HEAD` has no content, whatever its
//! status, or the client ends with an error of the protocol.

use std::process::Command;

use super::content::Content;
use super::libraries::run_python;
use super::registry::Registry;
use super::scheme::Scheme;
use super::skopeo::push;

/// Paths with the status of their answers for a user who may do everything.
fn operations(content: &Content) -> Vec<(String, u16)> {
    let digest = &content.image;
    let none = lazaret_oci::Digest::of(b"none");
    let paths = [
        ("/v2/".to_owned(), 200),
        ("/v2/acme/image/tags/list".to_owned(), 200),
        ("/v2/_catalog".to_owned(), 200),
        ("/v2/acme/image/manifests/v1".to_owned(), 200),
        (format!("/v2/acme/image/manifests/{digest}"), 200),
        (format!("/v2/acme/image/blobs/{digest}"), 404),
        (format!("/v2/acme/image/referrers/{digest}"), 200),
        ("/v2/acme/image/manifests/none".to_owned(), 404),
        (format!("/v2/acme/image/blobs/{none}"), 404),
        ("/v2/acme/none/tags/list".to_owned(), 404),
        ("/v2/acme/image/blobs/sha256:short".to_owned(), 400),
    ];
    paths.to_vec()
}

fn with_registry(test: impl Fn(&Registry, &Content)) {
    let content = Content::new();
    for scheme in [Scheme::Open, Scheme::Basic] {
        let registry = Registry::start(scheme, &["127.0.0.1:0"]);
        push(&registry, &content, "image");
        test(&registry, &content);
    }
}

#[test]
fn curl_asks_for_everything_over_http_2() {
    with_registry(|registry, content| {
        for (path, status) in operations(content) {
            for method in ["HEAD", "GET"] {
                let answer = curl(registry, method, &path, registry.credentials());
                assert_eq!(answer, format!("2 {status}"), "{method} {path}");
            }
            // What makes no sense is said to anybody.
            if !registry.is_open() && status != 400 {
                let answer = curl(registry, "HEAD", &path, None);
                assert_eq!(answer, "2 401", "{path} for a stranger");
            }
        }
    });
}

/// Asks once; returns the version of HTTP and the status.
fn curl(registry: &Registry, method: &str, path: &str, login: Option<String>) -> String {
    let mut command = Command::new("curl");
    command.args(["-sS", "--http2", "-o", "/dev/null"]);
    command.args(["-w", "%{http_version} %{http_code}"]);
    command
        .arg("--cacert")
        .arg(registry.certificates().join("ca.crt"));
    command.args(if method == "HEAD" { &["-I"][..] } else { &[] });
    if let Some(login) = login {
        command.args(["-u", &login]);
    }
    command.arg(format!("https://{}{path}", registry.address));
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{method} {path}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn httpx_asks_for_everything_over_one_connection() {
    const SCRIPT: &str = "
import httpx, ssl, sys
address, user, password, *operations = sys.argv[1:]
auth = (user, password) if user else None
trust = ssl.create_default_context()
with httpx.Client(http2=True, verify=trust, auth=auth, base_url='https://' + address) as client:
    for operation in operations:
        path, status = operation.rsplit(' ', 1)
        for method in ('HEAD', 'GET', 'HEAD'):
            answer = client.request(method, path)
            assert answer.http_version == 'HTTP/2', answer.http_version
            assert answer.status_code == int(status), (method, path, answer.status_code)
            assert method == 'GET' or not answer.content, (method, path)
";
    with_registry(|registry, content| {
        let operations = operations(content).into_iter();
        let operations: Vec<String> = operations
            .map(|(path, status)| format!("{path} {status}"))
            .collect();
        run_python(registry, SCRIPT, &operations);
    });
}
