//! Decides what is done for a request.

use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::abi::{MAJOR, MINOR, MOST_BYTES, PAGE, init};
use crate::reply::Reply;
use crate::request::{Header, Operation, Request};
use crate::state::Folder;

/// Most requests of the guest's kernel that nobody waits for.
const BACKGROUND: u16 = 16;
/// Oldest language that is understood: that of Linux 4.20, the first with large messages.
const OLDEST: u32 = 28;

impl Folder {
    /// Does what a request asks for and writes the reply; `None` for one that has none. `number` is that of
    /// the folder.
    ///
    /// # Errors
    /// The rule that bytes break which are no request.
    pub(crate) fn answer<'a>(
        &mut self,
        number: u32,
        message: &[u8],
        reply: &'a mut Reply,
    ) -> Result<Option<&'a [u8]>, &'static str> {
        let Request { header, operation } = Request::parse(message)?;
        reply.clear();
        let done = match operation {
            Ok(Operation::Forget { lookups }) => {
                self.nodes.forget(header.node, lookups);
                return Ok(None);
            }
            Ok(Operation::ForgetAll(nodes)) => {
                for (node, lookups) in nodes {
                    self.nodes.forget(node, lookups);
                }
                return Ok(None);
            }
            Ok(operation) => self.act(&header, operation, reply),
            Err(error) => Err(error),
        };
        Ok(Some(reply.finish(number, header.unique, done.err())))
    }

    fn act(
        &mut self,
        header: &Header,
        operation: Operation<'_>,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        use Operation as Do;
        let node = header.node;
        match operation {
            Do::Init {
                major,
                minor,
                readahead,
                flags,
            } => {
                if major != MAJOR || minor < OLDEST {
                    return Err(Errno::PROTO);
                }
                self.owners.theirs = (header.uid, header.gid);
                greet(readahead, flags, reply);
                Ok(())
            }
            // The guest has unmounted it, and forgotten everything.
            Do::Destroy | Do::Forget { .. } | Do::ForgetAll(_) => Ok(()),
            Do::Lookup(name) => self.look_up(node, name, reply),
            Do::GetAttributes { handle } => self.attributes(node, handle, reply),
            Do::SetAttributes(changes) => self.change(node, &changes, reply),
            Do::ReadLink => self.read_link(node, reply),
            Do::MakeLink { name, target } => self.make_link(node, name, target, reply),
            Do::MakeNode { name, mode } => self.make_node(node, name, mode, reply),
            Do::MakeFolder { name, mode } => self.make_folder(node, name, mode, reply),
            Do::Remove(name) => self.remove(node, name, AtFlags::empty()),
            Do::RemoveFolder(name) => self.remove(node, name, AtFlags::REMOVEDIR),
            Do::Rename {
                to,
                flags,
                old,
                new,
            } => self.rename((node, old), (to, new), flags),
            Do::Link { node: of, name } => self.link(of, node, name, reply),
            Do::Open { flags } => self.open_file(node, flags, reply),
            Do::Create { flags, mode, name } => self.create(node, name, (flags, mode), reply),
            Do::Read {
                handle,
                offset,
                size,
            } => self.read(handle, offset, size, reply),
            Do::Write {
                handle,
                offset,
                flags,
                bytes,
            } => self.write(handle, (offset, flags), bytes, reply),
            Do::Release { handle } => {
                self.handles.close(handle);
                Ok(())
            }
            Do::Sync { handle, flags } => self.sync(handle, flags),
            Do::StatFileSystem => self.file_system(node, reply),
            Do::OpenFolder => self.open_folder(node, reply),
            Do::List {
                handle,
                offset,
                size,
                plus,
            } => self.list(handle, (offset, size), plus, reply),
            Do::GetExtended { name, size } => self.get_extended(node, name, size, reply),
            Do::SetExtended { name, value, flags } => self.set_extended(node, (name, value), flags),
            Do::ListExtended { size } => self.list_extended(node, size, reply),
            Do::RemoveExtended { name } => self.remove_extended(node, name),
            Do::Allocate {
                handle,
                offset,
                length,
                mode,
            } => self.allocate(handle, (offset, length), mode),
            Do::Seek {
                handle,
                offset,
                whence,
            } => self.seek(handle, offset, whence, reply),
            Do::CopyRange {
                from,
                from_offset,
                to,
                to_offset,
                length,
                flags,
            } => match flags {
                0 => self.copy((from, from_offset), (to, to_offset), length, reply),
                _ => Err(Errno::INVAL),
            },
        }
    }
}

/// `struct fuse_init_out`.
fn greet(readahead: u32, flags: u32, reply: &mut Reply) {
    let most = u32::try_from(MOST_BYTES).unwrap_or(u32::MAX);
    reply.u32(MAJOR);
    reply.u32(MINOR);
    reply.u32(readahead.min(most));
    reply.u32(flags & init::WANTED);
    reply.u16(BACKGROUND);
    reply.u16(BACKGROUND / 4 * 3);
    reply.u32(most);
    // Times count in nanoseconds.
    reply.u32(1);
    reply.u16(u16::try_from(MOST_BYTES / PAGE).unwrap_or(u16::MAX));
    reply.u16(0);
    reply.bytes(&[0; 32]);
}

#[cfg(test)]
mod tests;
