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

/// Seconds of processor time of this program and of those it has started and seen the end of, where that is known.
pub fn spent() -> Option<f64> {
    spent_in(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// The same since then.
pub fn spent_since(before: Option<f64>) -> Option<f64> {
    Some(spent()? - before?)
}

/// By Linux's `proc(5)`: `utime`, `stime`, `cutime` and `cstime`, in hundredths of a second.
fn spent_in(stat: &str) -> Option<f64> {
    // The name in parentheses may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(4).map(str::parse::<f64>);
    ticks.sum::<Result<f64, _>>().ok().map(|ticks| ticks / 100.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_that_of_a_process_and_its_children() {
        let stat = "7 (a) b) c) R 1 7 7 0 -1 4194304 10 20 0 0 150 50 1000 300 20 0 1 0 5 6 7";
        assert_eq!(spent_in(stat), Some(15.0));
        assert_eq!(spent_in("nothing"), None);
    }
}
