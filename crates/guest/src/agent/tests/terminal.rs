//! Tests of commands with a terminal.

use lazaret_protocol::TerminalSize;

use super::*;

fn size(rows: u16, columns: u16) -> TerminalSize {
    TerminalSize { rows, columns }
}

/// A shell with this script at a terminal of 24 rows and 80 columns.
fn at_terminal(script: &str) -> Process {
    let mut process = shell(script);
    process.terminal = Some(size(24, 80));
    process
}

impl Host {
    /// Types this.
    fn keys(&mut self, session: u32, keys: &[u8]) {
        assert_eq!(self.mux.write(session, keys), keys.len());
    }

    /// Runs a script at a terminal to its end.
    fn outcome_at_terminal(&mut self, script: &str) -> Seen {
        let session = self.start(at_terminal(script));
        self.wait(session)
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_command_at_a_terminal_has_its_streams_its_size_and_its_type() {
    let Some(mut host) = Host::new() else { return };
    let script =
        "test -t 0 && test -t 1 && test -t 2 && echo $TERM >/dev/tty && stty size && exit 7";
    let seen = host.outcome_at_terminal(script);
    assert_eq!(text(&seen.stdout), "xterm\r\n24 80\r\n");
    assert_eq!((seen.started, seen.ending), (true, exit(7)));
    let seen = host.outcome_at_terminal("echo out; echo err >&2; kill -9 $$");
    assert_eq!(text(&seen.stdout), "out\r\nerr\r\n");
    assert_eq!(text(&seen.stderr), "");
    assert_eq!(seen.ending, Some(Ending::Exit(Outcome::Signal(9))));
    // Without one, there is none, and a size changes nothing.
    let session = host.run("! test -t 0 && ! echo >/dev/tty", b"");
    host.mux.resize(session, size(1, 1));
    assert_eq!(host.wait(session).ending, exit(0));
}

#[test]
fn a_terminal_belongs_to_the_user_of_the_command() {
    let Some(mut host) = Host::new() else { return };
    let mut process = at_terminal(r#"stat -c "%u %a" "$(tty)"; echo again >"$(tty)""#);
    process.user = "65534:65534".to_owned();
    let session = host.start(process);
    let seen = host.wait(session);
    assert_eq!(text(&seen.stdout), "65534 620\r\nagain\r\n");
    assert_eq!(seen.ending, exit(0));
}

#[test]
fn a_terminal_that_gets_another_size_tells_its_command() {
    let Some(mut host) = Host::new() else { return };
    let script = "trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done";
    let session = host.start(at_terminal(script));
    host.await_output(session, "ready");
    host.mux.resize(session, size(50, 132));
    let seen = host.wait(session);
    assert_eq!(text(&seen.stdout), "ready\r\n50 132\r\n");
    assert_eq!(seen.ending, exit(5));
}

#[test]
fn keys_are_echoed_and_interrupt_and_end_the_input() {
    let Some(mut host) = Host::new() else { return };
    let session = host.start(at_terminal("echo ready; exec sleep 1000"));
    host.await_output(session, "ready");
    host.keys(session, b"\x03");
    let seen = host.wait(session);
    assert_eq!(seen.ending, Some(Ending::Exit(Outcome::Signal(2))));
    assert_eq!(text(&seen.stdout), "ready\r\n^C");

    let session = host.start(at_terminal("echo ready; cat; echo over"));
    host.await_output(session, "ready");
    host.keys(session, b"typed\n\x04");
    let seen = host.wait(session);
    assert_eq!(text(&seen.stdout), "ready\r\ntyped\r\ntyped\r\nover\r\n");
    assert_eq!(seen.ending, exit(0));
}

/// Nothing is closed when the host ends standard input; a signal ends the command as ever.
#[test]
fn a_terminal_without_input_is_open() {
    let Some(mut host) = Host::new() else { return };
    let session = host.start(at_terminal("echo ready; exec cat"));
    host.mux.end(session);
    host.await_output(session, "ready");
    let later = Instant::now() + Duration::from_millis(400);
    while Instant::now() < later {
        host.turn();
    }
    assert!(host.mux.is_running(session));
    host.mux.signal(session, 15);
    let ending = host.wait(session).ending;
    assert_eq!(ending, Some(Ending::Exit(Outcome::Signal(15))));
}

/// A command may close its streams and open its terminal again.
#[test]
fn a_terminal_is_there_as_long_as_its_command() {
    let Some(mut host) = Host::new() else { return };
    let script = "exec <&- >&- 2>&-; sleep 0.5; exec >/dev/tty; echo back";
    let seen = host.outcome_at_terminal(script);
    assert_eq!(text(&seen.stdout), "back\r\n");
    assert_eq!(seen.ending, exit(0));
}

#[test]
fn everything_that_was_written_to_a_terminal_arrives() {
    const LINES: usize = 400_000;
    let Some(mut host) = Host::new() else { return };
    let lines: String = (1..=LINES).map(|line| format!("{line}\n")).collect();
    assert!(lines.len() > 2 * WINDOW_BYTES);
    let seen = host.outcome_at_terminal(&format!("stty -onlcr; seq 1 {LINES}; exit 4"));
    assert!(seen.stdout == lines.as_bytes(), "{}", seen.stdout.len());
    assert_eq!(seen.ending, exit(4));

    // Input, as fast as the command takes it.
    let script = "stty raw -echo; echo ready; exec head -c 300000";
    let session = host.start(at_terminal(script));
    host.await_output(session, "ready");
    host.input.insert(session, bytes(300_000));
    let seen = host.wait(session);
    let echoed = &seen.stdout[seen.stdout.len() - 300_000..];
    assert!(echoed == bytes(300_000), "{}", seen.stdout.len());
}

/// A background process holds the terminal, and the command has ended when the host begins to read:
/// what it wrote last lies in the terminal.
#[test]
fn the_last_output_waits_for_a_host_that_reads_late() {
    const LENGTH: usize = WINDOW_BYTES - 8 * 1024;
    let Some(mut host) = Host::new() else { return };
    let script = format!(
        "trap '' HUP; stty -onlcr; sleep 30 & head -c {LENGTH} /dev/zero | tr '\\0' x; exit 6"
    );
    let session = host.start(at_terminal(&script));
    host.unread.push(session);
    let later = Instant::now() + Duration::from_secs(4);
    while Instant::now() < later {
        host.turn();
    }
    assert!(host.mux.is_running(session));
    host.unread.clear();
    let seen = host.wait(session);
    assert_eq!((seen.stdout.len(), seen.ending), (LENGTH, exit(6)));
}

#[test]
fn background_processes_do_not_keep_a_terminal_and_are_hung_up() {
    let Some(mut host) = Host::new() else { return };
    // These hold the terminal: one is silent, the others write all the time.
    for task in ["sleep 20", "while echo more; do sleep 0.01; done", "yes"] {
        let begun = Instant::now();
        let seen = host.outcome_at_terminal(&format!("trap '' HUP; ({task}) & echo done"));
        assert!(text(&seen.stdout).contains("done\r\n"));
        assert_eq!(seen.ending, exit(0));
        assert!(begun.elapsed() < Duration::from_secs(10), "{task}");
    }
    // This one does not ignore that its user is gone.
    let seen = host.outcome_at_terminal("sleep 1000 & echo $!");
    let process = std::path::PathBuf::from(format!("/proc/{}", text(&seen.stdout).trim()));
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_there = || std::fs::read(process.join("cmdline")).is_ok_and(|line| !line.is_empty());
    while is_there() {
        assert!(Instant::now() < deadline, "{} lives", process.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}
