//! Serves the clients of a holder: each order is a task over the state that they share.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lazaret_protocol::{Ending as Answer, Outcome, Request, Stream};
use lazaret_values::Chain;
use lazaret_vm::{Channel, Control, Input, Session};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::asking;
use super::bridge::{bridge, freeze, leave_alone};
use super::peer::{self, Act, Peer};
use crate::audit::{AuditEvent, AuditLog};
use crate::machines::life::{Ending, Life};
use crate::machines::log::{LogStream, LogWriter};
use crate::machines::network;
use crate::machines::order::Order;
use crate::machines::record::Spec;
use crate::{Error, clock};

const SIGKILL: u8 = 9;
/// Time for the guest to set its clock.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// What clients ask of the one who runs the machine.
#[derive(Debug)]
pub(super) enum Demand {
    /// The workload is asked to end, and killed after a time.
    Stop { signal: u8, seconds: u64 },
    /// The workload gets a signal.
    Kill(u8),
    /// The machine is ended at once.
    End,
    /// The processors are stopped.
    Pause(Reply),
    /// The processors go on.
    Resume(Reply),
    /// The machine is saved into a folder.
    Save(PathBuf, Reply),
}

/// Tells a client how its demand was met.
#[derive(Debug)]
pub(super) struct Reply(oneshot::Sender<Result<(), String>>);

impl Reply {
    pub(super) fn send(self, outcome: Result<(), Error>) {
        // A client that has gone does not want to know.
        let _ = self
            .0
            .send(outcome.map_err(|error| Chain(&error).to_string()));
    }
}

/// The demands, in order.
#[derive(Debug)]
pub(super) struct Demands(mpsc::UnboundedReceiver<Demand>);

/// The state that the clients of a machine share.
#[derive(Debug)]
pub(super) struct Desk {
    life: watch::Sender<Life>,
    /// The final state, and why it was lost; `None` before.
    over: watch::Sender<Option<(Life, Option<String>)>>,
    /// Whether a client has opened a session.
    opened: Notify,
    is_bound: AtomicBool,
    /// Whether the workload's input stays open.
    is_interactive: bool,
    has_terminal: bool,
    guest: Mutex<Option<Guest>>,
    input: tokio::sync::Mutex<Option<Input>>,
    /// The clients that wait for the workload's start, and those that get its output.
    attached: Mutex<Vec<Attached>>,
    /// Held while the guest holds writes back, by one client at a time.
    freezing: tokio::sync::Mutex<()>,
    /// Ends that.
    let_go: Notify,
    log: Mutex<LogWriter>,
    audit: Arc<AuditLog>,
    log_changed: watch::Sender<()>,
    demands: mpsc::UnboundedSender<Demand>,
    /// What is asked about its network, if it has one.
    network: Option<Arc<network::Shared>>,
}

#[derive(Debug)]
struct Guest {
    channel: Arc<Channel>,
    control: Control,
    has_started: bool,
}

#[derive(Debug, Clone)]
struct Attached {
    peer: Arc<Peer>,
    output: bool,
}

impl Demands {
    /// The next demand. It is safe to cancel.
    pub(super) async fn next(&mut self) -> Demand {
        match self.0.recv().await {
            Some(demand) => demand,
            None => std::future::pending().await,
        }
    }

    /// Waits for a demand to end something that has no workload yet.
    pub(super) async fn end(&mut self) {
        loop {
            match self.next().await {
                Demand::Stop { .. } | Demand::End | Demand::Kill(SIGKILL) => return,
                // There is nothing yet that could get a signal or stand still.
                Demand::Kill(_) | Demand::Pause(_) | Demand::Resume(_) | Demand::Save(..) => {}
            }
        }
    }
}

impl Desk {
    pub(super) fn new(
        spec: &Spec,
        folder: &Path,
        audit: Arc<AuditLog>,
        network: Option<Arc<network::Shared>>,
    ) -> (Arc<Self>, Demands) {
        let (demands, receiver) = mpsc::unbounded_channel();
        let desk = Self {
            life: watch::channel(Life::Starting).0,
            over: watch::channel(None).0,
            opened: Notify::new(),
            is_bound: AtomicBool::new(false),
            is_interactive: spec.options.interactive,
            has_terminal: spec.has_terminal(),
            guest: Mutex::default(),
            input: tokio::sync::Mutex::default(),
            attached: Mutex::default(),
            freezing: tokio::sync::Mutex::default(),
            let_go: Notify::new(),
            log: Mutex::new(LogWriter::new(folder)),
            audit,
            log_changed: watch::channel(()).0,
            demands,
            network,
        };
        (Arc::new(desk), Demands(receiver))
    }

