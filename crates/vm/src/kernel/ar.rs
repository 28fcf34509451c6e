//! Reads the `ar` archive of a Debian package (`deb(5)`).

use std::io::{self, Read};

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;

/// Reads the members of an archive one after another.
pub(super) struct Archive<R> {
    source: R,
    started: bool,
}

/// One member: its name, and the length of its content in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: u64,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            started: false,
        }
    }

    /// Calls `visit` with each member and a reader of its content, which need not be read to its
    /// end.
    ///
    /// # Errors
    /// `InvalidData` for bytes that are not an archive, `UnexpectedEof` for a truncated one, and
    /// the errors of `visit`.
    pub(super) fn each<E: From<io::Error>>(
        &mut self,
        mut visit: impl FnMut(&Member, &mut dyn Read) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(member) = self.next_header()? {
            let mut content = (&mut self.source).take(member.bytes);
            visit(&member, &mut content)?;
            io::copy(&mut content, &mut io::sink())?;
            if content.limit() > 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if member.bytes % 2 == 1 {
                // The padding of the last member may be missing.
                let mut padding = [0];
                let _padded = self.source.read(&mut padding)?;
            }
        }
        Ok(())
    }

    fn next_header(&mut self) -> io::Result<Option<Member>> {
        if !self.started {
            let mut magic = [0; MAGIC.len()];
            self.source
                .read_exact(&mut magic)
                .map_err(|_| invalid("no ar archive"))?;
            if &magic != MAGIC {
                return Err(invalid("no ar archive"));
            }
            self.started = true;
        }
        let mut header = Vec::with_capacity(HEADER_BYTES);
        (&mut self.source)
            .take(HEADER_BYTES as u64)
            .read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(None);
        }
        parse_header(&header).map(Some)
    }
}

fn parse_header(header: &[u8]) -> io::Result<Member> {
    if header.len() != HEADER_BYTES || &header[58..] != b"`\n" {
        return Err(invalid("damaged member header"));
    }
    let text = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&header[range])
            .map(str::trim_end)
            .map_err(|_| invalid("not ASCII"))
    };
    let name = text(0..16)?;
    let bytes = text(48..58)?;
    // `parse` would accept a sign.
    if bytes.is_empty() || !bytes.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid("damaged member size"));
    }
    Ok(Member {
        name: name.strip_suffix('/').unwrap_or(name).to_owned(),
        bytes: bytes.parse().map_err(|_| invalid("damaged member size"))?,
    })
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
