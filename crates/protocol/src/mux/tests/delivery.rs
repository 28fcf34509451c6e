//! Tests that written bytes arrive, whether other sessions are read or not.

use proptest::prelude::*;

use super::pair::{Pair, request, size};
use crate::kind::PIECE_BYTES;
use crate::mux::{Event, Happened, MAX_SESSIONS};
use crate::stream::WINDOW_BYTES;
use crate::{Ending, Error, Outcome, Stream};

/// The byte of a stream at an offset: no two streams have the same sequence.
fn byte(session: u32, stream: Stream, offset: usize) -> u8 {
    let seed = u64::from(session) * 3 + stream as u64;
    let mixed = (offset as u64 ^ (seed << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed.to_le_bytes()[7]
}

fn bytes(session: u32, stream: Stream, from: usize, length: usize) -> Vec<u8> {
    (from..from + length)
        .map(|offset| byte(session, stream, offset))
        .collect()
}

/// One stream: its length, and the numbers of bytes that were written and read so far.
#[derive(Debug, Clone, Default)]
struct Course {
    length: usize,
    written: usize,
    read: usize,
}

impl Course {
    fn note(&mut self, session: u32, stream: Stream, piece: &[u8]) {
        assert!(
            piece == bytes(session, stream, self.read, piece.len()),
            "{stream:?} of session {session} differs behind byte {}",
            self.read
        );
        self.read += piece.len();
        assert!(self.read <= self.length, "{stream:?} of session {session}");
    }
}

/// A session of the simulation. Its command reads all input and then ends.
#[derive(Debug, Clone, Default)]
struct Courses {
    input: Course,
    output: Course,
    errors: Course,
    started: bool,
    finished: bool,
    ended: bool,
}

/// A step of the simulation.
#[derive(Debug, Clone, Copy)]
enum Step {
    HostWrites(usize),
    GuestWrites(usize),
    HostReads(usize),
    GuestReads(usize),
    /// The host's user writes input of this session, or reads its output.
    Feeds(usize, usize),
    Takes(usize),
    /// The session's command reads, or writes.
    Consumes(usize, usize),
    Makes(usize, Stream, usize),
}

fn step(sessions: usize) -> impl Strategy<Value = Step> {
    let of = 0..sessions;
    let count = prop_oneof![1..200_usize, 1..100_000_usize];
    prop_oneof![
        (1..9_usize).prop_map(Step::HostWrites),
        (1..9_usize).prop_map(Step::GuestWrites),
        count.clone().prop_map(Step::HostReads),
        count.clone().prop_map(Step::GuestReads),
        (of.clone(), count.clone()).prop_map(|(of, count)| Step::Feeds(of, count)),
        of.clone().prop_map(Step::Takes),
        (of.clone(), count.clone()).prop_map(|(of, count)| Step::Consumes(of, count)),
        (
            of,
            prop_oneof![Just(Stream::Output), Just(Stream::Errors)],
            count
        )
            .prop_map(|(of, stream, count)| Step::Makes(of, stream, count)),
    ]
}

/// The sessions of a simulation; that of index `stuck` is read by neither side until the others
/// are done.
struct World {
    pair: Pair,
    courses: Vec<Courses>,
    stuck: Option<usize>,
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap()
}

impl World {
    fn new(lengths: &[[usize; 3]], stuck: usize) -> Self {
        let mut pair = Pair::default();
        let courses = lengths.iter().enumerate().map(|(index, lengths)| {
            assert_eq!(pair.host.open(&request()), Ok(number(index)));
            let [input, output, errors] = lengths.map(|length| Course {
                length,
                ..Course::default()
            });
            Courses {
                input,
                output,
                errors,
                ..Courses::default()
            }
        });
        Self {
            courses: courses.collect(),
            pair,
            stuck: Some(stuck),
        }
    }

    /// Does one step; returns whether anything moved.
    fn step(&mut self, step: Step) -> bool {
        match step {
            Step::HostWrites(frames) => self.pair.host_writes(frames),
            Step::GuestWrites(frames) => self.pair.guest_writes(frames),
            Step::HostReads(count) => {
                self.pair.host_reads(count).unwrap();
                false
            }
            Step::GuestReads(count) => {
                let happened = self.pair.guest_reads(count).unwrap();
                for happened in &happened {
                    let Happened::Opened { session, .. } = happened else {
                        panic!("{happened:?}");
                    };
                    self.pair.guest.started(*session);
                }
                !happened.is_empty()
            }
            Step::Feeds(index, count) => self.feed(index, count),
            Step::Takes(index) => self.take(index),
            Step::Consumes(index, count) => self.consume(index, count),
            Step::Makes(index, stream, count) => self.make(index, stream, count),
        }
    }

    fn feed(&mut self, index: usize, count: usize) -> bool {
        let session = number(index);
        let course = &mut self.courses[index].input;
        let left = course.length - course.written;
        let piece = bytes(session, Stream::Input, course.written, count.min(left));
        let written = self.pair.host.write(session, &piece);
        course.written += written;
        if course.written == course.length {
            self.pair.host.end(session);
        }
        written > 0
    }

    fn consume(&mut self, index: usize, count: usize) -> bool {
        if self.stuck == Some(index) {
            return false;
        }
        let session = number(index);
        let front = self.pair.guest.input(session);
        let piece = front[..count.min(front.len())].to_vec();
        self.courses[index]
            .input
            .note(session, Stream::Input, &piece);
        self.pair.guest.consume(session, piece.len());
        !piece.is_empty()
    }

    fn make(&mut self, index: usize, stream: Stream, count: usize) -> bool {
        let session = number(index);
        let course = &mut self.courses[index];
        let out = match stream {
            Stream::Output => &mut course.output,
            _ => &mut course.errors,
        };
        let left = out.length - out.written;
        let piece = bytes(session, stream, out.written, count.min(left));
        let written = self.pair.guest.write(session, stream, &piece);
        out.written += written;
        let is_done = course.output.written == course.output.length
            && course.errors.written == course.errors.length
            && self.pair.guest.input_is_over(session)
            && course.started
            && course.input.read == course.input.length;
        let finishes = is_done && !course.finished;
        if finishes {
            course.finished = true;
            let outcome = Outcome::Code(u8::try_from(index).unwrap());
            self.pair.guest.finish(session, &Ending::Exit(outcome));
        }
        finishes || written > 0
    }

    fn take(&mut self, index: usize) -> bool {
        if self.stuck == Some(index) {
            return false;
        }
        let session = number(index);
        let course = &mut self.courses[index];
        match self.pair.host.next_event(session) {
            None => return false,
            Some(Event::Started) => course.started = true,
            Some(Event::Output(piece)) => course.output.note(session, Stream::Output, &piece),
            Some(Event::Errors(piece)) => course.errors.note(session, Stream::Errors, &piece),
            Some(Event::Ended(ending)) => {
                let outcome = Outcome::Code(u8::try_from(index).unwrap());
                assert_eq!(ending, Ending::Exit(outcome));
                course.ended = true;
            }
        }
        true
    }

    /// Lets all sides do everything possible until nothing moves any more.
    fn run_out(&mut self) {
        loop {
            let mut moved = self.step(Step::HostWrites(4)) | self.step(Step::GuestWrites(4));
            moved |= self.step(Step::HostReads(usize::MAX));
            moved |= self.step(Step::GuestReads(usize::MAX));
            for index in 0..self.courses.len() {
                moved |= self.step(Step::Feeds(index, usize::MAX));
                moved |= self.step(Step::Consumes(index, usize::MAX));
                moved |= self.step(Step::Makes(index, Stream::Output, usize::MAX));
                moved |= self.step(Step::Makes(index, Stream::Errors, usize::MAX));
                moved |= self.step(Step::Takes(index));
                self.check_memory();
            }
            if !moved {
                return;
            }
        }
    }

    fn check_memory(&self) {
        let sessions = self.courses.len();
        // One window for each received stream, two pieces for each sent one.
        let host = sessions * (2 * WINDOW_BYTES + WINDOW_BYTES / 2);
        let guest = sessions * (WINDOW_BYTES + WINDOW_BYTES);
        assert!(self.pair.host.held() <= host);
        assert!(self.pair.guest.held() <= guest);
    }

    fn check_whole(&self, index: usize) {
        let course = &self.courses[index];
        assert!(course.ended, "session {index}: {course:?}");
        for stream in [&course.input, &course.output, &course.errors] {
            assert_eq!(stream.read, stream.length, "session {index}: {course:?}");
        }
    }
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), 1..5_000_usize, 200_000..3 * WINDOW_BYTES,]
}