    /// Serves one client until it hangs up, or the machine is over and everything was said.
    pub(super) async fn attend(self: Arc<Self>, stream: UnixStream) {
        let desk = self.clone();
        let serve = move |peer: Peer, request: Vec<u8>| {
            let peer = Arc::new(peer);
            match serde_json::from_slice::<Order>(&request) {
                Ok(order) => {
                    // Registered before the next request is read.
                    if let Order::Attach { output, bound } = order {
                        desk.join(&peer, output, bound);
                    }
                    desk.opened.notify_one();
                    tokio::spawn(desk.clone().serve(peer, order));
                }
                Err(error) => peer.fail(format!("the request is not understood: {error}")),
            }
        };
        let mut over = self.over.subscribe();
        peer::attend(stream, serve, async move {
            drop(over.wait_for(Option::is_some).await);
        })
        .await;
        // For a client that hung up before it asked for anything.
        self.opened.notify_one();
    }

    /// Waits until the first client has opened a session, or has gone.
    pub(super) async fn opened(&self) {
        self.opened.notified().await;
    }

    /// The log of what happens.
    pub(super) fn audit(&self) -> &Arc<AuditLog> {
        &self.audit
    }

    pub(super) fn set_life(&self, life: Life) {
        self.life.send_replace(life);
    }

    /// The machine has come to its last state.
    pub(super) fn close(&self, life: Life, error: Option<String>) {
        self.life.send_replace(life.clone());
        self.over.send_replace(Some((life, error)));
    }

    /// The guest has answered.
    pub(super) async fn up(&self, channel: Arc<Channel>, control: Control, input: Input) {
        *self.input.lock().await = self.is_interactive.then_some(input);
        *self.guest() = Some(Guest {
            channel,
            control,
            has_started: false,
        });
    }

    /// The workload runs.
    pub(super) fn started(&self) {
        if let Some(guest) = self.guest().as_mut() {
            guest.has_started = true;
        }
        for attached in self.attached().iter() {
            attached.peer.started();
        }
    }

    /// The guest is to be no more: the host hangs up.
    pub(super) async fn down(&self) {
        *self.guest() = None;
        *self.input.lock().await = None;
    }

    /// Logs what the workload wrote, and gives it to the clients that wait for it.
    pub(super) async fn output(&self, stream: LogStream, bytes: &[u8]) {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(stream, bytes);
        self.log_changed.send_replace(());
        let readers: Vec<Attached> = self.attached().clone();
        let to = match stream {
            LogStream::Output => Stream::Output,
            LogStream::Errors => Stream::Errors,
        };
        for reader in readers.iter().filter(|reader| reader.output) {
            if !reader.peer.write(to, bytes).await {
                self.leave(&reader.peer);
            }
        }
    }

    /// Sends a signal to the workload.
    pub(super) fn signal(&self, number: u8) {
        if number == SIGKILL {
            self.let_go.notify_waiters();
        }
        if let Some(guest) = self.guest().as_ref() {
            guest.control.signal(number);
        }
    }

    fn join(&self, peer: &Arc<Peer>, output: bool, bound: bool) {
        if bound {
            self.is_bound.store(true, Ordering::Release);
        }
        let peer = peer.clone();
        if self.guest().as_ref().is_some_and(|guest| guest.has_started) {
            peer.started();
        }
        self.attached().push(Attached { peer, output });
    }

    fn leave(&self, peer: &Arc<Peer>) {
        self.attached()
            .retain(|attached| !Arc::ptr_eq(&attached.peer, peer));
    }

    async fn serve(self: Arc<Self>, peer: Arc<Peer>, order: Order) {
        match order {
            Order::Attach { bound, output } => self.attach(peer, bound, output).await,
            Order::Detach => {
                self.is_bound.store(false, Ordering::Release);
                done(&peer);
            }
            Order::Exec { process, detached } => {
                self.audit.note(&AuditEvent::exec(&process));
                self.ask_guest(peer, Request::Exec(process), detached).await;
            }
            Order::Copy(request) => self.ask_guest(peer, Request::Copy(request), false).await,
            Order::Processes => self.ask_guest(peer, Request::Processes, false).await,
            Order::Freeze => {
                let turn = tokio::select! {
                    turn = self.freezing.lock() => turn,
                    () = peer.gone() => return,
                };
                if let Some(session) = self.open(&peer, &Request::Freeze) {
                    freeze(&peer, session, &self.let_go).await;
                }
                drop(turn);
            }
            Order::Wait => self.wait(&peer).await,
            Order::Watch => self.watch(&peer).await,
            Order::Stop { signal, seconds } => {
                self.let_go.notify_waiters();
                self.demand(Demand::Stop { signal, seconds });
                self.wait(&peer).await;
            }
            Order::Kill(signal) => {
                self.demand(Demand::Kill(signal));
                done(&peer);
            }
            Order::End => {
                self.demand(Demand::End);
                self.wait(&peer).await;
            }
            Order::Pause => self.ask(&peer, Demand::Pause).await,
            Order::Resume => self.ask(&peer, Demand::Resume).await,
            Order::Questions { follow } => {
                asking::list(&peer, self.network.as_deref(), follow).await;
            }
            Order::Answer {
                question,
                answer,
                scope,
            } => asking::answer(&peer, self.network.as_deref(), question, answer, scope),
            Order::Save { folder } => self.ask(&peer, |reply| Demand::Save(folder, reply)).await,
        }
    }

