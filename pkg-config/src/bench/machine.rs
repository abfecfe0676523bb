//! What the numbers were measured on.

use std::path::Path;
use std::thread::available_parallelism;

pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Processor, cores, memory, system, disk: what is known of them, as one line.
pub fn describe(folder: &Path) -> String {
    let mut parts = vec![format!("{} cores", cores())];
    let cpu = field("/proc/cpuinfo", "model name");
    if let Some(model) = cpu {
        parts.insert(0, model);
    }
    let memory = field("/proc/meminfo", "MemTotal");
    if let Some(kib) = memory.and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok()) {
        parts.push(format!("{} GiB of memory", (kib + (1 << 19)) >> 20));
    }
    parts.push(system());
    if let Some(mount) = mount_of(folder) {
        parts.push(format!("files on {mount}"));
    }
    parts.join(", ")
}

/// How busy the machine is with other things: the load of the last minute.
pub fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| std::env::consts::OS.to_owned(), |name| name.trim_matches('"').to_owned())
}

/// Kind and device of the file system that a folder is on.
fn mount_of(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let of_line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some((words.next()?, words.next()?, words.next()?))
    };
    let (device, _, kind) = mounts
        .lines()
        .filter_map(of_line)
        .filter(|(_, place, _)| folder.starts_with(place))
        .max_by_key(|(_, place, _)| place.len())?;
    Some(format!("{kind} ({device})"))
}
