use proptest::prelude::*;

use super::{Credentials, Dialect, Files, Hosts, ImportError, Imported, Method, import};

const GIVEN: &str = "given.azurecr.io";

fn imported(mirror: &str, operations: Option<&str>) -> Imported {
    import(&Files {
        mirror,
        operations,
        namespace: Some(GIVEN),
        folder: Some("/etc/mirror"),
    })
    .unwrap()
}

fn left(imported: &Imported) -> Vec<String> {
    let show = |left: &super::Left| format!("{} {}", left.origin.line, left.reason);
    imported.left.iter().map(show).collect()
}

fn credentials(imported: &Imported) -> Vec<Option<Credentials>> {
    let upstreams = imported.upstreams.iter();
    upstreams
        .map(|upstream| {
            upstream
                .credentials
                .clone()
                .map(|(credentials, _)| credentials)
        })
        .collect()
}

fn acr(registry: &str) -> Credentials {
    Credentials::Acr {
        registry: registry.to_owned(),
    }
}

fn file(path: &str) -> Credentials {
    Credentials::LoginFile(path.to_owned())
}

#[test]
fn text_that_cannot_be_converted() {
    let error = |mirror, namespace| {
        let files = Files {
            mirror,
            namespace,
            ..Files::default()
        };
        import(&files).unwrap_err()
    };
    assert_eq!(error("Only prose.\n", None), ImportError::NoStatement);
    assert_eq!(
        error("+ .proxy localhost:1\n", None),
        ImportError::NoNamespace
    );
    assert_eq!(
        error("+ .proxy localhost:1\n", Some("a b\n")).to_string(),
        "failed to name the upstream: 'a b\\n' is no host"
    );
}

#[test]
fn the_registry_is_named_by_mirror_else_by_the_folder() {
    let namespace = |text: &str, given| {
        let files = Files {
            mirror: text,
            namespace: given,
            ..Files::default()
        };
        let imported = import(&files).unwrap();
        let names = imported
            .upstreams
            .iter()
            .map(|upstream| upstream.namespace.clone());
        names.collect::<Vec<_>>()
    };
    let proxy = "+ .proxy localhost:1\n";
    let work_dir = ": work_dir .symbol .world/azurecr.io/work\n";
    let mirrors =
        "+ .runtime\n: .mirror b.io\n: .mirror a.io\n: .mirror b.io\n: .mirror _default\n";
    assert_eq!(
        namespace(&format!("{work_dir}{mirrors}{proxy}"), Some(GIVEN)),
        ["b.io", "a.io"]
    );
    assert_eq!(
        namespace(&format!("{work_dir}{proxy}"), Some(GIVEN)),
        [GIVEN]
    );
    assert_eq!(
        namespace(&format!("{work_dir}{proxy}"), None),
        ["work.azurecr.io"]
    );
    // Nothing is served without a proxy.
    assert_eq!(namespace(mirrors, Some(GIVEN)), Vec::<String>::new());
}

#[test]
fn without_a_proxy_nothing_is_served() {
    let imported = imported("+ .runtime\n: .mirror a.io\n: .host localhost:1\n", None);
    assert_eq!(imported.listen, []);
    assert_eq!(imported.hosts.len(), 1);
    assert!(
        imported
            .to_toml()
            .contains("\nlisten = []\nupstreams = []\n")
    );
}

#[test]
fn addresses() {
    let listen = |text: &str| {
        let imported = imported(text, None);
        let addresses = imported
            .listen
            .iter()
            .map(|listen| listen.address.to_string());
        (addresses.collect::<Vec<_>>(), imported.left.len())
    };
    for (text, address, count) in [
        ("+ .proxy localhost:80", "127.0.0.1:80", 0),
        ("+ .proxy 0.0.0.0:80", "0.0.0.0:80", 0),
        ("+ .proxy [::1]:80", "[::1]:80", 0),
        (
            "+ .proxy 10.0.0.1:80\n+ .proxy 10.0.0.1:80",
            "10.0.0.1:80",
            0,
        ),
        // Both the address that is not understood, and the one that is taken, are told.
        ("+ .proxy", "127.0.0.1:8578", 2),
        ("+ .proxy localhost", "127.0.0.1:8578", 2),
        ("+ .proxy localhost:99999", "127.0.0.1:8578", 2),
        ("+ .proxy mirror.test:80", "127.0.0.1:8578", 2),
    ] {
        assert_eq!(listen(text), (vec![address.to_owned()], count), "{text}");
    }
}

