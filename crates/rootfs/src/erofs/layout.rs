//! Gives everything but the data of files its place on the disk.

use super::compressed;
use super::directory::{self, Entry};
use super::inode::{self, SIZE};
use super::place::{Data, Place};
use super::room::{address, allocate};
use super::xattr::Shared;
use crate::blocks::{BLOCK_U64, Blocks, Packed};
use crate::bytes::low32;
use crate::error::Error;
use crate::tree::{Kind, NodeId, Order, Tree};

/// Size of an inode slot in bytes; inodes are addressed by slot number.
const SLOT: u64 = 32;
/// Offset of the first inode in bytes. Slot 0 stays empty, as some readers take inode number 0 for
/// none.
const FIRST: u64 = 2 * SLOT;

/// The places of all nodes.
pub(super) struct Layout<'a> {
    pub(super) order: Order,
    /// The place of each node, in the order of the nodes.
    pub(super) places: Vec<Place>,
    pub(super) shared: Shared<'a>,
    /// Total size of the inodes in bytes.
    pub(super) end: u64,
    pub(super) is_chunked: bool,
    pub(super) is_compressed: bool,
}

impl<'a> Layout<'a> {
    /// Places the inodes, and allocates blocks for everything that does not fit after them.
    pub(super) fn new(disk: &mut Blocks, tree: &'a Tree, packed: &[Packed]) -> Result<Self, Error> {
        let order = Order::of(tree, None);
        let attributes = order.nodes.iter().map(|&id| &tree.node(id).attributes);
        let mut this = Self {
            places: Vec::with_capacity(order.nodes.len()),
            shared: Shared::new(attributes),
            order,
            end: FIRST,
            is_chunked: false,
            is_compressed: false,
        };
        for position in 0..this.order.nodes.len() {
            let place = this.place(disk, tree, packed, this.order.nodes[position])?;
            this.places.push(place);
        }
        // fsck.erofs 1.5 reads an attribute header even where there is none.
        this.end += SLOT;
        Ok(this)
    }

    fn place(
        &mut self,
        disk: &mut Blocks,
        tree: &Tree,
        packed: &[Packed],
        id: NodeId,
    ) -> Result<Place, Error> {
        let node = tree.node(id);
        let attributes = self.shared.body_size(&node.attributes);
        let mut place = Place {
            offset: 0,
            size: 0,
            block: 0,
            inline: 0,
            map: 0,
            data: Data::Plain,
            attributes: inode::attribute_count(attributes),
        };
        let fixed = (SIZE + attributes) as u64;
        match &node.kind {
            Kind::Directory(directory) => {
                let names = with_dots(directory.children.keys().map(|name| &name[..]));
                place.size = directory::size(names);
            }
            Kind::Symlink(bytes) | Kind::SmallFile(bytes) => place.size = bytes.len() as u64,
            Kind::File { size, extents } => {
                place.size = *size;
                match inode::plain(*size, extents) {
                    Some(block) => place.block = address(disk, block)?,
                    None => {
                        place.map = inode::chunk_map_size(*size);
                        place.data = Data::Chunked;
                    }
                }
            }
            Kind::Compressed { size, file } => {
                let file = &packed[*file as usize];
                place.size = *size;
                if file.total() == size.div_ceil(BLOCK_U64) {
                    place.block = address(disk, file.start)?;
                } else {
                    place.block = low32(file.total());
                    address(disk, file.start + file.total())?;
                    place.map = compressed::map_size(fixed, *size);
                    place.data = Data::Compressed;
                }
            }
            _ => {}
        }
        if let Kind::Directory(_) | Kind::Symlink(_) | Kind::SmallFile(_) = node.kind {
            let tail = place.size % BLOCK_U64;
            let mut outside = place.size;
            if fixed + tail <= BLOCK_U64 {
                place.inline = u32::try_from(tail).unwrap_or(0);
                outside -= tail;
                if tail > 0 {
                    place.data = Data::Inline;
                }
            }
            if outside > 0 {
                place.block = allocate(disk, outside)?;
            }
        }
        self.is_chunked |= place.data == Data::Chunked;
        self.is_compressed |= place.data == Data::Compressed;
        // Inline data must lie in the inode's block; without any, the inode itself must not cross
        // blocks.
        let together = if place.inline > 0 {
            fixed + u64::from(place.inline)
        } else {
            SIZE as u64
        };
        let room = BLOCK_U64 - self.end % BLOCK_U64;
        if together > room {
            self.end += room;
        }
        place.offset = self.end;
        self.end += fixed + u64::from(place.inline) + place.map;
        self.end = self.end.next_multiple_of(SLOT);
        Ok(place)
    }

    /// The slot number of a node.
    pub(super) fn nid(&self, id: NodeId) -> u64 {
        self.places[self.order.position(id) as usize].offset / SLOT
    }

    /// The inode number that `stat` shows.
    pub(super) fn number(&self, id: NodeId) -> u32 {
        self.order.position(id) + 1
    }

    /// The entries of a directory, in order.
    pub(super) fn entries<'t>(
        &self,
        tree: &'t Tree,
        id: NodeId,
    ) -> impl Iterator<Item = Entry<'t>> {
        let directory = tree.directory(id);
        let parent = match directory {
            Some(directory) if id != Tree::ROOT => directory.parent,
            _ => id,
        };
        let children = directory.into_iter().flat_map(|d| &d.children);
        with_dots(children.map(|(name, _)| &name[..])).map(move |name| {
            let node = match name {
                b"." => id,
                b".." => parent,
                _ => tree.child(id, name).map_or(id, |link| link.node),
            };
            Entry {
                name,
                nid: self.nid(node),
                kind: tree.node(node).kind.entry_type(),
            }
        })
    }
}

/// Inserts `.` and `..` at their place among sorted names.
fn with_dots<'a>(names: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    let mut names = names.peekable();
    let mut dots = [&b"."[..], &b".."[..]].into_iter().peekable();
    std::iter::from_fn(move || match (names.peek(), dots.peek()) {
        (Some(name), Some(dot)) if name < dot => names.next(),
        (_, Some(_)) => dots.next(),
        _ => names.next(),
    })
}

const _: () = assert!(BLOCK_U64.is_multiple_of(SLOT));
