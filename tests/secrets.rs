//! `connect` and `disconnect`: secrets of integrations, which machines never have.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Image, Lazaret, World};

const SECRET: &str = "hunter2-and-more";

const SERVICE: &str =
    "{apiVersion: lens.dev/v1alpha1, kind: Integration, metadata: {name: svc}, spec: {
  endpoints: [{host: api.svc.test, ports: [443, 8443]}],
  credentials: [{name: key, inject: {header: x-key}}, {name: user, inject: {basic: me}}],
  placeholder: 'svc_{32}'}}";

fn connect(lazaret: &Lazaret, arguments: &[&str], secret: &str) -> crate::support::Output {
    let all = ["connect"]
        .iter()
        .chain(arguments)
        .chain(&["--secret-stdin"]);
    lazaret.run_with_input(all, secret.as_bytes())
}

#[test]
fn a_secret_is_stored_listed_and_forgotten_and_never_shown() {
    let world = World::new();
    let lazaret = world.lazaret();
    let stored = connect(&lazaret, &["openai"], &format!("{SECRET}\n")).success();
    assert_eq!(
        stored.stdout,
        "openai/api-key is kept in the file, and sent to api.openai.com \
         (header authorization: Bearer {})\n"
    );
    let file = world.path("home/data/secrets.json");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let listed = lazaret.run(["connect", "--format", "json"]).success();
    let json = &listed.json()[0];
    assert_eq!(json["kind"], "secret");
    assert_eq!(json["keeper"], "file");
    assert_eq!(json["hosts"][0], "api.openai.com");
    let table = lazaret.run(["connect", "--list"]).success();
    assert!(table.stdout.contains("openai/api-key"), "{}", table.stdout);
    for output in [&stored, &listed, &table] {
        assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET));
    }
    let logged = lazaret
        .run(["--log", "trace", "connect", "--list"])
        .success();
    assert!(!logged.stderr.contains(SECRET));

    let denied = lazaret.run(["connect", "openai", "--deny"]).success();
    assert!(denied.stdout.contains("denied"), "{}", denied.stdout);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(SECRET));
    let gone = lazaret.run(["disconnect", "openai", "--credential", "api-key"]);
    assert_eq!(gone.success().stdout, "openai/api-key\n");
    let none = lazaret.run(["disconnect", "openai"]).success();
    assert!(
        none.stderr.contains("there was no secret"),
        "{}",
        none.stderr
    );
    assert_eq!(lazaret.run(["connect"]).success().stdout, "");
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    let world = World::new();
    let lazaret = world.lazaret();
    for (secret, reason) in [
        ("", "empty"),
        ("\n", "empty"),
        ("one\ntwo\n", "several lines"),
        ("one\rtwo", "several lines"),
        ("one\ttwo", "control characters"),
        (&"x".repeat(70_000), "longer than 64 KiB"),
    ] {
        connect(&lazaret, &["openai"], secret).fails(2, &[reason]);
    }
    let missing = lazaret.run(["connect", "openai"]);
    missing.fails(2, &["the secret is missing", "--secret-stdin"]);
    let unknown = connect(&lazaret, &["nobody"], SECRET);
    unknown.fails(
        4,
        &[
            "no integration 'nobody' is known",
            "lazaret connect --known",
        ],
    );
    let other = connect(&lazaret, &["openai", "--credential", "x"], SECRET);
    other.fails(2, &["has no credential 'x'", "it has: api-key"]);
    assert!(!world.path("home/data/secrets.json").exists());
}

#[test]
fn the_document_of_an_integration_may_be_a_file() {
    let world = World::new();
    let lazaret = world.lazaret();
    world.write("svc.yaml", SERVICE);
    let several = connect(&lazaret, &["svc", "--integration", "svc.yaml"], SECRET);
    several.fails(2, &["several credentials", "--credential: key, user"]);
    let one = ["svc", "--integration", "svc.yaml", "--credential", "user"];
    let stored = connect(&lazaret, &one, SECRET).success();
    let expected =
        "svc/user is kept in the file, and sent to api.svc.test:443,8443 (basic me:{})\n";
    assert_eq!(stored.stdout, expected);
    world.write("bad.yaml", SERVICE.replace("basic", "header2"));
    connect(&lazaret, &["svc", "--integration", "bad.yaml"], SECRET).fails(5, &["invalid"]);
    let known = lazaret.run(["connect", "--known"]).success().stdout;
    for word in [
        "anthropic/api-key",
        "x-api-key",
        "OPENAI_API_KEY",
        "built in",
    ] {
        assert!(known.contains(word), "no {word} in {known}");
    }
}

