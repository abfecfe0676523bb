//! Rows of samples as numbers: as objects they take JavaScript many times as long as reading them from the file.

use serde::Serialize;

use crate::bytes::units::len_u64;

use super::number;
use super::samples::{SamplePage, SampleRow};

/// Numbers that a row has: its number, its fragment or -1, decode and composition time, duration, file offset, size, the flags as
/// `trun` has them (ISO/IEC 14496-12:2022 8.8.3.1), its sample entry, and which of the groups. `www/engine/sample-rows.js` makes
/// rows of them.
pub const ROW_LEN: usize = 10;

/// A page of samples, most of it as numbers: `PackedSamples`, but for these.
#[derive(Clone, Debug, Serialize)]
pub struct PackedSamples {
    /// What else there is, with those rows alone that are encrypted.
    pub page: SamplePage,
    /// What rows are in, once for all that follow each other and are in the same; the first is nothing.
    pub groups: Vec<Vec<String>>,
    /// All rows, [`ROW_LEN`] numbers each.
    #[serde(skip)]
    pub numbers: Vec<f64>,
}

impl PackedSamples {
    /// Packs a page.
    pub fn of(mut page: SamplePage) -> Self {
        let mut numbers = Vec::with_capacity(page.rows.len() * ROW_LEN);
        let mut groups = vec![Vec::new()];
        for row in &page.rows {
            if row.groups.is_empty() {
                numbers.extend(row_numbers(row, 0));
                continue;
            }
            if groups.last() != Some(&row.groups) {
                groups.push(row.groups.clone());
            }
            numbers.extend(row_numbers(row, groups.len() - 1));
        }
        page.rows.retain(|row| row.encryption.is_some());
        Self { page, groups, numbers }
    }
}

fn row_numbers(row: &SampleRow, group: usize) -> [f64; ROW_LEN] {
    let SampleRow { dependency, priority, .. } = row;
    let flags = dependency.leading << 26
        | dependency.depends_on << 24
        | dependency.depended_on << 22
        | dependency.redundancy << 20
        | u32::from(!row.sync) << 16
        | priority;
    [
        number(row.number),
        row.fragment.map_or(-1.0, |fragment| number(len_u64(fragment))),
        row.decode,
        row.composition,
        row.duration.into(),
        number(row.start),
        row.size.into(),
        flags.into(),
        row.entry.into(),
        number(len_u64(group)),
    ]
}
