//! Throughput, connections a second and memory, with the kernel's own TCP as the guest: a TAP device in a
//! network namespace of its own, whose frames are carried as QEMU carries them. It needs root.
//!
//! `cargo test --release -p lazaret-egress --lib measure -- --ignored --nocapture`

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

use super::super::wire::{GATEWAY, GUEST, MTU, PREFIX};
use super::guest::{desk, settings};
use crate::frames::GUEST_MAC;
use crate::splice::splice;
use crate::stack::Stack;

const SERVER: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);
const SINK: u16 = 1;
const SOURCE: u16 = 2;
const ECHO: u16 = 3;
const MIB: u64 = 1 << 20;

/// Runs `work` in a namespace whose only way out is the returned socket.
fn guest<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (OwnedFd, JoinHandle<T>) {
    let (near, far) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
    .unwrap();
    let guest = thread::spawn(move || {
        // This thread and those that it starts.
        #[allow(unsafe_code)]
        // SAFETY: no file descriptors or memory are concerned.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET) }
            .expect("root");
        let tap = tap();
        let mac = GUEST_MAC.map(|byte| format!("{byte:02x}")).join(":");
        ip(&format!("link set tap0 address {mac} mtu {MTU}"));
        ip(&format!("address add {GUEST}/{PREFIX} dev tap0"));
        ip("link set tap0 up");
        ip(&format!("route add default via {GATEWAY}"));
        let (tap, near) = (std::sync::Arc::new(tap), std::sync::Arc::new(near));
        let (tap_in, near_in) = (tap.clone(), near.clone());
        thread::spawn(move || {
            let mut frame = vec![0; 10_000];
            while let Ok(count) = (&*tap_in).read(&mut frame) {
                if rustix::net::send(near_in.as_fd(), &frame[..count], SendFlags::NOSIGNAL).is_err()
                {
                    return;
                }
            }
        });
        thread::spawn(move || {
            let mut frame = vec![0; 10_000];
            while let Ok((count, _)) =
                rustix::net::recv(near.as_fd(), &mut frame[..], RecvFlags::empty())
            {
                if count == 0 || (&*tap).write(&frame[..count]).is_err() {
                    return;
                }
            }
        });
        work()
    });
    (far, guest)
}

fn tap() -> File {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .unwrap();
    let mut request = [0_u8; 40];
    request[..4].copy_from_slice(b"tap0");
    // IFF_TAP | IFF_NO_PI.
    request[16..18].copy_from_slice(&0x1002_u16.to_ne_bytes());
    // TUNSETIFF.
    #[allow(unsafe_code)]
    // SAFETY: the request is a `struct ifreq`.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), 0x4004_54ca, request.as_mut_ptr()) };
    assert_eq!(result, 0);
    file
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.unwrap().success(), "ip {arguments}");
}

/// Servers on loopback: one that reads, one that writes, one that answers.
fn servers() -> [u16; 3] {
    let serve = |work: fn(TcpStream)| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                thread::Builder::new()
                    .stack_size(1 << 17)
                    .spawn(move || work(stream))
                    .unwrap();
            }
        });
        port
    };
    [
        serve(|mut stream| {
            let mut buffer = vec![0; 1 << 18];
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
            let _ = stream.write_all(&[1]);
        }),
        serve(|mut stream| {
            let buffer = vec![0; 1 << 18];
            while stream.write_all(&buffer).is_ok() {}
        }),
        serve(|mut stream| {
            let mut buffer = [0; 64];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        }),
    ]
}

