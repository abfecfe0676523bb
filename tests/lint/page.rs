//! The page of the documentation that names all rules.

use super::corpus::held;

#[test]
fn the_page_of_rules_is_what_is_declared() {
    held("docs/rules.md", &boxlock::lint::document::page());
}
