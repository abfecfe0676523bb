//! Everything that is asked of one protected file, in one place.

use boxlock::protect::RequestText;

use super::drive::{self, Feed};
use super::raw;
use super::witness::Movie;
use super::witness::boxes;
use super::witness::judge::{Asked, Report, judge};

/// [`drive::KID`] as bytes.
pub fn kid() -> [u8; 16] {
    let mut kid = [0; 16];
    hex::decode_to_slice(drive::KID.replace('-', ""), &mut kid).unwrap();
    kid
}

/// What the witness says of the output of a request with the fixed key and KID.
pub fn witness(clear: &[u8], protected: &[u8], text: &RequestText) -> Result<Report, String> {
    let profile = text.profile.as_deref().unwrap_or("hybrid");
    judge(clear, protected, &Asked { profile, key: drive::key(), kid: kid(), tracks: text.tracks.as_deref() })
}

/// Whether our own reader finds nothing wrong with a file, bytes behind its last box apart.
pub fn reopens(protected: &[u8]) -> Result<(), String> {
    let session = drive::open(protected, Feed::Whole).map_err(|e| format!("does not open: {e}"))?;
    let index = session.index().map_err(|e| e.to_string())?;
    let problem = index.problems.first();
    problem.map_or(Ok(()), |problem| Err(format!("opens with a problem: {problem}")))
}

/// Whether pointers are right. Only asked when they were right before.
pub fn pointers(clear: &[u8], protected: &[u8]) -> Result<(), String> {
    let sound = |file: &[u8]| {
        let (_, end) = boxes::top(file);
        let body = file[..end].to_vec();
        std::panic::catch_unwind(move || raw::check_pointers(&body))
    };
    if sound(clear).is_err() {
        return Ok(());
    }
    sound(protected).map_err(|reason| {
        let text = reason.downcast_ref::<String>().map(String::as_str);
        format!("pointers: {}", text.or(reason.downcast_ref::<&str>().copied()).unwrap_or("wrong"))
    })
}

/// Players open nothing that has fragments and no `mvex` with a `trex` for each track: it is there, or the plan warns.
pub fn extends(clear: &[u8], protected: &[u8], text: &RequestText) -> Result<(), String> {
    let movie = Movie::read(protected)?;
    let lacking = movie.tracks.iter().find(|t| t.extends.is_none() && !movie.of(t.id).is_empty());
    let Some(track) = lacking else { return Ok(()) };
    let plan = drive::open(clear, Feed::Whole).and_then(|session| drive::plan(&session, text));
    let warnings = plan.map_err(|e| e.to_string())?.warnings();
    let told = warnings.iter().any(|warning| warning.contains("mvex") || warning.contains("trex"));
    if told { Ok(()) } else { Err(format!("track {} has no trex, and no warning says so", track.id)) }
}

/// All of it.
pub fn verdict(clear: &[u8], protected: &[u8], text: &RequestText) -> Result<Report, String> {
    let report = witness(clear, protected, text)?;
    extends(clear, protected, text)?;
    reopens(protected)?;
    pointers(clear, protected)?;
    Ok(report)
}
