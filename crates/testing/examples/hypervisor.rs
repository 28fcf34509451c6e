//! Stands in for Firecracker or Cloud Hypervisor: `hypervisor firecracker ARGUMENTS...`.

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    lazaret_testing::hypervisor::play(&name, &arguments).into()
}
