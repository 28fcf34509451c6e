//! How long machines take to start. Run it on a quiet host:
//! `cargo test --release -p lazaret-vm --test machines -- --ignored --nocapture timing`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lazaret_vm::{Machine, Streams, Template};

use crate::world::{PATIENCE, World, run};

/// Number of times that everything is done.
const TIMES: usize = 10;

/// What was measured, by name: in milliseconds, or in KiB.
#[derive(Default)]
struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    fn time(&mut self, name: &'static str, taken: Duration) {
        self.add(name, taken.as_secs_f64() * 1000.0);
    }

    #[allow(clippy::cast_precision_loss)]
    fn memory(&mut self, pid: u32, fields: [(&'static str, &str); 3]) {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        for (name, field) in fields {
            let line = text.lines().find(|line| line.starts_with(field)).unwrap();
            let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            self.add(name, kib);
        }
    }

    /// Processor time of a process so far, its threads included.
    fn processor(&mut self, name: &'static str, pid: u32) {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The name in parentheses may have blanks; user and system time are fields 14 and 15.
        let (_, fields) = text.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        self.add(name, ticks * 10.0);
    }

    fn add(&mut self, name: &'static str, value: f64) {
        self.0.entry(name).or_default().push(value);
    }

    fn median(&mut self, name: &str) -> f64 {
        let values = self.0.get_mut(name).unwrap();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it prints figures and asserts none: make bench"]
async fn timing() {
    let world = World::get().await;
    let plan = world.plan("timing", 64);
    let mut figures = Figures::default();
    for number in 0..TIMES {
        let begin = Instant::now();
        let mut machine = Machine::start(&world.qemu, &plan, Streams::default())
            .await
            .unwrap();
        let begun = Instant::now();
        let (_, channel) = machine.handshake(PATIENCE).await.unwrap();
        figures.time("cold: start to hello", begin.elapsed());
        figures.time("cold: spawn", begun - begin);
        drop(channel);
        machine.kill();
        machine.wait().await;
        let mut machine = Machine::start(&world.qemu, &plan, Streams::default())
            .await
            .unwrap();
        let begin = Instant::now();
        let (_, channel) = run(&mut machine, &plan, &[]).await;
        figures.time("cold: start to end of the workload", begin.elapsed());
        figures.processor("cold: processor", machine.pid());
        figures.memory(
            machine.pid(),
            [
                ("cold: anonymous KiB", "Anonymous:"),
                ("cold: private dirty KiB", "Private_Dirty:"),
                ("cold: resident KiB", "Rss:"),
            ],
        );
        drop(channel);
        machine.kill();
        machine.wait().await;

        let begin = Instant::now();
        let (folder, template) = world.save(&plan, &format!("timing{number}")).await;
        figures.time("template: save, with boot", begin.elapsed());
        for (name, file) in [
            ("template: memory file KiB", "memory"),
            ("template: state KiB", "state"),
        ] {
            let bytes = std::fs::metadata(folder.join(file)).unwrap().len();
            figures.add(name, f64::from(u32::try_from(bytes / 1024).unwrap()));
        }
        drop(template);
        let begin = Instant::now();
        let template = Template::open(&folder).unwrap();
        figures.time("template: open", begin.elapsed());

        let begin = Instant::now();
        let mut machine =
            Machine::restore(&world.qemu, &plan, &template, Streams::default(), PATIENCE)
                .await
                .unwrap();
        let restored = Instant::now();
        figures.processor("restored: processor until running", machine.pid());
        let (_, channel) = run(&mut machine, &plan, &[]).await;
        figures.time("restored: QEMU's start to running", restored - begin);
        figures.time(
            "restored: running to end of the workload",
            restored.elapsed(),
        );
        figures.time("restored: all", begin.elapsed());
        figures.processor("restored: processor", machine.pid());
        figures.memory(
            machine.pid(),
            [
                ("restored: anonymous KiB", "Anonymous:"),
                ("restored: private dirty KiB", "Private_Dirty:"),
                ("restored: resident KiB", "Rss:"),
            ],
        );
        drop(channel);
        machine.kill();
        machine.wait().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
    let names: Vec<_> = figures.0.keys().copied().collect();
    for name in names {
        let median = figures.median(name);
        let values = &figures.0[name];
        let (least, most) = (values[0], values[values.len() - 1]);
        println!("{name:45} {median:10.1}  ({least:.1} to {most:.1})");
    }
    let cold = figures.median("cold: start to end of the workload");
    let restored = figures.median("restored: all");
    assert!(restored < cold, "{restored} is not less than {cold}");
}