#[test]
fn credentials_of_tokens_and_files() {
    let of = |runtime: &str, login: &str| {
        let text = format!(
            "+ .runtime\n{runtime}\n+ .proxy localhost:1\n: .blobs get\n: .login {login}\n"
        );
        let imported = imported(&text, None);
        (credentials(&imported), left(&imported))
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(
        of(": .login-acr given", "access_token"),
        (vec![Some(acr("given"))], none.clone())
    );
    assert_eq!(
        of(": .login_acr given", ""),
        (vec![Some(acr("given"))], none.clone())
    );
    assert_eq!(
        of("", "token_cache"),
        (vec![Some(file("/etc/mirror/token_cache"))], none.clone())
    );
    assert_eq!(
        of("", "access_token"),
        (vec![Some(file("/etc/mirror/access_token"))], none.clone())
    );
    assert_eq!(
        of("", "/etc/login.toml"),
        (vec![Some(file("/etc/login.toml"))], none.clone())
    );
    assert_eq!(
        of("", ""),
        (
            vec![None],
            vec!["5 it names no file: credentials are taken from the keychain".to_owned()]
        )
    );
    assert_eq!(
        of(": .login-acr given", "mine"),
        (
            vec![Some(file("/etc/mirror/mine"))],
            vec!["2 no upstream of this name logs in with the token".to_owned()]
        )
    );
    // A single token is for the only upstream, whatever its name.
    assert_eq!(
        of(": .login-acr other", "access_token"),
        (vec![Some(acr("other"))], none)
    );
}

#[test]
fn tokens_go_only_to_the_registry_of_their_name() {
    let text = "+ .runtime\n: .login-acr one\n: .host azurecr.cn\n: .mirror ONE.azurecr.io\n\
                : .mirror two.azurecr.io\n+ .proxy localhost:1\n: .blobs get\n: .login access_token\n";
    let imported = imported(text, None);
    assert_eq!(credentials(&imported), [Some(acr("one")), None]);
    assert_eq!(
        left(&imported),
        [
            "3 a token is exchanged with its upstream itself",
            "5 no token is of its name: credentials are taken from the keychain",
        ]
    );
}

#[test]
fn methods() {
    let routes = |resources: &str| {
        let imported = imported(&format!("+ .proxy localhost:1\n{resources}"), None);
        let pipeline = &imported.upstreams[0].pipeline;
        let names = [
            &pipeline.manifests,
            &pipeline.blobs,
            &pipeline.tags,
            &pipeline.uploads,
        ]
        .map(|route| {
            let methods = route.iter().flat_map(|route| &route.methods);
            methods
                .map(|method| method.name())
                .collect::<Vec<_>>()
                .join(" ")
        });
        (names.join("|"), left(&imported))
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(
        routes(": .manifests get"),
        ("GET HEAD|||".to_owned(), none.clone())
    );
    assert_eq!(
        routes(": .manifests HEAD"),
        ("HEAD|||".to_owned(), none.clone())
    );
    assert_eq!(routes(": .tags get"), ("||GET|".to_owned(), none.clone()));
    assert_eq!(
        routes(": .blobs patch, post, get"),
        ("|GET HEAD||POST PATCH".to_owned(), none.clone())
    );
    assert_eq!(
        routes(": .blobs_uploads .post"),
        ("|||POST".to_owned(), none)
    );
    let unserved = vec!["2 a method of it is not served by a mirror".to_owned()];
    assert_eq!(
        routes(": .manifests put, delete"),
        ("|||".to_owned(), unserved.clone())
    );
    assert_eq!(routes(": .tags head"), ("|||".to_owned(), unserved));
    assert_eq!(
        Method::ALL.map(Method::name).join(" "),
        "GET HEAD POST PUT PATCH DELETE"
    );
}

#[test]
fn operations_that_are_missing_unused_or_twice() {
    let mirror = "+ .proxy localhost:1\n: .manifests\n: .get one\n: .head two\n: .blobs\n: .get gone\n: .tags\n: .get tagged\n";
    let operations = "+ .operation one\n: .login a\n+ .operation two\n: .login b\n+ x .operation tagged\n\
                      : .authn\n+ .operation one\n+ .operation unused\n+ .operation\n";
    let imported = imported(mirror, Some(operations));
    assert_eq!(imported.dialect, Dialect::Folder);
    let upstream = &imported.upstreams[0];
    assert_eq!(
        upstream
            .pipeline
            .manifests
            .as_ref()
            .map(|route| route.methods.len()),
        Some(2)
    );
    assert_eq!(upstream.pipeline.blobs, None);
    assert_eq!(upstream.pipeline.tags, None);
    assert!(upstream.tagged["x"].tags.is_some());
    assert_eq!(credentials(&imported), [Some(file("/etc/mirror/a"))]);
    assert_eq!(
        left(&imported),
        [
            "4 its stages differ from those of the first method, which are taken",
            "6 the operation is not defined",
            "8 the operation is only defined for a tag: other requests are not served",
            "7 an operation of this name stands above",
            "8 no resource uses the operation",
            "9 it has no name",
        ]
    );
}

/// As when an event starts the proxy again after a failure.
#[test]
fn equal_resources_of_two_proxies_are_one() {
    let proxy = "+ .proxy localhost:1\n: .blobs get\n: .login a\n";
    assert_eq!(
        left(&imported(&format!("{proxy}{proxy}"), None)),
        Vec::<String>::new()
    );
    let other = "+ .proxy localhost:1\n: .blobs get\n: .login b\n";
    assert_eq!(
        left(&imported(&format!("{proxy}{other}"), None)),
        ["5 a statement above serves the same requests"]
    );
}

#[test]
fn hosts_files() {
    let text = "+ .runtime\n: .host early:1\n: .mirror\n: .mirror\n: .host localhost:1, pull\n: .server\n\
                : .server https://a\n: .server https://b\n: .mirror _default\n: .https /ca.crt\n";
    let imported = imported(text, None);
    let show = |hosts: &Hosts| {
        let addresses = hosts
            .addresses
            .iter()
            .map(|host| format!("{}={}", host.address, host.capabilities.join("+")));
        let addresses = addresses.collect::<Vec<_>>().join(" ");
        format!(
            "{} {addresses} {:?} {:?}",
            hosts.namespace, hosts.server, hosts.ca
        )
    };
    assert_eq!(
        imported.hosts.iter().map(show).collect::<Vec<_>>(),
        [
            "given.azurecr.io localhost:1=pull Some(\"https://a\") None",
            "_default  None Some(\"/ca.crt\")",
        ]
    );
    assert_eq!(
        left(&imported),
        [
            "2 it means nothing in this place",
            "6 it has no value",
            "8 a statement like this stands above",
        ]
    );
}

#[test]
fn counts_are_bounded() {
    let mirrors: String = (0..40).map(|at| format!(": .mirror r{at}.io\n")).collect();
    let operations: String = (0..40)
        .map(|at| format!("+ t{at} .operation get\n"))
        .collect();
    let mirror = format!("+ .runtime\n{mirrors}+ .proxy localhost:1\n: .blobs\n: .get get\n");
    let imported = imported(&mirror, Some(&operations));
    assert_eq!(imported.upstreams.len(), 16);
    assert!(
        imported
            .upstreams
            .iter()
            .all(|upstream| upstream.tagged.len() == 32)
    );
    assert_eq!(imported.left.len(), 24 + 8 + 1);
}

/// Lines of the language and lines that are nearly so.
fn lines() -> impl Strategy<Value = String> {
    let words = "engine|runtime|proxy|operation|config|start|loop|login-acr|mirror|host|server|https|manifests|blobs|\
                 tags|blobs_uploads|get|head|post|put|login|authn|resolve|discover|teleport|pull|request|symbol|true";
    let values = "localhost:1|\\[::1\\]:80|a.io|a.io, pull|get, head|op|access_token|overlaybd|manual|dadi.image.v1|a/b, */\\*|\\PC{0,9}";
    let names = "|overlaybd|work_dir|app_host|\\PC{1,3}";
    let line = (
        "\\+|:|::|add|define|```|<```|\\PC{0,3}",
        names,
        words,
        values,
    )
        .prop_map(|(marker, name, word, value)| format!("{marker} {name} .{word} {value}\n"));
    prop::collection::vec(prop_oneof![9 => line, 1 => "\\PC*\n"], 0..40)
        .prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever the text, the import ends, and its TOML says what was converted.
    #[test]
    fn arbitrary_text(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        crate::fuzzing::runmd(&bytes);
    }

    #[test]
    fn arbitrary_statements(mirror in lines(), operations in lines()) {
        crate::fuzzing::runmd(format!("{mirror}\0{operations}").as_bytes());
    }

    /// No statement is lost: each is a reason of what is converted, is left, or is a word that means
    /// nothing for a server.
    #[test]
    fn unknown_words_are_left(words in prop::collection::vec("zz[a-z]{1,6}", 1..20)) {
        let lines: String = words.iter().map(|word| format!(": .{word} value\n")).collect();
        for head in ["", "+ .engine\n", "+ .runtime\n", "+ .proxy localhost:1\n", "+ .operation x\n", "+ .config x\n"] {
            let imported = imported(&format!("{head}{lines}+ .proxy localhost:1\n: .blobs get\n{lines}"), None);
            let reported = imported.left.iter().filter(|left| left.origin.text.starts_with(": .zz"));
            prop_assert_eq!(reported.count(), 2 * words.len());
        }
    }
}
