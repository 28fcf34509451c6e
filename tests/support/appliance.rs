//! A disk that boots by itself in a plain QEMU, as in the guide, and its agent.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lazaret_protocol::mux::Event;
use lazaret_protocol::{AGENT_PORT, Ending, Outcome, Process, Request};
use lazaret_testing::machine::{Boot, Machine, PATIENCE};
use lazaret_vm::{Channel, Session};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

use super::{World, process::Lazaret};

/// The running machine, which is ended when dropped.
pub(crate) struct Appliance {
    machine: Machine,
    agent: PathBuf,
}

/// The result of a command in the machine.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Appliance {
    /// Boots `disk` with the kernel of the machine tests; `more` is added to the kernel's command
    /// line.
    pub(crate) fn boot(world: &World, lazaret: &Lazaret, disk: &Path, more: &str) -> Self {
        let exported = world.path("kernel");
        let folder = exported.to_str().unwrap();
        lazaret.run(["kernel", "export", "-o", folder]).success();
        let agent = world.path("agent.sock");
        let machine = Machine::boot(&Boot {
            disk: disk.to_owned(),
            kernel: exported,
            parameters: more.to_owned(),
            console: world.path("console.log"),
            port: AGENT_PORT,
            socket: agent.clone(),
        });
        Self { machine, agent }
    }

    /// Connects to the agent and waits for its hello. An agent that has not noticed the last host's
    /// hang-up is silent: such a connection is closed, and made again after a pause.
    #[track_caller]
    pub(crate) fn agent(&mut self) -> Agent {
        let deadline = Instant::now() + PATIENCE;
        let runtime = Runtime::new().unwrap();
        loop {
            self.machine.must_run(deadline);
            let greeted = runtime.block_on(async {
                let stream = UnixStream::connect(&self.agent).await.ok()?;
                // Output for the last host may arrive before the hello.
                Channel::connect(stream, Duration::from_secs(5)).await.ok()
            });
            if let Some((_, channel)) = greeted {
                return Agent { channel, runtime };
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The socket of the agent's port.
    pub(crate) fn socket(&self) -> &Path {
        &self.agent
    }

    /// Waits until the machine ends by itself.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        self.machine.wait();
    }

    pub(crate) fn console(&self) -> String {
        self.machine.console()
    }
}

/// The host's end of the agent's port; it hangs up when dropped.
pub(crate) struct Agent {
    channel: Channel,
    runtime: Runtime,
}

impl Agent {
    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&mut self, argv: &[&str], input: &[u8]) -> Ran {
        let Session {
            input: mut writer,
            mut events,
            ..
        } = self.open(argv);
        let feed = async move {
            writer.write(input).await;
        };
        let read = async move {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            loop {
                match events.next().await.unwrap().expect("the agent is there") {
                    Event::Started => {}
                    Event::Output(bytes) => stdout.extend(bytes),
                    Event::Errors(bytes) => stderr.extend(bytes),
                    Event::Ended(Ending::Exit(outcome)) => break (stdout, stderr, outcome),
                    Event::Ended(Ending::Failure(failure)) => panic!("{failure:?}"),
                }
            }
        };
        let both = async { tokio::join!(read, feed) };
        let patient = async { tokio::time::timeout(PATIENCE, both).await };
        let ((stdout, stderr, outcome), ()) = self.runtime.block_on(patient).expect("an answer");
        Ran {
            outcome,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Runs a command, which must succeed; returns its standard output.
    #[track_caller]
    pub(crate) fn output(&mut self, argv: &[&str]) -> String {
        let ran = self.run(argv, b"");
        assert_eq!(ran.outcome, Outcome::Code(0), "{argv:?}: {ran:?}");
        ran.stdout
    }

    /// Starts a command, and leaves it running after the agent has answered. Returns the answer;
    /// `None` when the machine ended first.
    #[track_caller]
    pub(crate) fn begin(&mut self, argv: &[&str]) -> Option<Event> {
        let mut events = self.open(argv).events;
        let patient = async { tokio::time::timeout(PATIENCE, events.next()).await };
        let answer = self.runtime.block_on(patient).expect("an answer");
        answer.unwrap()
    }

    /// Runs a command that ends the agent. Returns when the next agent says hello, which breaks the
    /// protocol of the old connection.
    #[track_caller]
    pub(crate) fn end_by(mut self, argv: &[&str]) {
        let mut events = self.open(argv).events;
        let all = async { while let Ok(Some(_)) = events.next().await {} };
        let patient = async { tokio::time::timeout(PATIENCE, all).await };
        self.runtime.block_on(patient).expect("another agent");
    }

    fn open(&mut self, argv: &[&str]) -> Session {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let process = Process {
            argv: argv.iter().map(ToString::to_string).collect(),
            env: vec![path.to_owned()],
            user: String::new(),
            working_dir: String::new(),
            terminal: None,
            capabilities: None,
        };
        self.channel.open(&Request::Exec(process)).unwrap()
    }
}
