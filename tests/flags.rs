//! The effects of flags that no other test types.

use lazaret_testing::machine::kernel_package;

use crate::support::{Image, Serve, World, tool};

#[test]
fn a_log_level_shows_what_happens_and_quiet_shows_the_result_alone() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let import = ["image", "import", layout.to_str().unwrap(), "a:v1"];
    let lazaret = world.lazaret();
    let plain = lazaret.run(import).success();
    assert!(plain.stdout.starts_with("image localhost/a:v1\nsha256:"));
    let quiet = lazaret.run(["--quiet"].into_iter().chain(import)).success();
    assert!(quiet.stdout.starts_with("sha256:"), "{}", quiet.stdout);
    assert_eq!(quiet.stdout.lines().count(), 1);
    assert_eq!(quiet.stderr, "");
    let served = Serve::start(&world);
    let target = format!("{}/acme/images/a:v1", served.address);
    let pushed = lazaret.run(["--log", "debug", "push", "a:v1", &target]);
    assert!(pushed.success().stderr.contains("DEBUG"));
}

#[test]
fn the_version_names_the_commit() {
    let version = World::new().lazaret().run(["--version"]).success().stdout;
    let number = env!("CARGO_PKG_VERSION");
    assert!(
        version.starts_with(&format!("lazaret {number}")),
        "{version}"
    );
    if let Some((_, commit)) = version.split_once('(') {
        assert_eq!(commit.trim_end().len(), 13, "{version}");
    }
}

#[test]
fn a_pulled_artifact_goes_to_a_file_and_a_second_repository_mounts() {
    let world = World::new();
    let lazaret = world.lazaret();
    let served = Serve::start(&world);
    let agent =
        "apiVersion: lens.dev/v1alpha1\nkind: Agent\nmetadata:\n  name: a\nspec:\n  image: a:v1\n";
    world.write("agent.yaml", agent);
    let target = format!("{}/acme/agents/a:v1", served.address);
    lazaret.run(["push", "agent.yaml", &target]).success();
    lazaret
        .run(["pull", &target, "--output", "back.json"])
        .success();
    let back = std::fs::read_to_string(world.path("back.json")).unwrap();
    assert!(back.contains("\"kind\":\"Agent\""), "{back}");

    let other = format!("{}/acme/copies/agents/b:v1", served.address);
    let again = lazaret.run(["--log", "debug", "push", "agent.yaml", &other]);
    assert!(!again.success().stderr.contains("not mounted"));
}

#[test]
fn content_is_not_dropped_by_a_push_without_it() {
    let world = World::new();
    let lazaret = world.lazaret();
    let served = Serve::start(&world);
    let tool = "apiVersion: lens.dev/v1alpha1\nkind: FileSet\nmetadata: {name: f}\nmount: {path: /srv/f}\nspec: {}\n";
    world.write("fileset.yaml", tool);
    world.write("content/file", "text");
    let target = format!("{}/acme/filesets/f:v1", served.address);
    let push = ["push", "fileset.yaml", &target];
    lazaret.run(push).success();
    let with = push.into_iter().chain(["--content", "content"]);
    lazaret.run(with).success();
    lazaret.run(push).fails(7, &["has content", "--no-content"]);
    lazaret
        .run(push.into_iter().chain(["--no-content"]))
        .success();
}

#[test]
fn a_registry_is_checked_quickly_and_repaired() {
    let world = World::new();
    let lazaret = world.lazaret();
    let layout = Image::busybox().write(&world.path("layout"));
    {
        let served = Serve::start(&world);
        let target = format!("{}/acme/images/a:v1", served.address);
        lazaret
            .run(["push", layout.to_str().unwrap(), &target])
            .success();
    }
    lazaret.run(["registry", "check", "--quick"]).success();
    // One byte of the largest blob changes: its size stays.
    let script = "f=$(find home/data/registry -type f -path '*objects*' -size +100k | head -1) && \
                  printf X | dd of=\"$f\" bs=1 seek=1000 conv=notrunc status=none";
    let mut damage = std::process::Command::new("sh");
    damage.args(["-euc", script]).current_dir(world.path(""));
    assert!(damage.status().unwrap().success());
    lazaret.run(["registry", "check", "--quick"]).success();
    lazaret.run(["registry", "check"]).status(8);
    let repaired = lazaret.run(["registry", "check", "--repair"]).status(8);
    assert!(
        repaired.stdout.contains("quarantine"),
        "{}",
        repaired.stdout
    );
}

