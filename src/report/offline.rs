//! Whether a file will play offline on Windows, point by point.

use serde::Serialize;

use crate::bytes::Result;
use crate::protect::Plan;
use crate::session::Session;
use crate::verify::offline::{Facts, Finding};

/// One point that it hangs on: `OfflineCheck`.
#[derive(Clone, Debug, Serialize)]
pub struct OfflineCheck {
    /// Stable, kebab-case: `header-version`.
    pub id: &'static str,
    /// What it is about, for a person.
    pub title: &'static str,
    /// `ok`, `doubtful` or `fails`.
    pub state: &'static str,
    /// What was found, and why that matters.
    pub found: String,
    /// What to do about it; empty where nothing is to be done.
    pub advice: &'static str,
}

/// What is found of an open file; nothing of what has no movie header.
///
/// # Errors
/// `not-open`.
pub fn offline(session: &Session) -> Result<Vec<OfflineCheck>> {
    let facts = Facts::of_file(session.index()?, session.part_count());
    Ok(checks(facts))
}

/// What is found of the file that comes of a plan; nothing where it is not encrypted.
pub(super) fn planned(session: &Session, plan: &Plan) -> Result<Vec<OfflineCheck>> {
    if !plan.protects() && plan.change.is_none() {
        return Ok(Vec::new());
    }
    Ok(checks(Facts::of_plan(plan, session.work()?)?))
}

fn checks(facts: Option<Facts>) -> Vec<OfflineCheck> {
    let all = facts.iter().flat_map(Facts::findings);
    all.map(|Finding { id, title, state, found, advice }| OfflineCheck {
        id,
        title,
        state: state.name(),
        found,
        advice,
    })
    .collect()
}