#[test]
fn a_refresh_token_goes_to_https_only() {
    let world = World::new();
    let lazaret = world.lazaret();
    let connect = |url: &str| {
        let client = ["--oauth-client-id", "cli", "--oauth-scope", "read"];
        let grant = ["github", "--oauth-token-url", url]
            .into_iter()
            .chain(client);
        connect(&lazaret, &grant.collect::<Vec<_>>(), SECRET)
    };
    connect("http://auth.test/token").fails(2, &["is not HTTPS"]);
    connect("https://me@auth.test/token").fails(2, &["user name"]);
    connect("https://auth.test/token").success();
    let listed = lazaret
        .run(["connect", "--list", "--format", "json"])
        .json();
    assert_eq!(listed[0]["kind"], "oauth");
    assert_eq!(listed[0]["token_url"], "https://auth.test/token");
    let alone = [
        "connect",
        "github",
        "--oauth-token-url",
        "https://auth.test",
    ];
    lazaret.run(alone).fails(2, &["--oauth-client-id"]);
}

#[test]
fn a_keyring_that_answers_keeps_the_secret() {
    let world = World::new();
    let tool = world.write(
        "bin/secret-tool",
        "#!/bin/sh\nPATH=/usr/bin:/bin\ncd \"$(dirname \"$0\")\" || exit 9\n\
         echo \"$*\" >> arguments\nenv >> environment\n\
         case $1 in store) cat > kept ;; lookup) [ -f kept ] && cat kept ;; clear) rm -f kept ;; esac\n",
    );
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
    let lazaret = world.lazaret();
    let run = |keyring: &str, arguments: &[&str]| {
        let mut command = lazaret.command(arguments);
        command
            .env("PATH", tool.parent().unwrap())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env("LAZARET_KEYRING", keyring);
        crate::support::finish_with(command, SECRET.as_bytes())
    };
    let connect = ["connect", "openai", "--secret-stdin"];
    let stored = run("auto", &connect).success().stdout;
    assert!(stored.contains("kept in the keyring"), "{stored}");
    let kept = std::fs::read_to_string(world.path("bin/kept")).unwrap();
    assert_eq!(kept, SECRET);
    for file in ["bin/arguments", "bin/environment", "home/data/secrets.json"] {
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        assert!(!text.contains(SECRET), "{file}: {text}");
    }
    // One that is kept in the file instead leaves nothing behind there.
    let moved = run("off", &connect).success().stdout;
    assert!(moved.contains("kept in the file"), "{moved}");
    run("auto", &["disconnect", "openai"]).success();
    run("auto", &connect).success();
    run("auto", &["disconnect", "openai"]).success();
    assert!(!world.path("bin/kept").exists());
}

const FILES: &[(&str, &str)] = &[
    ("svc.yaml", SERVICE),
    (
        "fake.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Integration, metadata: {name: openai}, spec: {
          endpoints: [{host: evil.test}], credentials: [{name: api-key, inject: {header: x}}]}}",
    ),
    (
        "policy.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Policy, metadata: {name: p}, spec: {
          network: {default: deny}, integrations: [{ref: 'acme/integrations/svc:v1'}]}}",
    ),
    (
        "agent.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Agent, metadata: {name: a}, spec: {
          image: 'acme/images/busybox:v1', command: 'env | sort', env: {USUAL: mine},
          credentials: [{name: key, env: SVC_KEY}, {name: nothing, env: NOTHING}]}}",
    ),
    (
        "bundle.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: AgentSystem, metadata: {name: b}, spec: {
          components: {agents: [{ref: 'acme/agents/a:v1'}], policies: [{ref: 'acme/policies/p:v1'}]}}}",
    ),
    (
        "local.yaml",
        "{integrations: [svc, openai, elsewhere], network: {default: deny}}",
    ),
];