#[test]
fn an_identity_token_is_read_from_standard_input_and_proved() {
    let world = World::new();
    let served = Serve::start(&world);
    let host = served.address.to_string();
    let login = ["login", &host, "--identity-token-stdin"];
    let output = world.lazaret().run_with_input(login, b"token\n");
    assert_ne!(output.status, Some(2), "{output:?}");
    let login = ["login", &host, "--username", "a", "--identity-token-stdin"];
    world.lazaret().run_with_input(login, b"token\n").status(2);
}

#[test]
fn a_kernel_of_single_files_takes_its_modules() {
    let world = World::new();
    let package = kernel_package().unwrap();
    let folder = world.path("kernel");
    tool(
        "dpkg-deb",
        &["-x", package.to_str().unwrap(), folder.to_str().unwrap()],
    );
    let only = |folder: &str| {
        let mut names = std::fs::read_dir(world.path(folder)).unwrap();
        names.next().unwrap().unwrap().path()
    };
    let modules = only("kernel/lib/modules");
    let release = modules.file_name().unwrap().to_str().unwrap().to_owned();
    let image = world.path(&format!("kernel/boot/vmlinuz-{release}"));
    let lazaret = world.lazaret();
    let (image, modules) = (image.to_str().unwrap(), modules.to_str().unwrap());
    let import = [
        "kernel",
        "import",
        image,
        "--modules",
        modules,
        "--name",
        "mine",
    ];
    let imported = lazaret.run(import).success();
    assert!(imported.stdout.contains(&release), "{}", imported.stdout);
    lazaret
        .run(["kernel", "export", "mine", "--output", "out"])
        .success();
    assert!(world.path("out/initrd").is_file());
}

#[test]
fn a_key_has_a_description_and_an_end() {
    let world = World::new();
    let lazaret = world.lazaret();
    drop(Serve::start(&world));
    let create = "--format json registry key create ci --description deploys --expires-in 1h";
    let key = lazaret.run(create.split(' ')).success().json();
    assert_eq!(key["description"], "deploys");
    let ends = key["expires"].as_u64().or(key["expires_at"].as_u64());
    assert!(ends.is_some(), "{key}");
    lazaret
        .run("registry key create ci --expires-in 0s".split(' '))
        .fails(2, &["never work"]);
}

#[test]
fn what_a_run_may_pull_and_which_policy_it_has_is_for_the_user_to_say() {
    let world = World::new();
    let lazaret = world.machine();
    lazaret
        .run(["run", "--pull", "never", "127.0.0.1:1/acme/images/none:v1"])
        .fails(125, &["none:v1"]);
    world.write("policy.yaml", "network: {defualt: allow}\n");
    lazaret
        .run(["run", "--policy", "policy.yaml", "nothing:v1"])
        .fails(125, &["defualt"]);
}

