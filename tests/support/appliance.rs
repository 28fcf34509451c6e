//! A disk that boots by itself in a plain QEMU, as the guide shows it, and its agent.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lazaret_protocol::{AGENT_PORT, Decoder, Frame, Hello, Kind, Outcome, Process};

use super::{World, process::Lazaret};

/// An emulated machine with systemd takes a minute and more on a busy host.
const PATIENCE: Duration = Duration::from_secs(600);

/// The running machine; dropped, it ends.
pub(crate) struct Appliance {
    qemu: Child,
    console: PathBuf,
    agent: PathBuf,
}

/// What a command in the machine did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Appliance {
    /// Boots `disk` with the kernel of the machine tests; `more` goes on its command line.
    pub(crate) fn boot(world: &World, lazaret: &Lazaret, disk: &Path, more: &str) -> Self {
        let exported = world.path("kernel");
        let folder = exported.to_str().unwrap();
        lazaret.run(["kernel", "export", "-o", folder]).success();
        let (console, agent) = (world.path("console.log"), world.path("agent.sock"));
        let parameters = format!(
            "console=ttyS0 root=/dev/vda panic=-1 mitigations=off \
             ip=10.0.2.15::10.0.2.2:255.255.255.0:appliance::off:10.0.2.3 {more}"
        );
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2"])
            .args(["-m", "1024", "-display", "none", "-no-reboot"])
            .args(["-nodefaults", "-monitor", "none", "-serial"])
            .arg(format!("file:{}", console.display()))
            .args(["-append", &parameters, "-kernel"])
            .arg(exported.join("vmlinuz"))
            .arg("-initrd")
            .arg(exported.join("initrd"))
            .arg("-drive")
            .arg(format!("file={},if=virtio,format=raw", disk.display()))
            .args(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"])
            .arg("-chardev")
            .arg(format!(
                "socket,id=agent,path={},server=on,wait=off",
                agent.display()
            ))
            .arg("-device")
            .arg(format!("virtserialport,chardev=agent,name={AGENT_PORT}"))
            .args(["-netdev", "user,id=net,restrict=on"])
            .args(["-device", "virtio-net-pci,netdev=net"])
            .stdin(Stdio::null())
            .spawn()
            .expect("qemu is installed");
        Self {
            qemu,
            console,
            agent,
        }
    }

    /// The agent's connection, once it has said hello. An agent that has not noticed that the last
    /// host hung up is silent: such a connection is given up, and made again after a pause.
    #[track_caller]
    pub(crate) fn agent(&mut self) -> Agent {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.must_run(deadline);
            if let Ok(stream) = UnixStream::connect(&self.agent) {
                let mut agent = Agent::new(stream);
                while let Some(frame) = agent.poll(Instant::now() + Duration::from_secs(5)) {
                    // Before it may come what the last host did not wait for.
                    if frame.kind == Kind::Hello {
                        let hello: Hello = serde_json::from_slice(&frame.payload).unwrap();
                        assert_eq!(hello.version, lazaret_protocol::VERSION);
                        return agent;
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Waits for the machine to end by itself.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.qemu.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "{}", self.console());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn console(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.console).unwrap_or_default()).into_owned()
    }

    #[track_caller]
    fn must_run(&mut self, deadline: Instant) {
        let ended = self.qemu.try_wait().unwrap();
        let in_time = Instant::now() < deadline;
        assert!(ended.is_none() && in_time, "{ended:?}\n{}", self.console());
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The host's end of the agent's port; dropped, it hangs up.
pub(crate) struct Agent {
    stream: UnixStream,
    decoder: Decoder,
}

impl Agent {
    fn new(stream: UnixStream) -> Self {
        let patience = Some(Duration::from_secs(1));
        stream.set_read_timeout(patience).unwrap();
        Self {
            stream,
            decoder: Decoder::default(),
        }
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&mut self, argv: &[&str], input: &[u8]) -> Ran {
        self.start(argv);
        for piece in input.chunks(64 * 1024) {
            self.send(&Frame {
                kind: Kind::Stdin,
                payload: piece.to_vec(),
            });
        }
        self.send(&Frame::empty(Kind::StdinClosed));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let outcome = loop {
            let frame = self.receive();
            match frame.kind {
                Kind::Started | Kind::StdinTaken => {}
                Kind::Stdout => stdout.extend(frame.payload),
                Kind::Stderr => stderr.extend(frame.payload),
                Kind::Exit => break serde_json::from_slice(&frame.payload).unwrap(),
                kind => panic!("{kind:?} {}", String::from_utf8_lossy(&frame.payload)),
            }
        };
        Ran {
            outcome,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// A command that must succeed; what it printed.
    #[track_caller]
    pub(crate) fn output(&mut self, argv: &[&str]) -> String {
        let ran = self.run(argv, b"");
        assert_eq!(ran.outcome, Outcome::Code(0), "{argv:?}: {ran:?}");
        ran.stdout
    }

    /// Begins a command and leaves the rest to the caller.
    pub(crate) fn start(&mut self, argv: &[&str]) {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let process = Process {
            argv: argv.iter().map(ToString::to_string).collect(),
            env: vec![path.to_owned()],
            user: String::new(),
            working_dir: String::new(),
        };
        self.send(&Frame::json(Kind::Exec, &process).unwrap());
    }

    /// The next frame.
    #[track_caller]
    pub(crate) fn receive(&mut self) -> Frame {
        self.poll(Instant::now() + PATIENCE).expect("an answer")
    }

    fn poll(&mut self, deadline: Instant) -> Option<Frame> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(frame);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("the agent is gone"),
                Ok(read) => self.decoder.push(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if Instant::now() > deadline {
                        return None;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn send(&mut self, frame: &Frame) {
        self.stream.write_all(&frame.encode()).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