const PUSH: &str = "exec 3>&1 >/dev/null
    r=$LAZARET_REGISTRY
    lazaret push layout $r/acme/images/busybox:v1
    lazaret push svc.yaml $r/acme/integrations/svc:v1
    lazaret push fake.yaml $r/evil/integrations/openai:v1
    lazaret push policy.yaml $r/acme/policies/p:v1
    sed s,acme/integrations/svc,evil/integrations/openai, policy.yaml > theirs.yaml
    lazaret push theirs.yaml $r/acme/policies/theirs:v1
    lazaret push agent.yaml $r/acme/agents/a:v1
    lazaret push bundle.yaml $r/acme/bundles/b:v1
    sed s,acme/policies/p,acme/policies/theirs, bundle.yaml > other.yaml
    lazaret push other.yaml $r/acme/bundles/theirs:v1
";

/// The value of a variable that a machine has printed.
fn variable<'a>(output: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = output.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn a_machine_has_placeholders_and_its_user_is_told_what_is_missing() {
    let world = World::new();
    for (name, text) in FILES {
        world.write(name, text);
    }
    Image::busybox().write(&world.path("layout"));
    let machine = world.machine();
    let script = |rest: &str| format!("{PUSH}\n{rest}");
    let first = machine.with_registry(&script("lazaret run --name holds $r/acme/bundles/b:v1 >&3"));
    let first = first.success();
    let placeholder = variable(&first.stdout, "SVC_KEY").unwrap();
    assert!(
        placeholder.starts_with("svc_") && placeholder.len() == 36,
        "{placeholder}"
    );
    assert_eq!(variable(&first.stdout, "NOTHING"), None);
    for word in [
        "'svc/key' (SVC_KEY)",
        "`lazaret connect svc --credential key --integration ",
        "'nothing' (NOTHING)",
    ] {
        assert!(first.stderr.contains(word), "no {word} in {}", first.stderr);
    }

    // The run has made the integration known, by its reference.
    let stored = connect(&machine, &["svc", "--credential", "key"], SECRET).success();
    assert!(
        stored.stdout.contains("sent to api.svc.test:443,8443"),
        "{}",
        stored.stdout
    );
    connect(&machine, &["openai"], SECRET).success();
    let local = "lazaret run --policy local.yaml -e OPENAI_API_KEY= $r/acme/bundles/b:v1 >&3";
    let second = machine.with_registry(&script(local)).success();
    let other = variable(&second.stdout, "SVC_KEY").unwrap();
    assert_ne!(other, placeholder, "placeholders are of one run");
    assert!(
        variable(&second.stdout, "OPENAI_API_KEY")
            .unwrap()
            .starts_with("sk-proj-")
    );
    assert!(!second.stdout.contains(SECRET));
    assert!(
        second.stderr.contains("integration 'elsewhere'"),
        "{}",
        second.stderr
    );
    assert!(!second.stderr.contains("'svc/key'"), "{}", second.stderr);
    let own = "lazaret run --policy local.yaml -e OPENAI_API_KEY=mine $r/acme/bundles/b:v1 >&3";
    let own = machine.with_registry(&script(own)).success();
    assert_eq!(variable(&own.stdout, "OPENAI_API_KEY"), Some("mine"));

    // An artifact that takes the id of another service does not get its secret.
    let theirs = machine.with_registry(&script("lazaret run $r/acme/bundles/theirs:v1 >&3"));
    let theirs = theirs.success().stderr;
    let words =
        "'openai/api-key' was given for other hosts than this run's integration has (evil.test)";
    assert!(theirs.contains(words), "{theirs}");
    let listed = machine
        .run(["connect", "--list", "--format", "json"])
        .json();
    let of = |id: &str| {
        let listed = listed.as_array().unwrap();
        listed
            .iter()
            .find(|stored| stored["integration"] == id)
            .unwrap()
            .clone()
    };
    assert!(of("svc")["machines"].to_string().contains("\"holds\""));
    for id in ["svc", "openai"] {
        machine.run(["disconnect", id]).success();
    }
    let denied = ["connect", "svc", "--credential", "key", "--deny"];
    machine.run(denied).success();
    let last = machine.with_registry(&script("lazaret run $r/acme/bundles/b:v1 >&3"));
    let last = last.success();
    assert_eq!(variable(&last.stdout, "SVC_KEY"), None);
    assert!(!last.stderr.contains("'svc/key'"), "{}", last.stderr);
    machine.run(["disconnect", "svc"]).success();
}