#[test]
fn settings_of_a_server_are_taken_as_flags_or_refused_by_name() {
    let world = World::new();
    let lazaret = world.lazaret();
    let (hooks, issuers) = (
        r#"[{"name": "ci", "url": "http://127.0.0.1:1/"}]"#,
        r#"[{"name": "x", "issuer": "http://127.0.0.1:1", "audiences": ["a"]}]"#,
    );
    for (flag, good, bad) in [
        ("--log-format", "json", "xml"),
        ("--metrics-enabled", "false", "maybe"),
        ("--limits-request-burst", "5", "many"),
        ("--webhooks", hooks, "{}"),
        ("--auth-oidc", issuers, "[1]"),
    ] {
        let checked = lazaret.run(["serve", "--check", flag, good]);
        assert_eq!(checked.status, Some(0), "{flag}: {checked:?}");
        let refused = lazaret.run(["serve", "--check", flag, bad]);
        assert_ne!(refused.status, Some(0), "{flag}: {refused:?}");
        assert!(refused.stderr.contains("error"), "{flag}: {refused:?}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused_in_the_format_that_they_ask_for() {
    let world = World::new();
    let lazaret = world.lazaret();
    for arguments in [
        &["--format", "json", "image", "ls", "--nonsense"][..],
        &["image", "ls", "--format=json", "--log", "loud"],
        &["--format=json", "nonsense"],
    ] {
        let output = lazaret.run(arguments).status(2);
        let failure: serde_json::Value = serde_json::from_str(&output.stderr).unwrap();
        let message = failure["error"]["message"].as_str().unwrap();
        assert!(!message.starts_with("error"), "{message}");
        assert_eq!(failure["error"]["status"], 2, "{failure}");
        assert!(failure["error"]["hint"].is_string(), "{failure}");
    }
    // What a workload is told is the workload's.
    let run = ["run", "--nonsense", "a", "--", "--format", "json"];
    lazaret.run(run).fails(2, &["error: unexpected argument"]);
    let slip = lazaret.run(["--format=json", "imag"]).status(2);
    assert!(
        slip.stderr.contains("\"hint\":\"a similar subcommand"),
        "{}",
        slip.stderr
    );
    let output = lazaret.run(["--format", "json", "image"]).status(2);
    assert!(
        output.stderr.contains("a command is missing"),
        "{}",
        output.stderr
    );
    let mut command = lazaret.command(["image", "ls"]);
    command.env("LAZARET_LOG", "");
    lazaret_testing::program::finish(command).success();
    for log in ["warn", "lazaret_client=debug,info", "OFF"] {
        lazaret.run(["--log", log, "image", "ls"]).success();
    }
    let lazaret = world.machine();
    lazaret
        .run(["run", "--hostname", "a b", "127.0.0.1:1/a:v1"])
        .fails(125, &["--hostname 'a b' cannot be used"]);
    lazaret
        .run(["run", "--disk-size", "1MiB", "127.0.0.1:1/a:v1"])
        .fails(125, &["--disk-size '1 MiB' cannot be used"]);
    lazaret
        .run(["registry", "gc", "--root", "nowhere"])
        .fails(4, &["there is no registry", "--root"]);
}

#[test]
fn a_reader_that_has_gone_away_does_not_make_a_faulty_document_good() {
    let world = World::new();
    world.write("bad.yaml", "kind: Agent\n");
    let lazaret = world.lazaret();
    let program = lazaret.command(["validate", "bad.yaml"]);
    let mut command = std::process::Command::new("bash");
    let script = "\"$0\" validate bad.yaml > >(exec true); exit $?";
    command.args(["-c", script]).arg(program.get_program());
    command.current_dir(world.path(""));
    lazaret_testing::program::finish(command).status(5);
}

#[test]
fn results_are_printed_by_templates_of_their_fields() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "columns:v1");
    lazaret.run(["volume", "create", "columns"]).success();
    let print = |words: &[&str]| lazaret.run(words).success().stdout;
    let name = |words: &[&str], name: &str| {
        let format = ["--format", "{{.Name}}"];
        let names = print(&[words, &format].concat());
        assert!(names.lines().any(|line| line == name), "{names}");
    };
    name(&["volume", "ls"], "columns");
    name(&["volume", "inspect", "columns"], "columns");
    name(&["image", "ls"], "localhost/columns:v1");
    let format = ["--format", r"table {{.Name}}\t{{.Default}}"];
    let kernels = print(&[&["kernel", "ls"], &format[..]].concat());
    assert!(kernels.starts_with("NAME "), "{kernels}");
    let format = ["--format", "{{json .}}"];
    let image = print(&[&["image", "inspect", "columns:v1"], &format[..]].concat());
    serde_json::from_str::<serde_json::Value>(&image).unwrap();
    print(&["stats", "--no-stream", "--format", "{{.Name}}"]);
    lazaret.run(["volume", "rm", "columns"]).success();
    let unknown = lazaret.run(["kernel", "ls", "--format", "{{.Nope}}"]);
    unknown.fails(
        2,
        &["no field 'Nope', only default, modules, name, release"],
    );
    for (format, reason) in [
        ("xml", "a template such as"),
        ("{{if}}", "an action is empty"),
    ] {
        let refused = lazaret.run(["kernel", "ls", "--format", format]);
        refused.fails(2, &[reason]);
    }
}
