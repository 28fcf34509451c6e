//! Terminals, in tmux: what people type, see and leave.

use std::process::Command;

use super::eventually;
use crate::support::{Image, Lazaret, World, finish, tool};

/// A tmux with one window that runs a shell in which `lazaret` is at hand. It ends with this value.
pub(crate) struct Window {
    server: String,
}

impl Window {
    pub(crate) fn open(lazaret: &Lazaret, name: &str) -> Self {
        let server = format!("lazaret-{name}-{}", std::process::id());
        let mut command = lazaret.command(["unused"]);
        let variables: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = Command::new("tmux");
        let shell = [
            "-L",
            &server,
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "90",
            "-y",
            "25",
        ];
        command
            .args(shell)
            .arg("PS1='host> ' exec bash --norc --noprofile");
        command
            .env_clear()
            .envs(variables)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8");
        let output = finish(command);
        assert_eq!(output.status, Some(0), "{output:?}");
        let window = Self { server };
        window.wait_for("host> ");
        window
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        tool("tmux", &[&["-L", &self.server], arguments].concat())
    }

    fn type_keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "0"], keys].concat());
    }

    pub(crate) fn enter(&self, line: &str) {
        self.tmux(&["send-keys", "-t", "0", "-l", line]);
        self.type_keys(&["Enter"]);
    }

    /// The lines on the screen.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "0"])
    }

    /// Waits until a line of the screen begins with `text`.
    pub(crate) fn wait_for(&self, text: &str) {
        let text = text.trim_end();
        eventually(&format!("`{text}` in {:?}", self.server), || {
            self.screen().lines().any(|line| line.starts_with(text))
        });
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ended = Command::new("tmux")
            .args(["-L", &self.server, "kill-server"])
            .output();
    }
}

#[test]
fn a_shell_in_a_machine_is_a_shell() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "shell");
    let window = Window::open(&lazaret, "shell");
    window.enter("lazaret -q run -it --rm --name shell -e PS1='in> ' shell sh; echo status $?");
    window.wait_for("in> ");
    window.enter("tty; stty size; echo $TERM");
    window.wait_for("/dev/pts/");
    window.wait_for("25 90");
    window.wait_for("xterm");
    window.tmux(&["resize-window", "-t", "0", "-x", "70", "-y", "20"]);
    eventually("the size arrives", || {
        window.enter("stty size");
        window.screen().lines().any(|line| line == "20 70")
    });
    // Ctrl-C and Ctrl-Z are for the program in the machine.
    window.enter("clear; sleep 1000");
    std::thread::sleep(std::time::Duration::from_millis(500));
    window.type_keys(&["C-c"]);
    window.enter("echo interrupted $?");
    window.wait_for("interrupted 130");
    window.enter("clear; sleep 1000");
    std::thread::sleep(std::time::Duration::from_millis(500));
    window.type_keys(&["C-z"]);
    window.enter("jobs");
    window.wait_for("[1]+  Stopped");
    window.enter("kill -9 %1; clear");

    // An editor has the whole screen and gives it back.
    window.enter("vi /tmp/file");
    window.wait_for("~");
    window.type_keys(&["i", "words", "Escape"]);
    // Keys that follow at once would be part of one that sends several bytes.
    std::thread::sleep(std::time::Duration::from_millis(500));
    window.type_keys(&[":wq", "Enter"]);
    window.wait_for("in> ");
    window.enter("clear; cat /tmp/file");
    window.wait_for("words");

    // Left with Ctrl-P Ctrl-Q, it goes on, and is joined again.
    window.enter("clear; x=remembered");
    window.type_keys(&["C-p", "C-q"]);
    window.wait_for("status 0");
    window.enter("lazaret ps --format json | grep '\"state\"'");
    window.wait_for("    \"state\": \"running\"");
    window.enter("clear; lazaret attach shell; echo status $?");
    std::thread::sleep(std::time::Duration::from_millis(500));
    window.enter("echo $x");
    window.wait_for("remembered");
    window.enter("exit 5");
    window.wait_for("status 5");
    // The terminal of the host is as before.
    window.enter("clear; stty -a | grep -o ' icanon'");
    window.wait_for(" icanon");
}

#[test]
fn a_guest_that_prints_garbage_leaves_the_terminal_usable() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "garbage");
    let window = Window::open(&lazaret, "garbage");
    window.enter(
        "lazaret -q run -it --rm garbage sh -c 'head -c 20000 /dev/urandom; \
         printf \"\\033[?1049h\\033[?25l\\033(0\\033[?1000h\\016\\033[31m\"'; echo; echo status $?",
    );
    window.wait_for("status 0");
    window.enter("clear; echo plain letters; stty -a | grep -o ' icanon'");
    window.wait_for("plain letters");
    window.wait_for(" icanon");
    let modes = "#{cursor_flag} #{alternate_on} #{mouse_any_flag}";
    assert_eq!(
        window
            .tmux(&["display-message", "-p", "-t", "0", modes])
            .trim(),
        "1 0 0"
    );
}

#[test]
fn a_command_beside_the_workload_has_a_terminal_of_its_own() {
    let machine = super::Machine::run("beside", &[], "exec sleep 1000");
    let window = Window::open(&machine.lazaret, "beside");
    window.enter("lazaret exec -it -e PS1='in> ' beside sh; echo status $?");
    window.wait_for("in> ");
    window.enter("test -t 0 && stty size; exit 3");
    window.wait_for("25 90");
    window.wait_for("status 3");
    machine
        .with(&["run", "-it", "beside", "true"])
        .fails(125, &["terminal"]);
    // Without input, a terminal is still one.
    let output = machine.with(&["exec", "--tty", "{}", "sh", "-c", "test -t 1 && echo yes"]);
    assert_eq!(output.success().stdout, "yes\r\n");
}

#[test]
fn a_secret_is_asked_for_and_not_shown() {
    let world = World::new();
    let window = Window::open(&world.lazaret(), "secret");
    window.enter("lazaret connect openai");
    window.wait_for("Secret for openai/api-key:");
    window.enter("hunter2");
    window.wait_for("openai/api-key is kept in the file");
    assert!(!window.screen().contains("hunter2"));
    window.enter("lazaret connect npm");
    window.wait_for("Secret for npm/token:");
    window.type_keys(&["C-c"]);
    window.enter("clear; lazaret connect | grep -c npm");
    window.wait_for("0");
}