/// Serves a guest until it has ended; every connection is spliced to a server on loopback.
fn serve(frames: OwnedFd, ended: &Receiver<()>) {
    let ports = servers();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (desk, _told) = desk(&[]);
        let stack = Rc::new(Stack::new(frames, &settings(), desk).unwrap());
        let run = Rc::clone(&stack);
        spawn_local(async move { run.run().await });
        spawn_local(async move {
            loop {
                let incoming = stack.accept().await;
                let port = ports[usize::from(incoming.destination.port) - 1];
                spawn_local(async move {
                    let world = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
                    world.set_nodelay(true)?;
                    splice(incoming.stream, world).await
                });
            }
        });
        while ended.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// Sends or receives `bytes` over each of so many connections.
fn transfer(port: u16, connections: u64, bytes: u64) {
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect((SERVER, port)).unwrap();
                let mut buffer = vec![0; 1 << 18];
                let mut left = bytes;
                while left > 0 {
                    let most = usize::try_from(left).unwrap().min(buffer.len());
                    let count = match port {
                        SINK => stream.write(&buffer[..most]).unwrap(),
                        _ => stream.read(&mut buffer[..most]).unwrap(),
                    };
                    left -= count as u64;
                }
                if port == SINK {
                    stream.shutdown(std::net::Shutdown::Write).unwrap();
                    stream.read_exact(&mut buffer[..1]).unwrap();
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// Seconds of processor time of the whole thread that asks.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn measure(what: &str, work: impl FnOnce() -> String + Send + 'static) {
    let (sender, ended) = channel();
    let (frames, guest) = guest(move || {
        let result = work();
        sender.send(()).unwrap();
        result
    });
    let before = cpu();
    serve(frames, &ended);
    let used = cpu() - before;
    let result = guest.join().unwrap();
    println!("{what}: {result}; {used:.2} s of processor time here");
}

fn timed(bytes: u64, work: impl FnOnce()) -> String {
    let start = Instant::now();
    work();
    let seconds = start.elapsed().as_secs_f64();
    format!("{:.0} MiB/s", bytes as f64 / MIB as f64 / seconds)
}

#[test]
#[ignore = "a measurement, which needs root"]
fn measure_throughput() {
    for (name, port) in [("out", SINK), ("in", SOURCE)] {
        for connections in [1, 64] {
            measure(
                &format!("1 GiB {name} over {connections} connections"),
                move || {
                    timed(1024 * MIB, || {
                        transfer(port, connections, 1024 * MIB / connections);
                    })
                },
            );
        }
    }
}

#[test]
#[ignore = "a measurement, which needs root"]
fn measure_connections() {
    measure("connect, 64 bytes there and back, close", || {
        let start = Instant::now();
        for _ in 0..3000 {
            let mut stream = TcpStream::connect((SERVER, ECHO)).unwrap();
            stream.write_all(&[7; 64]).unwrap();
            stream.read_exact(&mut [0; 64]).unwrap();
        }
        format!("{:.0} a second", 3000.0 / start.elapsed().as_secs_f64())
    });
    measure("64 bytes there and back", || {
        let mut stream = TcpStream::connect((SERVER, ECHO)).unwrap();
        stream.set_nodelay(true).unwrap();
        let start = Instant::now();
        for _ in 0..20_000 {
            stream.write_all(&[7; 64]).unwrap();
            stream.read_exact(&mut [0; 64]).unwrap();
        }
        format!("{:.0} µs", start.elapsed().as_micros() as f64 / 20_000.0)
    });
    measure("1 GiB out beside 1000 idle connections", || {
        let before = resident();
        let idle: Vec<_> = (0..1000)
            .map(|_| TcpStream::connect((SERVER, ECHO)).unwrap())
            .collect();
        let memory = (resident() - before) / MIB;
        let speed = timed(1024 * MIB, || transfer(SINK, 1, 1024 * MIB));
        drop(idle);
        format!("{speed}, {memory} MiB for the idle ones with the servers' threads")
    });
}

/// As many connections as there may be, each full of bytes that nobody reads.
#[test]
#[ignore = "a measurement, which needs root"]
fn measure_memory() {
    let (sender, ended) = channel();
    let (frames, guest) = guest(move || {
        let before = resident();
        let mut held = Vec::new();
        let mut refused = 0;
        for number in 0..10_000_u32 {
            let server = Ipv4Addr::from_bits(SERVER.to_bits() + number / 500);
            match TcpStream::connect((server, SINK)) {
                Ok(mut stream) => {
                    stream.set_nonblocking(true).unwrap();
                    while stream.write(&[7; 1 << 14]).is_ok() {}
                    held.push(stream);
                }
                Err(_) => refused += 1,
            }
        }
        thread::sleep(Duration::from_secs(2));
        let memory = (resident() - before) / MIB;
        sender.send(()).unwrap();
        format!(
            "{} full connections, {refused} refused: {memory} MiB",
            held.len()
        )
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (desk, _told) = desk(&[]);
        let stack = Rc::new(Stack::new(frames, &settings(), desk).unwrap());
        let run = Rc::clone(&stack);
        spawn_local(async move { run.run().await });
        let mut held = Vec::new();
        while ended.try_recv().is_err() {
            tokio::select! {
                incoming = stack.accept() => held.push(incoming),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    });
    println!("{}", guest.join().unwrap());
}

/// A loopback server with the runtime's own listener, so that its type is used as the boundary uses it.
#[test]
#[ignore = "a measurement, which needs root"]
fn measure_into_the_guest() {
    let (sender, ended) = channel();
    let (frames, guest) = guest(move || {
        let listener = std::net::TcpListener::bind((GUEST, 80)).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = vec![0; 1 << 18];
        let mut total = 0_u64;
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            total += count as u64;
        }
        sender.send(()).unwrap();
        total
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let start = Instant::now();
    LocalSet::new().block_on(&runtime, async {
        let (desk, _told) = desk(&[]);
        let stack = Rc::new(Stack::new(frames, &settings(), desk).unwrap());
        let run = Rc::clone(&stack);
        spawn_local(async move { run.run().await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let end = listener.local_addr().unwrap();
        spawn_local(crate::ports::serve(stack, vec![(listener, 80)]));
        tokio::time::sleep(Duration::from_millis(200)).await;
        thread::spawn(move || {
            let mut stream = TcpStream::connect(end).unwrap();
            let buffer = vec![0; 1 << 18];
            for _ in 0..4096 {
                stream.write_all(&buffer).unwrap();
            }
        });
        while ended.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let total = guest.join().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "into the guest: {:.0} MiB/s",
        total as f64 / MIB as f64 / seconds
    );
    assert_eq!(total, 1024 * MIB);
}
