//! The name service of the guest (RFC 1035, 6891): it answers by itself, and no question leaves.
//!
//! Every name that could exist has an address, whatever the policy says of it, so that a denial comes where
//! it has a reason: at the connection. Only A is answered with an address; other types are empty and never
//! an error, because musl and others take an error of AAAA for one of A.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, PTR, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::names::Names;

/// The most connections on which questions are answered at once.
pub(crate) const MOST_STREAMS: usize = 32;
/// Bytes of the longest question over TCP.
const QUESTION: usize = 4096;
/// The most questions over one connection.
const QUESTIONS: usize = 1000;
/// How long a connection stays open without a question.
const IDLE: Duration = Duration::from_secs(10);
/// Seconds for which answers hold.
const TTL: u32 = 60;
/// Bytes of a header.
const HEADER: usize = 12;
/// Bytes of an answer over UDP to a question without EDNS.
const PLAIN: u16 = 512;
/// The largest answer over UDP (what the DNS flag day of 2020 recommends).
const LARGEST: u16 = 1232;
/// The host's own name, which exists although its domain does not.
pub(crate) const HOST: &str = "host.lazaret.internal";
/// Domains that no public server has: names there come of search lists.
const PRIVATE: [&str; 13] = [
    "corp",
    "domain",
    "example",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "private",
    "test",
    "workgroup",
];
/// Domains that nobody has (RFC 6761, 7686, 9476).
const NOBODY: [&str; 3] = ["alt", "invalid", "onion"];

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// In a datagram.
    Udp,
    /// Over a connection.
    Tcp,
}

/// What is known of a name.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    /// A host of the world.
    Host(String),
    /// The guest itself.
    Localhost,
    /// The name for the reverse lookup of this address.
    Reverse(Ipv4Addr),
    /// A name above others.
    Empty,
    /// It does not exist.
    Nothing,
}

/// Answers a question. `named` tells whether the policy names a host that looks like none of the world.
/// `None` if it is no question, and there is nothing to answer to.
pub(crate) fn answer(
    question: &[u8],
    over: Over,
    names: &mut Names,
    named: impl Fn(&str) -> bool,
) -> Option<Vec<u8>> {
    let (header, _) = question.split_first_chunk::<HEADER>()?;
    let id = u16::from_be_bytes([header[0], header[1]]);
    let counts: [u16; 4] = [4, 6, 8, 10].map(|at| u16::from_be_bytes([header[at], header[at + 1]]));
    if header[2] & 0x80 != 0 {
        return None;
    }
    let op_code = OpCode::from_u8(header[2] >> 3 & 15);
    if op_code != OpCode::Query {
        return Message::error_msg(id, op_code, ResponseCode::NotImp)
            .to_vec()
            .ok();
    }
    // One question, and nothing but what extends it. It is checked before anything takes memory for it.
    let asked = match counts {
        [1, 0, 0, 0..=2] => Message::from_vec(question).ok(),
        _ => None,
    };
    let Some((asked, query)) = asked.and_then(|asked| {
        let query = asked.queries.first()?.clone();
        Some((asked, query))
    }) else {
        return Message::error_msg(id, op_code, ResponseCode::FormErr)
            .to_vec()
            .ok();
    };
    let mut response = Message::new(id, MessageType::Response, OpCode::Query);
    response.metadata.recursion_desired = asked.metadata.recursion_desired;
    response.metadata.checking_disabled = asked.metadata.checking_disabled;
    response.metadata.recursion_available = true;
    response.add_query(query.clone());
    let most = match (over, &asked.edns) {
        (Over::Tcp, _) => u16::MAX,
        (Over::Udp, Some(edns)) => edns.max_payload().clamp(PLAIN, LARGEST),
        (Over::Udp, None) => PLAIN,
    };
    let mut version = 0;
    if let Some(edns) = &asked.edns {
        version = edns.version();
        let mut own = Edns::new();
        own.set_max_payload(LARGEST);
        response.set_edns(own);
    }
    if version == 0 {
        fill(&mut response, &query, names, named);
    } else {
        response.metadata.response_code = ResponseCode::BADVERS;
    }
    let bytes = response.to_vec().ok()?;
    if bytes.len() <= usize::from(most) {
        return Some(bytes);
    }
    response.truncate().to_vec().ok()
}