    async fn attach(self: Arc<Self>, peer: Arc<Peer>, bound: bool, output: bool) {
        let feeding = self.feed(&peer, output);
        let acting = async {
            loop {
                match peer.act().await {
                    Act::Signal(number) => self.demand(Demand::Kill(number)),
                    Act::Resize(size) => {
                        if let Some(guest) = self.guest().as_ref() {
                            guest.control.resize(size);
                        }
                    }
                    Act::Gone => return,
                }
            }
        };
        let ending = async {
            tokio::join!(feeding, self.wait(&peer));
        };
        tokio::select! {
            () = acting => {
                if bound && self.is_bound.load(Ordering::Acquire) {
                    self.demand(Demand::End);
                }
            }
            () = ending => {}
        }
        self.leave(&peer);
    }

    /// Gives a client's input to the workload.
    async fn feed(&self, peer: &Peer, is_whole: bool) {
        while let Some(bytes) = peer.read().await {
            // Input may come while the machine starts.
            let mut life = self.life.subscribe();
            drop(life.wait_for(|life| *life != Life::Starting).await);
            let mut input = self.input.lock().await;
            if let Some(open) = input.as_mut()
                && !open.write(&bytes).await
            {
                *input = None;
            }
        }
        if !is_whole || self.has_terminal || peer.is_gone() {
            return;
        }
        let mut life = self.life.subscribe();
        drop(life.wait_for(|life| *life != Life::Starting).await);
        *self.input.lock().await = None;
    }

    /// Opens a session with the guest for a client and carries it.
    async fn ask_guest(self: Arc<Self>, peer: Arc<Peer>, request: Request, detached: bool) {
        match self.open(&peer, &request) {
            None => {}
            Some(session) if detached => leave_alone(&peer, session).await,
            Some(session) => bridge(&peer, session).await,
        }
    }

    /// Opens a session with the guest for a client, who is told if that cannot be.
    fn open(&self, peer: &Peer, request: &Request) -> Option<Session> {
        let is_paused = *self.life.borrow() == Life::Paused;
        let Some(channel) = self.channel().filter(|_| !is_paused) else {
            peer.fail(format!("the machine is {}", self.life.borrow().name()));
            return None;
        };
        let opened = channel.open(request);
        opened
            .map_err(|error| peer.fail(Chain(&error).to_string()))
            .ok()
    }

    /// Makes a demand and tells the client how it was met.
    async fn ask(&self, peer: &Peer, demand: impl FnOnce(Reply) -> Demand) {
        let (reply, outcome) = oneshot::channel();
        self.demand(demand(Reply(reply)));
        match outcome.await {
            Ok(Ok(())) => done(peer),
            Ok(Err(reason)) => peer.fail(reason),
            Err(_) => peer.fail(format!("the machine is {}", self.life.borrow().name())),
        }
    }

    /// Gives the guest the time, after its clock stood still.
    pub(super) async fn set_clock(&self) {
        let Some(channel) = self.channel() else {
            return;
        };
        let Ok(mut session) = channel.open(&Request::Clock(clock::nanoseconds())) else {
            return;
        };
        let set = async { while let Ok(Some(_)) = session.events.next().await {} };
        if tokio::time::timeout(ENDS_WITHIN, set).await.is_err() {
            tracing::warn!("the guest did not set its clock");
        }
    }

    /// Ends a session with the machine.
    async fn wait(&self, peer: &Peer) {
        let mut over = self.over.subscribe();
        let Ok(over) = over
            .wait_for(Option::is_some)
            .await
            .map(|over| over.clone())
        else {
            return;
        };
        let Some((life, error)) = over else { return };
        match life {
            Life::Exited(Ending::Exit(outcome)) => peer.finish(&Answer::Exit(outcome)),
            Life::Exited(Ending::Failure(failure)) => peer.finish(&Answer::Failure(failure)),
            Life::Exited(Ending::Killed) => peer.finish(&Answer::Exit(Outcome::Signal(SIGKILL))),
            _ => peer.fail(error.unwrap_or_else(|| "the machine is lost".to_owned())),
        }
    }

    async fn watch(&self, peer: &Peer) {
        let mut changed = self.log_changed.subscribe();
        peer.started();
        let telling = async {
            while changed.changed().await.is_ok() && peer.write(Stream::Output, &[1]).await {}
        };
        tokio::select! {
            () = telling => {}
            () = peer.gone() => {}
            () = self.wait(peer) => {}
        }
    }

    fn demand(&self, demand: Demand) {
        // When nobody takes it, the machine is over.
        let _ = self.demands.send(demand);
    }

    /// The channel to the guest, while it is up.
    pub(super) fn channel(&self) -> Option<Arc<Channel>> {
        self.guest().as_ref().map(|guest| guest.channel.clone())
    }

    fn guest(&self) -> MutexGuard<'_, Option<Guest>> {
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attached(&self) -> MutexGuard<'_, Vec<Attached>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn done(peer: &Peer) {
    peer.finish(&Answer::Exit(Outcome::Code(0)));
}
