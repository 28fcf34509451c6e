//! Every command works where it can, and says in one sentence what is missing where it cannot: for
//! an ordinary user, without a home, with one that is read-only or full, on a poor terminal.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use lazaret_testing::program::{Output, finish};

use crate::support::{Image, World};

/// Commands that only read: they need no place to write to.
const READING: [&[&str]; 10] = [
    &["image", "ls"],
    &["kernel", "ls"],
    &["catalogue", "ls"],
    &["system", "df"],
    &["auth", "list"],
    &["types"],
    &["validate", "agent.yaml"],
    &["completions", "bash"],
    &["serve", "--check"],
    &["registry", "with", "--help"],
];

/// Commands that write, or that need a registry or a kernel.
const WRITING: [&[&str]; 11] = [
    &["image", "import", "layout", "x:v1"],
    &["image", "prune"],
    &[
        "rootfs",
        "build",
        "oci:layout",
        "-o",
        "disk.erofs",
        "--fs",
        "erofs",
    ],
    &["kernel", "import", "missing.deb"],
    &["catalogue", "build", "oci:layout", "-o", "bundle"],
    &["push", "agent.yaml", "127.0.0.1:1/acme/agents/a:v1"],
    &["pull", "127.0.0.1:1/acme/agents/a:v1"],
    &["login", "127.0.0.1:1", "-u", "somebody", "--password-stdin"],
    &["logout", "127.0.0.1:1"],
    &["run", "nothing:v1"],
    &["registry", "with", "--", "true"],
];

/// A folder that everybody may read, with a copy of the program, an agent and an image.
struct Place {
    world: World,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let world = World::new();
        let folder = world.path("");
        open(&folder, 0o755);
        let program = world.path("lazaret");
        std::fs::copy(env!("CARGO_BIN_EXE_lazaret"), &program).unwrap();
        let agent = "apiVersion: lens.dev/v1alpha1\nkind: Agent\nmetadata:\n  name: a\nspec:\n  image: a:v1\n";
        world.write("agent.yaml", agent);
        Image::busybox().write(&world.path("layout"));
        Self { world, program }
    }

    /// A command of a user without rights, in a folder of the user's own.
    fn command(&self, home: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&self.program)
            .args(arguments)
            .current_dir(self.world.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.world.path(home))
            .stdin(std::process::Stdio::null());
        command
    }
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Asserts that a command worked, or failed with one sentence for people.
fn works_or_explains(arguments: &[&str], output: &Output) {
    let text = format!("{}{}", output.stdout, output.stderr);
    assert!(!text.contains('\u{1b}'), "{arguments:?}: {text}");
    assert!(!text.contains("panicked"), "{arguments:?}: {text}");
    if output.status != Some(0) {
        let errors = output
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "));
        let errors: Vec<&str> = errors.collect();
        assert_eq!(errors.len(), 1, "{arguments:?}: {output:?}");
        let rest = errors[0].trim_start_matches("error: ");
        assert!(rest.len() > 10 && rest.len() < 400, "{arguments:?}: {rest}");
    }
}

#[test]
fn an_ordinary_user_needs_no_rights() {
    let place = Place::new();
    let home = place.world.path("home");
    std::fs::create_dir(&home).unwrap();
    open(&home, 0o777);
    for arguments in READING {
        let output = finish(place.command("home", arguments));
        works_or_explains(arguments, &output.success());
    }
    for arguments in WRITING {
        works_or_explains(arguments, &finish(place.command("home", arguments)));
    }
    let names = finish(place.command("home", &["image", "ls"])).success();
    assert!(names.stdout.contains("x:v1"), "{}", names.stdout);
}

#[test]
fn what_reads_works_in_a_home_that_is_read_only_or_unknown() {
    let place = Place::new();
    std::fs::create_dir(place.world.path("home")).unwrap();
    for arguments in READING.into_iter().chain(WRITING) {
        let read_only = finish(place.command("home", arguments));
        let mut without = place.command("home", arguments);
        without.env_remove("HOME");
        let without = finish(without);
        for output in [&read_only, &without] {
            works_or_explains(arguments, output);
            if READING.contains(&arguments) {
                assert_eq!(output.status, Some(0), "{arguments:?}: {output:?}");
            }
        }
    }
}

#[test]
fn a_poor_terminal_and_a_full_disk_are_no_riddle() {
    let place = Place::new();
    for arguments in READING.into_iter().chain(WRITING) {
        let mut command = place.command("none", arguments);
        command
            .env("LANG", "C")
            .env("TERM", "dumb")
            .env("COLUMNS", "40");
        works_or_explains(arguments, &finish(command));
        // The mount is in a namespace of this command's own.
        let full = place.world.path("full");
        std::fs::create_dir_all(&full).unwrap();
        let script = "mount -t tmpfs -o size=64k,mode=0777 tmpfs \"$HOME\" && cat /dev/zero > \"$HOME/filler\" 2>/dev/null; exec \"$@\"";
        let inner = place.command("full", arguments);
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]);
        command.arg(inner.get_program()).args(inner.get_args());
        command.current_dir(place.world.path("")).env_clear();
        command.envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.stdin(std::process::Stdio::null());
        works_or_explains(arguments, &finish(command));
    }
}