/// Answers questions over a connection, until its end.
pub(crate) async fn serve(
    mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
    mut answer: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) {
    let mut question = Vec::new();
    for _ in 0..QUESTIONS {
        let asked = timeout(IDLE, async {
            let length = usize::from(stream.read_u16().await.ok()?);
            if length > QUESTION {
                return None;
            }
            question.resize(length, 0);
            stream.read_exact(&mut question).await.ok()
        });
        if !matches!(asked.await, Ok(Some(_))) {
            break;
        }
        let Some(answer) = answer(&question) else {
            break;
        };
        let Ok(length) = u16::try_from(answer.len()) else {
            break;
        };
        let mut message = length.to_be_bytes().to_vec();
        message.extend(answer);
        let sent = timeout(IDLE, stream.write_all(&message));
        if !matches!(sent.await, Ok(Ok(()))) {
            break;
        }
    }
    // Whoever asked is gone or has got what there is.
    let _ = stream.shutdown().await;
}

fn fill(response: &mut Message, query: &Query, names: &mut Names, named: impl Fn(&str) -> bool) {
    if query.query_class() != DNSClass::IN
        || matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR)
    {
        response.metadata.response_code = ResponseCode::Refused;
        return;
    }
    let data = match (know(query.name(), named), query.query_type()) {
        (Known::Nothing, _) => {
            response.metadata.response_code = ResponseCode::NXDomain;
            None
        }
        (Known::Host(name), RecordType::A) => {
            let address = names.bind(&name);
            if address.is_none() {
                response.metadata.response_code = ResponseCode::ServFail;
                return;
            }
            address.map(|address| RData::A(A(address)))
        }
        (Known::Localhost, RecordType::A) => Some(RData::A(A(Ipv4Addr::LOCALHOST))),
        (Known::Localhost, RecordType::AAAA) => Some(RData::AAAA(AAAA(Ipv6Addr::LOCALHOST))),
        (Known::Reverse(address), kind) => {
            let name = match address {
                address if address.is_loopback() => Some("localhost"),
                address => names.name(address),
            };
            let name = name.and_then(|name| Name::from_ascii(format!("{name}.")).ok());
            if name.is_none() {
                response.metadata.response_code = ResponseCode::NXDomain;
            }
            name.filter(|_| kind == RecordType::PTR)
                .map(|name| RData::PTR(PTR(name)))
        }
        _ => None,
    };
    match data {
        Some(data) => {
            let record = Record::from_rdata(query.name().clone(), TTL, data);
            response.add_answer(record);
        }
        // Without it, a client does not remember that there is nothing.
        None => {
            let own = Name::from_ascii("lazaret.internal.").unwrap_or_default();
            let seconds = TTL.cast_signed();
            let soa = SOA::new(own.clone(), own, 1, seconds, seconds, seconds, TTL);
            let record = Record::from_rdata(Name::root(), TTL, RData::SOA(soa));
            response.add_authority(record);
        }
    }
}

fn know(name: &Name, named: impl Fn(&str) -> bool) -> Known {
    let Some(name) = text(name) else {
        return Known::Nothing;
    };
    let below = |domain: &str| {
        name.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if name.is_empty() {
        return Known::Empty;
    }
    if below("localhost") {
        return Known::Localhost;
    }
    if let Some(reverse) = name.strip_suffix(".in-addr.arpa") {
        return reverse_address(reverse).map_or(Known::Nothing, Known::Reverse);
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    // Something that reads as an address is none of a host (127.1, 0x7f000001).
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || NOBODY.into_iter().any(below) || below("ip6.arpa") || below("in-addr.arpa") {
        return Known::Nothing;
    }
    let is_private = !name.contains('.') || PRIVATE.into_iter().any(below);
    if is_private && name != HOST && !named(&name) {
        return Known::Nothing;
    }
    Known::Host(name)
}

/// A name in lower case without the final dot, if it could be one of a host or a service.
fn text(name: &Name) -> Option<String> {
    let mut text = String::with_capacity(name.len());
    for label in name {
        if !text.is_empty() {
            text.push('.');
        }
        for &byte in label {
            if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_') {
                return None;
            }
            text.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    Some(text)
}

/// The address of `4.3.2.1`, which is 1.2.3.4.
fn reverse_address(text: &str) -> Option<Ipv4Addr> {
    let IpAddr::V4(address) = text.parse().ok()? else {
        return None;
    };
    let [one, two, three, four] = address.octets();
    Some(Ipv4Addr::new(four, three, two, one))
}
