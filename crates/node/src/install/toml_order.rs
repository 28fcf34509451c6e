//! The order of sections in a file of TOML.

use toml_edit::{DocumentMut, Item, Table};

/// Moves the section `[parent.name]` in front of the other sections below `parent`. Sections elsewhere keep their
/// order.
pub(super) fn move_first(document: &mut DocumentMut, parent: &str, name: &str) {
    let siblings = document.get(parent).and_then(Item::as_table);
    let others = siblings
        .into_iter()
        .flatten()
        .filter(|(other, _)| *other != name);
    let Some(first) = others.filter_map(|(_, item)| first_place(item)).min() else {
        return;
    };
    make_room(document.as_table_mut(), first);
    let section = document
        .get_mut(parent)
        .and_then(|siblings| siblings.get_mut(name));
    if let Some(section) = section.and_then(Item::as_table_mut) {
        section.set_position(Some(first));
    }
}

fn first_place(item: &Item) -> Option<isize> {
    let table = item.as_table()?;
    let below = table.iter().filter_map(|(_, item)| first_place(item));
    table.position().into_iter().chain(below).min()
}

/// Moves all sections from the place `first` on one place further.
fn make_room(table: &mut Table, first: isize) {
    if let Some(place) = table.position().filter(|place| *place >= first) {
        table.set_position(Some(place + 1));
    }
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(table) => make_room(table, first),
            Item::ArrayOfTables(tables) => {
                tables.iter_mut().for_each(|table| make_room(table, first));
            }
            Item::None | Item::Value(_) => {}
        }
    }
}
