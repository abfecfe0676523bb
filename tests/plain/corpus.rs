//! Plain files that others made.

use super::*;

#[test]
fn tmp_outcomes() {
    let mut files = support::corpus_files();
    for path in support::cases().and_then(|root| std::fs::read_dir(root).ok()).into_iter().flatten() {
        let path = path.unwrap().path();
        if path.is_file() {
            files.push((
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            ));
        }
    }
    if let Some(root) = support::cases() {
        for path in std::fs::read_dir(root.parent().unwrap().join("inspect")).unwrap() {
            let path = path.unwrap().path();
            if path.is_file() {
                files.push((
                    format!("i/{}", path.file_name().unwrap().to_string_lossy()),
                    std::fs::read(&path).unwrap(),
                ));
            }
        }
    }
    for (name, bytes) in files {
        if name.ends_with(".md") || name.ends_with(".json") {
            continue;
        }
        let Ok(session) = drive::open(&bytes, Feed::Exact) else { continue };
        let Ok(index) = session.index() else { continue };
        let samples: u64 =
            index.movie.iter().flat_map(|movie| &movie.tracks).map(|track| track.table.samples).sum();
        if samples == 0 {
            continue;
        }
        let state = format!("{} fragments, {samples} samples", index.fragments.len());
        if index.fragments.len() > 0 {
            println!("MIXED {name}: {state}");
            continue;
        }
        match session.work() {
            Err(error) => println!("REFUSED {name}: {state}: {error}"),
            Ok(_) => {
                let made = fragmented(&bytes);
                let before = std::panic::catch_unwind(|| packets(&bytes));
                let after = std::panic::catch_unwind(|| packets(&made));
                let (Ok(before), Ok(after)) = (before, after) else {
                    println!("UNREAD {name}: {state}");
                    continue;
                };
                let differ = before.iter().zip(&after).find(|(one, other)| one != other);
                let check = session.check().err().map(|e| e.to_string()).unwrap_or_default();
                println!(
                    "{} {name}: {state}, {} -> {} packets {differ:?} | {check}",
                    if differ.is_none() && before.len() == after.len() { "SAME" } else { "DIFFER" },
                    before.len(),
                    after.len()
                );
            }
        }
    }
}