/// Lengths of the streams, the stuck session, the steps.
fn plan() -> impl Strategy<Value = (Vec<[usize; 3]>, usize, Vec<Step>)> {
    (1..9_usize).prop_flat_map(|sessions| {
        let lengths = proptest::collection::vec([length(), length(), length()], sessions);
        let steps = proptest::collection::vec(step(sessions), 0..400);
        (lengths, 0..sessions, steps)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn streams_arrive_in_order_and_whole_beside_one_that_nobody_reads(
        (lengths, stuck, steps) in plan()
    ) {
        let mut world = World::new(&lengths, stuck);
        for step in steps {
            world.step(step);
            world.check_memory();
        }
        world.run_out();
        for index in (0..lengths.len()).filter(|index| *index != stuck) {
            world.check_whole(index);
        }
        prop_assert_eq!(world.courses[stuck].output.read, 0);
        world.stuck = None;
        world.run_out();
        world.check_whole(stuck);
        prop_assert_eq!((world.pair.host.held(), world.pair.guest.held()), (0, 0));
    }
}

#[test]
fn a_window_is_filled_and_no_more() {
    let mut pair = Pair::default();
    let session = pair.running();
    let flood = vec![1; 4 * WINDOW_BYTES];
    let mut sent = 0;
    loop {
        let written = pair.guest.write(session, Stream::Output, &flood);
        pair.settle().unwrap();
        sent += written;
        if written == 0 {
            break;
        }
    }
    assert_eq!(sent, WINDOW_BYTES);
    // Signals and the other streams are not blocked.
    pair.host.signal(session, 15);
    assert_eq!(
        pair.settle().unwrap(),
        [Happened::Signal {
            session,
            number: 15
        }]
    );
    assert_eq!(pair.guest.write(session, Stream::Errors, b"still here"), 10);
    pair.settle().unwrap();
    // Reading moves the window, a quarter at a time.
    for _ in 0..=WINDOW_BYTES / 4 / PIECE_BYTES {
        assert!(matches!(
            pair.host.next_event(session),
            Some(Event::Output(_))
        ));
    }
    pair.settle().unwrap();
    assert!(pair.guest.room(session, Stream::Output) > 0);
}

#[test]
fn output_is_read_in_the_order_of_its_arrival() {
    let mut pair = Pair::default();
    let session = pair.running();
    let pieces: [(Stream, &[u8]); 4] = [
        (Stream::Errors, b"one"),
        (Stream::Output, b"two"),
        (Stream::Errors, b"three"),
        (Stream::Errors, b"four"),
    ];
    for (stream, piece) in pieces {
        pair.guest.write(session, stream, piece);
        pair.settle().unwrap();
    }
    pair.finish(session, &Ending::Exit(Outcome::Code(0)));
    let events: Vec<Event> = std::iter::from_fn(|| pair.host.next_event(session)).collect();
    assert_eq!(
        events,
        [
            Event::Errors(b"one".to_vec()),
            Event::Output(b"two".to_vec()),
            Event::Errors(b"threefour".to_vec()),
            Event::Ended(Ending::Exit(Outcome::Code(0))),
        ]
    );
    assert!(!pair.host.is_open(session));
}

#[test]
fn sessions_take_turns_and_messages_go_first() {
    let mut pair = Pair::default();
    let (one, two) = (pair.running(), pair.running());
    let flood = vec![1; WINDOW_BYTES];
    let queued = pair.guest.write(one, Stream::Output, &flood);
    assert_eq!(pair.guest.write(two, Stream::Output, &flood), queued);
    pair.guest.write(two, Stream::Errors, b"x");
    let third = pair.host.open(&request()).unwrap();
    pair.host_writes(1);
    pair.guest_reads(usize::MAX).unwrap();
    pair.guest.started(third);
    let mut wire = Vec::new();
    while pair.guest.write_next(&mut wire).is_some() {}
    let mut decoder = crate::Decoder::default();
    decoder.push(&wire);
    let mut order = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        order.push((frame.session, frame.kind.stream()));
    }
    let output = Some(Stream::Output);
    assert_eq!(
        order,
        [
            (third, None),
            (one, output),
            (two, output),
            (one, output),
            (two, Some(Stream::Errors)),
            (two, output),
        ]
    );
}

#[test]
fn what_was_on_its_way_to_a_session_that_ended_is_dropped() {
    let mut pair = Pair::default();
    let session = pair.running();
    pair.guest.finish(session, &Ending::Exit(Outcome::Code(3)));
    pair.guest_writes(9);
    // The host has not read the ending yet.
    pair.host.write(session, b"late");
    pair.host.signal(session, 9);
    pair.host.resize(session, size(24, 80));
    assert_eq!(pair.settle().unwrap(), []);
    assert!(!pair.host.is_running(session));
    assert_eq!(pair.host.write(session, b"later still"), 0);
    pair.host.signal(session, 9);
    pair.host.resize(session, size(24, 80));
    assert_eq!(pair.settle().unwrap(), []);
    assert_eq!(
        pair.host.next_event(session),
        Some(Event::Ended(Ending::Exit(Outcome::Code(3))))
    );
}

#[test]
fn a_session_that_nobody_reads_any_more_runs_to_its_end() {
    let mut pair = Pair::default();
    let session = pair.running();
    let mut left = 3 * WINDOW_BYTES;
    pair.guest.write(session, Stream::Output, b"unread");
    pair.settle().unwrap();
    pair.host.discard(session);
    while left > 0 {
        let piece = vec![0; left.min(10_000)];
        let written = pair.guest.write(session, Stream::Output, &piece);
        pair.settle().unwrap();
        assert!(written > 0, "{left} bytes are stuck");
        left -= written;
    }
    assert!(pair.host.is_open(session));
    pair.finish(session, &Ending::Exit(Outcome::Code(0)));
    assert!(!pair.host.is_open(session));
}

#[test]
fn sessions_are_bounded_and_places_are_given_back() {
    let mut pair = Pair::default();
    for _ in 0..MAX_SESSIONS {
        pair.running();
    }
    assert_eq!(pair.host.open(&request()), Err(Error::TooManySessions));
    pair.finish(1, &Ending::Exit(Outcome::Code(0)));
    // The ending is not read yet.
    assert_eq!(pair.host.open(&request()), Err(Error::TooManySessions));
    assert!(pair.host.next_event(1).is_some());
    assert_eq!(pair.running(), 65);
}
