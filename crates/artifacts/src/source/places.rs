//! Finds the places of a document's members in its text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::yaml::yaml_options;

/// Largest text whose places are looked for, in bytes: people write no larger ones, and the places
/// take many times the memory of the text.
const MAX_BYTES: usize = 256 * 1024;

/// A line and a column of a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// The places of the members of a text's documents.
#[derive(Debug)]
pub struct Places(Vec<Spanned<Node>>);

impl Places {
    /// Finds the places in a text that `parse_documents` accepts; none in a large text.
    #[must_use]
    pub fn find(text: &str) -> Self {
        if text.len() > MAX_BYTES {
            return Self(Vec::new());
        }
        Self(serde_saphyr::from_multiple_with_options(text, yaml_options()).unwrap_or_default())
    }

    /// The place of the value that a JSON pointer names, in the document of that index: of its key,
    /// where it has one. Where it is missing, the place of what should have it.
    #[must_use]
    pub fn of(&self, document: usize, pointer: &str) -> Option<Place> {
        let root = self.0.get(document)?;
        let (mut node, mut place) = (&root.value, root.referenced);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match node {
                Node::Leaf => None,
                Node::List(items) => token
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (&item.value, item.referenced)),
                Node::Map(members) => members
                    .iter()
                    .find(|(key, _)| key.value == token)
                    .map(|(key, value)| (value, key.referenced)),
            };
            let Some(found) = next else { break };
            (node, place) = found;
        }
        let place = Place {
            line: place.line(),
            column: place.column(),
        };
        (place.line > 0).then_some(place)
    }
}

/// A value without its scalars.
#[derive(Debug)]
enum Node {
    Leaf,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = members.next_key()? {
            map.push((key, members.next_value()?));
        }
        Ok(Node::Map(map))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Node::Leaf)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }
}

#[cfg(test)]
mod tests;
