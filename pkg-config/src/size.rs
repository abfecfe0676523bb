//! The size budget: what a first visit costs on the wire, as numbers in the repository, changed on purpose.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

struct Weight {
    file: PathBuf,
    raw: usize,
    gzip: usize,
}

/// Prints the size of every file of the site and holds the sums against `size.json`.
pub fn check(project: &Project) -> Outcome {
    let budget = project.read_config("size.json")?;
    let weights = weigh(&project.dist())?;
    for weight in &weights {
        println!("  {:>9}  {:>9} gzip  {}", weight.raw, weight.gzip, weight.file.display());
    }
    let (page, wasm) = sums(&weights);
    println!("  at start: {page} bytes gzip, of which wasm {wasm}");
    for (name, what, size) in [("page_gzip_max", "page", page), ("wasm_gzip_max", "wasm", wasm)] {
        let max = budget[name].as_u64().ok_or_else(|| format!("size.json has no number {name}"))?;
        if size as u64 > max {
            return Err(format!(
                "The {what} is {size} bytes gzip, {} more than {name} in pkg-config/size.json allows. \
                 Make it smaller, or raise the number in a commit that says what the bytes buy",
                size as u64 - max
            ));
        }
    }
    Ok(())
}

/// What a first visit loads, after gzip: the page, and the wasm in it.
pub fn at_start(project: &Project) -> Outcome<(usize, usize)> {
    Ok(sums(&weigh(&project.dist())?))
}

fn sums(weights: &[Weight]) -> (usize, usize) {
    // Samples are fetched when somebody asks for them.
    let at_start = |weight: &&Weight| !weight.file.starts_with("samples");
    let is_wasm = |weight: &&Weight| weight.file.extension().is_some_and(|extension| extension == "wasm");
    let page = weights.iter().filter(at_start).map(|weight| weight.gzip).sum();
    let wasm = weights.iter().filter(is_wasm).map(|weight| weight.gzip).sum();
    (page, wasm)
}

fn weigh(folder: &Path) -> Outcome<Vec<Weight>> {
    let weigh_one = |file: PathBuf| {
        let path = folder.join(&file);
        let bytes = std::fs::read(&path).map_err(run::at(&path))?;
        let gzip = gzip_len(&bytes).map_err(run::at(&path))?;
        Ok(Weight { file, raw: bytes.len(), gzip })
    };
    files::list(folder)?.into_iter().map(weigh_one).collect()
}

fn gzip_len(bytes: &[u8]) -> std::io::Result<usize> {
    // Level 6 is what servers and CDNs use; the best level would promise less than visitors pay.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
