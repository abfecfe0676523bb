//! How many of the box types that inspectors should know are decoded field by field, known by name, or unknown.
//!
//! The list is that of `../shared/reference/boxes.md`: a table for each family of specifications, with the letters of other
//! programs that decode the type.

use std::collections::BTreeMap;

use boxlock::boxes::header::{BoxId, four};
use boxlock::boxes::registry::{self, Known};

use crate::support::box_list;

/// A row of a table: a type, where it stands, and the letters of those that decode it.
struct Row<'t> {
    table: u32,
    code: [u8; 4],
    containers: &'t str,
    letters: &'t str,
}

/// The letters of other programs, as the list has them.
const PEERS: [(char, &str); 6] = [
    ('M', "mp4box.js"),
    ('B', "Bento4"),
    ('G', "GPAC"),
    ('F', "mp4ff"),
    ('I', "isobmff-inspector"),
    ('Q', "fq"),
];

/// Types that are known by name, whose bytes are shown: compressed boxes, structures of samples, of one program's own, and
/// those that no public file has.
const NAMED: [(u32, &str); 5] = [
    (
        1,
        "!mof !mov !six !ssx cinf dmix fdel imif ipmc uuid aedb aelm aepp aepr aesb aesd rsot ssrt spki ctrn cdrf extk extl \
         fdsa fdpa extr",
    ),
    (
        3,
        "3dpr 3sib a3dC apvC dhec ecam evsC hvtC icam iroi lvcC mstv mvcg mvdC mvra qlif seib sstl svdr svmC swtc tran vsib \
         vwdi vwid",
    ),
    // A sample group, which is read where groups are.
    (5, "seig"),
    (8, "tfma coin avcn wmpi dsgd dstg srmc srmb"),
    (9, "vvcE"),
];

fn rows(list: &str) -> Vec<Row<'_>> {
    let mut table = 0;
    let mut rows = Vec::new();
    for line in list.lines() {
        if let Some(number) = line.strip_prefix("## ").and_then(|rest| rest.split('.').next()) {
            table = number.parse().unwrap_or(0);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, code, containers, _, letters, _] = cells[..] else { continue };
        let Some(code) = line.split('`').nth(1).filter(|_| code.starts_with('`')) else { continue };
        // The sign of copyright is one byte in files.
        let code: Vec<u8> = code.chars().filter_map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
        let Ok(code) = code.try_into() else { continue };
        rows.push(Row { table, code, containers, letters });
    }
    rows
}

/// What is known of a type in the best known of the places where it stands.
fn known(row: &Row<'_>) -> Known {
    let id = four(&row.code);
    let parents = row
        .containers
        .split([' ', '(', ')', '†'])
        .filter_map(|word| <[u8; 4]>::try_from(word.as_bytes()).ok());
    let parents: Vec<Option<BoxId>> = parents.map(|code| Some(four(&code))).chain([None]).collect();
    let all: Vec<Known> = parents.into_iter().map(|parent| registry::lookup(id, parent)).collect();
    let declared = all.iter().find(|known| matches!(known, Known::Declared(_)));
    let named = all.iter().find(|known| matches!(known, Known::Named(_)));
    declared.or(named).copied().unwrap_or(Known::Unknown)
}

#[test]
fn box_types_are_counted_by_table() {
    let Some(list) = box_list() else { return };
    let rows = rows(&list);
    assert_eq!(rows.len(), 516, "rows of the list");
    let mut tables: BTreeMap<u32, [usize; 4]> = BTreeMap::new();
    let mut peers: BTreeMap<u32, [usize; 6]> = BTreeMap::new();
    let mut missing: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let counts = tables.entry(row.table).or_default();
        counts[0] += 1;
        let text: String = row.code.iter().map(|byte| char::from(*byte)).collect();
        match known(row) {
            Known::Declared(_) => counts[1] += 1,
            Known::Named(_) => {
                counts[2] += 1;
                missing.entry(row.table).or_default().push(text);
            }
            Known::Unknown => {
                counts[3] += 1;
                missing.entry(row.table).or_default().push(format!("{text}?"));
            }
        }
        for (count, (letter, _)) in peers.entry(row.table).or_default().iter_mut().zip(PEERS) {
            *count += usize::from(row.letters.contains(letter));
        }
    }
    println!(
        "table: types, decoded field by field, named, unknown; and decoded by {:?}",
        PEERS.map(|(_, name)| name)
    );
    for (table, [all, declared, named, unknown]) in &tables {
        println!("  {table:2}: {all:3} {declared:3} {named:3} {unknown:3}; {:?}", peers[table]);
    }
    for (table, types) in &missing {
        println!("  {table:2}: not field by field: {}", types.join(" "));
    }
    // Of these families every type is known, and those that are shown as bytes are these.
    for table in [1, 2, 3, 4, 5, 6, 8, 9, 11] {
        let left = missing.remove(&table).unwrap_or_default().join(" ");
        let known = NAMED.iter().find(|(other, _)| *other == table).map_or("", |(_, types)| types);
        assert_eq!(left, known, "table {table}");
    }
    // Of the others the names are known.
    for types in missing.values().flatten() {
        assert!(!types.ends_with('?'), "{types} is not known");
    }
}
