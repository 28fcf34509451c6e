//! Looks for placeholders in bodies, which pass as they are.

use crate::message::Integration;

use super::encoding::contains;

/// Looks for the placeholders of an integration in bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The credentials' names and their placeholders.
    wanted: Vec<(String, Vec<u8>)>,
    /// The end of what has come, in which a placeholder may have begun.
    tail: Vec<u8>,
    /// Bytes of the longest placeholder without its last.
    kept: usize,
}

impl Scan {
    /// Looks for the placeholders of this integration.
    pub(crate) fn new(integration: &Integration) -> Self {
        let wanted: Vec<_> = integration
            .credentials
            .iter()
            .filter(|credential| !credential.placeholder.is_empty())
            .map(|credential| {
                let name = format!("{}/{}", integration.id, credential.name);
                (name, credential.placeholder.clone().into_bytes())
            })
            .collect();
        let longest = wanted.iter().map(|(_, placeholder)| placeholder.len());
        Self {
            kept: longest.max().unwrap_or(1) - 1,
            wanted,
            tail: Vec::new(),
        }
    }

    /// Takes the next piece; in words what was found, once for each credential.
    pub(crate) fn see(&mut self, piece: &[u8]) -> Vec<String> {
        let seam = [&self.tail, &piece[..piece.len().min(self.kept)]].concat();
        let mut found = Vec::new();
        self.wanted.retain(|(name, placeholder)| {
            let here = contains(&seam, placeholder) || contains(piece, placeholder);
            if here {
                found.push(format!(
                    "the placeholder of {name} in the body is no credential and stayed"
                ));
            }
            !here
        });
        let end = if piece.len() < self.kept {
            &seam
        } else {
            piece
        };
        self.tail = end[end.len().saturating_sub(self.kept)..].to_vec();
        found
    }
}
