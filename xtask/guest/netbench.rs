//! Measures a network from inside a machine: `netbench ADDRESS:PORT send|receive|connect STREAMS AMOUNT` prints
//! the seconds. AMOUNT is bytes of each stream, or a number of connections. `bench/network/peer.rs` is the
//! other side.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

const PIECE: usize = 128 * 1024;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, mode, streams, amount] = &arguments[..] else {
        return Err(io::Error::other("expected: ADDRESS:PORT MODE STREAMS AMOUNT"));
    };
    let number = |text: &str| text.parse::<u64>().map_err(io::Error::other);
    let (streams, amount) = (number(streams)?, number(amount)?);
    let work = match mode.as_str() {
        "send" => send,
        "receive" => receive,
        "connect" => connect,
        _ => return Err(io::Error::other("expected send, receive or connect")),
    };
    let begin = Instant::now();
    let threads: Vec<_> = (0..streams)
        .map(|_| {
            let address = address.clone();
            std::thread::Builder::new()
                .stack_size(PIECE * 2)
                .spawn(move || work(&address, amount))
        })
        .collect::<io::Result<_>>()?;
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a stream broke"))??;
    }
    println!("{:.6}", begin.elapsed().as_secs_f64());
    Ok(())
}

/// Sends, and waits until the other side has read it all.
fn send(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&[1])?;
    let piece = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let count = left.min(PIECE as u64);
        stream.write_all(&piece[..count as usize])?;
        left -= count;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut end = [0];
    match stream.read(&mut end)? {
        0 => Ok(()),
        _ => Err(io::Error::other("an answer that nobody wanted")),
    }
}

fn receive(address: &str, bytes: u64) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&[2])?;
    stream.write_all(&bytes.to_be_bytes())?;
    let mut piece = vec![0; PIECE];
    let mut count = 0;
    loop {
        match stream.read(&mut piece)? {
            0 if count == bytes => return Ok(()),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => count += read as u64,
        }
    }
}

fn connect(address: &str, times: u64) -> io::Result<()> {
    for _ in 0..times {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.write_all(&[3])?;
        stream.read_exact(&mut [0])?;
    }
    Ok(())
}
