//! Decodes gzip (RFC 1952) with ISA-L, which is about twice as fast as any inflate in Rust.
//!
//! A stream may have any number of members; the checksum and length of each are verified. Nothing
//! but another member may follow a member.
#![expect(unsafe_code, reason = "ISA-L is a C library")]

#[cfg(test)]
mod tests;

use std::io::{self, Read};

use flate2::Crc;
use isal_sys::igzip_lib as isal;

/// Input bytes read at a time.
const BUFFER: usize = 256 * 1024;
/// Bytes of the previous input that stay in front of the next: the decoder reads 64 bits ahead, and
/// may go back by the bytes that it did not need.
const HEADROOM: usize = 8;
/// Bytes after the input in the buffer, so that reading ahead in a damaged stream stays within it.
const SLACK: usize = 64;

/// Decodes a gzip stream.
pub(crate) struct GzipDecoder<R> {
    input: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    state: Box<isal::inflate_state>,
    in_member: bool,
    /// Checksum of the header that is being read.
    header: Crc,
}

impl<R: Read> GzipDecoder<R> {
    pub(crate) fn new(input: R) -> Self {
        let mut state = Box::<isal::inflate_state>::new_uninit();
        // SAFETY: every field is a number, an array of numbers or a raw pointer, for which all
        // zeros are a value.
        let state = unsafe {
            state.as_mut_ptr().write_bytes(0, 1);
            state.assume_init()
        };
        Self {
            input,
            buffer: vec![0; HEADROOM + BUFFER + SLACK].into_boxed_slice(),
            start: HEADROOM,
            end: HEADROOM,
            state,
            in_member: false,
            header: Crc::new(),
        }
    }

    /// Reads more input; returns the number of bytes.
    fn refill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.end - HEADROOM..self.end, 0);
        loop {
            match self
                .input
                .read(&mut self.buffer[HEADROOM..HEADROOM + BUFFER])
            {
                Ok(length) => {
                    self.start = HEADROOM;
                    self.end = HEADROOM + length;
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn begin(&mut self) {
        // SAFETY: the state is a valid one or all zeros.
        unsafe { isal::isal_inflate_init(&raw mut *self.state) };
        self.state.crc_flag = isal::ISAL_GZIP_NO_HDR_VER;
        self.in_member = true;
    }

    /// Reads past a member's header; false at the end of the input. ISA-L can read headers too, but
    /// loses its state when one spans two buffers.
    fn header(&mut self) -> io::Result<bool> {
        const CHECKSUM: u8 = 2;
        const EXTRA: u8 = 4;
        const NAME: u8 = 8;
        const COMMENT: u8 = 16;
        const RESERVED: u8 = 0xe0;
        let Some(first) = self.byte()? else {
            return Ok(false);
        };
        self.header = Crc::new();
        self.header.update(&[first]);
        let mut fixed = [first, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for byte in &mut fixed[1..] {
            *byte = self.next_byte()?;
        }
        let [0x1f, 0x8b, 8, flags, ..] = fixed else {
            return Err(invalid(isal::ISAL_INVALID_WRAPPER));
        };
        if flags & RESERVED != 0 {
            return Err(invalid(isal::ISAL_INVALID_WRAPPER));
        }
        if flags & EXTRA != 0 {
            let length = u16::from_le_bytes([self.next_byte()?, self.next_byte()?]);
            for _ in 0..length {
                self.next_byte()?;
            }
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                while self.next_byte()? != 0 {}
            }
        }
        if flags & CHECKSUM != 0 {
            let [low, high, ..] = self.header.sum().to_le_bytes();
            if [self.next_byte()?, self.next_byte()?] != [low, high] {
                return Err(invalid(isal::ISAL_INCORRECT_CHECKSUM));
            }
        }
        Ok(true)
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.start == self.end && self.refill()? == 0 {
            return Ok(None);
        }
        self.start += 1;
        Ok(Some(self.buffer[self.start - 1]))
    }

    fn next_byte(&mut self) -> io::Result<u8> {
        let byte = self.byte()?.ok_or_else(cut)?;
        self.header.update(&[byte]);
        Ok(byte)
    }

    /// Decodes available input; returns the number of bytes written to `output`.
    fn step(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let (given, room) = (length(&self.buffer[self.start..self.end]), length(output));
        let state = &mut *self.state;
        // SAFETY: `start` is within the buffer.
        state.next_in = unsafe { self.buffer.as_mut_ptr().add(self.start) };
        state.avail_in = given;
        state.next_out = output.as_mut_ptr();
        state.avail_out = room;
        // SAFETY: the state was initialised, and both buffers are exclusively ours for the call.
        // The bytes that the decoder may go back to are in front of the input.
        let code = unsafe { isal::isal_inflate(state) };
        if code < 0 || code > isal::ISAL_END_INPUT.cast_signed() {
            return Err(invalid(code));
        }
        self.start = self.end - state.avail_in as usize;
        let written = (room - state.avail_out) as usize;
        if state.block_state == isal::isal_block_state_ISAL_BLOCK_FINISH {
            self.in_member = false;
            // Whole bytes that were read ahead belong to the input that follows.
            self.start -= usize::try_from(self.state.read_in_length / 8).unwrap_or(0);
        }
        Ok(written)
    }
}

impl<R: Read> Read for GzipDecoder<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_member {
                if !self.header()? {
                    return Ok(0);
                }
                self.begin();
            }
            let ended = self.start == self.end && self.refill()? == 0;
            let written = self.step(output)?;
            if written > 0 {
                return Ok(written);
            }
            if ended && self.in_member {
                return Err(cut());
            }
        }
    }
}

fn cut() -> io::Error {
    let reason = "the stream ends inside a member";
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

fn invalid(code: i32) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason(code))
}

/// The length of a buffer in bytes, as the 32 bits that ISA-L takes.
fn length(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}

fn reason(code: i32) -> &'static str {
    match code {
        isal::ISAL_INVALID_BLOCK => "invalid block header",
        isal::ISAL_INVALID_SYMBOL => "invalid code",
        isal::ISAL_INVALID_LOOKBACK => "a match begins before the data",
        isal::ISAL_INVALID_WRAPPER => "there is no gzip header",
        isal::ISAL_INCORRECT_CHECKSUM => "the checksum is wrong",
        _ => "the stream is damaged",
    }
}
