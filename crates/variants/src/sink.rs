//! Collects faults and warnings with their places while a document is read.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::Fault;

/// Where values are and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Offsets of the starts of all lines, in bytes.
    lines: Vec<usize>,
    text: String,
    found: RefCell<Found>,
}

#[derive(Debug, Default)]
struct Found {
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Offsets of the values, in bytes, by their keys.
    places: BTreeMap<String, usize>,
}

/// Most faults that are told: the text of a hostile document may have millions.
const MOST: usize = 1000;

impl Sink {
    /// Faults of this text.
    pub(crate) fn new(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            lines: std::iter::once(0).chain(ends).collect(),
            text: text.to_owned(),
            found: RefCell::default(),
        }
    }

    /// Remembers where a value is.
    pub(crate) fn place(&self, path: &str, offset: usize) {
        let mut found = self.found.borrow_mut();
        found.places.insert(path.to_owned(), offset);
    }

    /// Adds a fault of the value at `path`, which [`Sink::place`] knows, or of its nearest parent.
    pub(crate) fn fault(&self, path: &str, message: impl Into<String>) {
        let offset = self.offset(path);
        self.fault_at(path, offset, message);
    }

    /// Adds a fault at an offset in bytes.
    pub(crate) fn fault_at(&self, path: &str, offset: usize, message: impl Into<String>) {
        let fault = self.locate(path, offset, message.into());
        let faults = &mut self.found.borrow_mut().faults;
        if faults.len() < MOST {
            faults.push(fault);
        }
    }

    /// Adds a warning at an offset in bytes.
    pub(crate) fn warn_at(&self, path: &str, offset: usize, message: impl Into<String>) {
        let warning = self.locate(path, offset, message.into());
        let warnings = &mut self.found.borrow_mut().warnings;
        if warnings.len() < MOST {
            warnings.push(warning);
        }
    }

    /// The faults and the warnings, each in the order of the document.
    pub(crate) fn into_found(self) -> (Vec<Fault>, Vec<Fault>) {
        let Found {
            mut faults,
            mut warnings,
            ..
        } = self.found.into_inner();
        faults.sort();
        faults.dedup();
        warnings.sort();
        (faults, warnings)
    }

    fn offset(&self, path: &str) -> usize {
        let places = &self.found.borrow().places;
        let mut path = path;
        loop {
            if let Some(offset) = places.get(path) {
                return *offset;
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = &path[..at],
                None => return 0,
            }
        }
    }

    fn locate(&self, path: &str, offset: usize, message: String) -> Fault {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line.saturating_sub(1)];
        let before = self.text.get(start..offset).unwrap_or_default();
        Fault {
            line,
            column: before.chars().count() + 1,
            path: path.to_owned(),
            message,
        }
    }
}
