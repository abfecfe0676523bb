//! Every declared box of every corpus file: read and written again it is the same, and its rows tile its bytes.

mod support;

use std::collections::BTreeMap;

use boxlock::boxes::registry::{self, Known};
use boxlock::boxes::{BoxHeader, Edits, Node, RowSink, Tree};
use boxlock::bytes::Reader;

/// Calls `each` for every box of a tree, with its parent.
fn walk<'t>(node: &'t Node, parent: Option<&'t Node>, each: &mut impl FnMut(&'t Node, Option<&'t Node>)) {
    each(node, parent);
    for child in &node.children {
        walk(child, Some(node), each);
    }
}

/// The top-level boxes of a file, as far as their headers can be read.
fn top_level(bytes: &[u8]) -> Vec<Tree<'_>> {
    let mut trees = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let Ok(header) = BoxHeader::read(&mut Reader::new(rest, at as u64), rest.len() as u64) else { break };
        let len = header.size as usize;
        trees.push(Tree::parse(&rest[..len], at as u64).expect("the header was just read"));
        at += len;
    }
    trees
}

/// IV sizes to try, as a box alone does not say which is right.
const IV_SIZES: [u8; 3] = [8, 16, 0];

#[test]
fn every_declared_box_is_written_as_it_was_read() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in support::corpus_files() {
        for tree in top_level(&bytes) {
            assert_eq!(Edits::new().apply(&tree), tree.bytes(), "{name}: the tree loses nothing");
            walk(tree.root(), None, &mut |node, parent| {
                let Known::Declared(declaration) = registry::lookup(node.id(), parent.map(Node::id)) else {
                    return;
                };
                let body = tree.fields(node);
                let written =
                    IV_SIZES.iter().filter_map(|&iv| (declaration.rewrite)(&mut body.clone(), iv).ok());
                let same = written.into_iter().any(|written| written == body.rest());
                // Damaged boxes of the malformed files cannot be read at all; those are for the hostile tests.
                if !same && !name.starts_with("malformed") {
                    let error = (declaration.rewrite)(&mut body.clone(), 8).err();
                    panic!("{name}: {:?} at {} comes out otherwise ({error:?})", node.id(), node.start);
                }
                *seen.entry(declaration.name.to_owned()).or_default() += usize::from(same);
            });
        }
    }
    if support::corpus().is_some() {
        assert!(seen.len() > 40, "the corpus holds many kinds of boxes, but only {} were met", seen.len());
    }
}

#[test]
fn rows_of_every_declared_box_tile_its_fields() {
    for (name, bytes) in support::corpus_files() {
        if name.starts_with("malformed") {
            continue;
        }
        for tree in top_level(&bytes) {
            walk(tree.root(), None, &mut |node, parent| {
                let Known::Declared(declaration) = registry::lookup(node.id(), parent.map(Node::id)) else {
                    return;
                };
                let tiled = IV_SIZES.iter().any(|&iv| {
                    let mut sink = RowSink::window(0, usize::MAX);
                    let mut body = tree.fields(node);
                    if (declaration.rows)(&mut body, iv, &mut sink).is_err() {
                        return false;
                    }
                    let mut at = node.body_start();
                    for row in sink.into_rows().iter().filter(|row| row.depth == 0) {
                        if row.start != at || row.end < row.start {
                            return false;
                        }
                        at = row.end;
                    }
                    at == node.body_start() + node.fields_len
                });
                assert!(tiled, "{name}: rows of {:?} at {} leave gaps", node.id(), node.start);
            });
        }
    }
}

#[test]
fn a_window_of_rows_is_the_same_as_that_part_of_all_rows() {
    let body = [&[0, 0, 2, 0, 0, 0, 0, 5][..], &[0, 0, 0, 1].repeat(5)].concat();
    let Known::Declared(trun) = registry::lookup(boxlock::boxes::header::four(b"trun"), None) else {
        panic!("trun is declared")
    };
    let rows = |from, count| {
        let mut sink = RowSink::window(from, count);
        (trun.rows)(&mut Reader::new(&body, 0), 0, &mut sink).unwrap();
        (sink.total(), sink.into_rows())
    };
    let (total, all) = rows(0, usize::MAX);
    assert_eq!(total, all.len());
    assert_eq!(rows(4, 3), (total, all[4..7].to_vec()));
}
