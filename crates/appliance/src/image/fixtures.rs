//! Programs that tests make.

/// A program, as far as a loader looks at it.
pub(crate) struct Program<'a> {
    pub(crate) machine: u16,
    pub(crate) interpreter: Option<&'a str>,
    pub(crate) needed: &'a [&'a str],
    pub(crate) runpath: Option<&'a str>,
    /// What follows its segments.
    pub(crate) tail: &'a [u8],
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            machine: native(),
            interpreter: None,
            needed: &[],
            runpath: None,
            tail: b"",
        }
    }
}

/// The number of the processor of these tests; other ones are not built for.
pub(crate) fn native() -> u16 {
    if cfg!(target_arch = "aarch64") {
        183
    } else {
        62
    }
}

/// A table of applets, in the form of busybox.
pub(crate) fn applet_table(names: &[&str]) -> Vec<u8> {
    let mut table = b"\0".to_vec();
    for name in names {
        table.extend(name.as_bytes());
        table.push(0);
    }
    table.push(0);
    table
}

impl Program<'_> {
    /// The bytes of the program.
    pub(crate) fn build(&self) -> Vec<u8> {
        const BASE: u64 = 0x40_0000;
        let is_dynamic = !self.needed.is_empty() || self.runpath.is_some();
        let count = 1 + u16::from(self.interpreter.is_some()) + u16::from(is_dynamic);
        let mut data = Vec::new();
        let start = 64 + u64::from(count) * 56;
        let interpreter = self.interpreter.map(|path| {
            let at = start + data.len() as u64;
            data.extend(path.as_bytes());
            data.push(0);
            (at, path.len() as u64 + 1)
        });
        let names_at = start + data.len() as u64;
        let mut names = vec![0];
        let mut entries: Vec<(u64, u64)> = Vec::new();
        let mut name = |text: &str| {
            let at = names.len() as u64;
            names.extend(text.as_bytes());
            names.push(0);
            at
        };
        for needed in self.needed {
            entries.push((1, name(needed)));
        }
        if let Some(runpath) = self.runpath {
            entries.push((29, name(runpath)));
        }
        entries.push((5, BASE + names_at));
        entries.push((10, names.len() as u64));
        entries.push((0, 0));
        data.extend(&names);
        let dynamic_at = start + data.len() as u64;
        for (tag, value) in &entries {
            data.extend(tag.to_le_bytes());
            data.extend(value.to_le_bytes());
        }
        let end = start + data.len() as u64;
        data.extend(self.tail);

        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(2_u16.to_le_bytes());
        file.extend(self.machine.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(BASE.to_le_bytes());
        file.extend(64_u64.to_le_bytes());
        file.extend(0_u64.to_le_bytes());
        file.extend(0_u32.to_le_bytes());
        for field in [64, 56, count, 0, 0, 0] {
            file.extend(u16::to_le_bytes(field));
        }
        let mut segment = |kind: u32, offset: u64, length: u64| {
            file.extend(kind.to_le_bytes());
            file.extend(4_u32.to_le_bytes());
            for field in [offset, BASE + offset, BASE + offset, length, length, 8] {
                file.extend(field.to_le_bytes());
            }
        };
        segment(1, 0, end);
        if let Some((at, length)) = interpreter {
            segment(3, at, length);
        }
        if is_dynamic {
            segment(2, dynamic_at, end - dynamic_at);
        }
        file.extend(data);
        file
    }
}
