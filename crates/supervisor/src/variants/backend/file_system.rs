//! A folder as a store: `<root>/<registry>/<repository>/<version>/<selector>/<file>`.

use std::path::PathBuf;

use async_trait::async_trait;
use lazaret_files::Beneath;

use super::port::{Backend, Fetched, copy, landing};
use crate::hash::copy_hashed;
use crate::variants::item::{Content, Item, Part};
use crate::{Error, ProgressSink, blocking};

/// A folder.
pub(in crate::variants) struct FileSystem {
    pub(in crate::variants) root: PathBuf,
}

impl FileSystem {
    fn folder(&self) -> Beneath {
        Beneath::new(&self.root)
    }
}

#[async_trait]
impl Backend for FileSystem {
    async fn put(&self, item: &Item, contents: &[Content], _: &ProgressSink) -> Result<(), Error> {
        for content in contents {
            let (folder, path) = (self.folder(), item.store_path(content.part)?);
            let content = content.clone();
            blocking(move || {
                let new = folder.create(path.as_str())?;
                let copied = copy_hashed(&mut content.range.reader(), &mut new.file()?);
                let (digest, _) = copied.map_err(Error::io("write", new.path()))?;
                if digest != content.digest {
                    return Err(Error::DigestMismatch {
                        expected: content.digest,
                        actual: digest,
                        subject: format!("what was copied to '{}'", new.path().display()),
                    });
                }
                Ok(new.publish()?)
            })
            .await?;
        }
        let has_initrd = contents.iter().any(|content| content.part == Part::Initrd);
        if item.parts().contains(&Part::Initrd) && !has_initrd {
            let (folder, path) = (self.folder(), item.store_path(Part::Initrd)?);
            blocking(move || Ok(folder.remove(path.as_str())?)).await?;
        }
        Ok(())
    }

    async fn get(&self, item: &Item, _: &ProgressSink) -> Result<Vec<Fetched>, Error> {
        let mut fetched = Vec::new();
        for part in item.parts() {
            let path = item.store_path(*part)?;
            let folder = self.folder();
            let file = blocking(move || Ok(folder.open(path.as_str())?)).await?;
            if let Some(file) = file {
                let (part, new) = (*part, landing(item, *part).await?);
                fetched.push(blocking(move || copy(part, file, new)).await?);
            }
        }
        Ok(fetched)
    }
}
