//! `pack create`: writes a pack, unless there is one of the same input already.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lazaret_files::{NewFile, check_output, follow_links};
use lazaret_images::ImageStore;
use lazaret_oci::{Algorithm, Digest, Hasher, Platform};
use lazaret_pack::{Key, Kind, Manifest, Pack, Writer};
use lazaret_rootfs::Compression;
use lazaret_vm::kernel::Kernel;
use serde::Serialize;

use super::known::Known;
use super::source::Subject;
use super::{disks, ready};
use crate::prepare::{RunRequest, artifacts};
use crate::{Error, Home, ProgressSink, blocking, hash::copy_hashed, initramfs};

/// A pack to make.
#[derive(Debug)]
pub struct PackRequest {
    /// What is packed, and how it is to run: what only a machine has is ignored.
    pub run: RunRequest,
    /// The path of the pack; an existing file is replaced once the new one is whole.
    pub output: PathBuf,
    /// The checkpoint to pack instead of the image that the run names.
    pub checkpoint: Option<String>,
    /// The platform to take from an index, which must be this one's.
    pub platform: Option<Platform>,
    /// The compression of its disks.
    pub compression: Option<Compression>,
    /// The file of the private key by which it is signed.
    pub key: Option<PathBuf>,
}

/// A pack that was made, or that was there.
#[derive(Debug, Clone, Serialize)]
pub struct MadePack {
    /// Its path.
    pub path: PathBuf,
    /// Digest of its manifest, which stands for all of it.
    pub digest: String,
    /// The image, as people know it.
    pub image: String,
    /// Digest of the image's manifest.
    pub image_digest: String,
    /// Length of the file in bytes.
    pub size: u64,
    /// Whether a pack of the same input was there, which stays.
    pub unchanged: bool,
    /// The key that signed it.
    pub key: Option<String>,
    /// Seconds that it took to convert and write.
    pub seconds: f64,
}

/// Everything that a pack is made of.
struct Parts {
    subject: Subject,
    store: ImageStore,
    kernel: Kernel,
    initramfs: PathBuf,
    /// This program, and how much of its file it is.
    program: (File, u64),
    compression: Option<Compression>,
    key: Option<Key>,
    output: PathBuf,
    known: Known,
}

impl Home {
    /// Makes a pack. No file is at `output` before it is whole and synced.
    ///
    /// # Errors
    /// [`PackError`](crate::PackError); those of the source, as [`Home::prepare`]; [`Error::Convert`], [`Error::Io`].
    pub async fn create_pack(
        &self,
        mut request: PackRequest,
        progress: ProgressSink,
    ) -> Result<MadePack, Error> {
        check_output(&request.output)?;
        let Some(checkpoint) = request.checkpoint.take() else {
            return self.create(request, None, progress).await;
        };
        let image = self.image_of_checkpoint(&checkpoint, &mut request.run);
        let image = image.await?;
        let made = self.create(request, Some(image.base), progress).await;
        // Nobody has asked for the image.
        self.remove_image(&image.name)?;
        made
    }

    /// Makes a pack; `base` is what its image is known by, if it is not the image itself.
    async fn create(
        &self,
        request: PackRequest,
        base: Option<(String, String)>,
        progress: ProgressSink,
    ) -> Result<MadePack, Error> {
        let key = request.key.as_deref().map(Key::read).transpose()?;
        let kernel = match &request.run.kernel {
            Some(wanted) => self
                .kernels
                .get(&self.ensure_kernel(wanted, &progress).await?)?,
            None => self.bootable_kernel(&progress).await?.0,
        };
        let platform = request.platform.as_ref();
        let mut subject = self
            .subject_of_pack(&request.run, platform, &progress)
            .await?;
        if let Some((name, digest)) = base {
            (subject.launch.image, subject.launch.image_digest) = (name, digest);
        }
        let parts = Parts {
            subject,
            store: self.images.clone(),
            initramfs: {
                let (of, cache) = (kernel.clone(), self.settings.cache.clone());
                blocking(move || initramfs::prepare(&of, &cache)).await?
            },
            kernel,
            program: program()?,
            compression: request.compression,
            key,
            output: request.output,
            known: self.known_packs(),
        };
        blocking(move || parts.make()).await
    }
}

/// This program without a payload of its own.
fn program() -> Result<(File, u64), Error> {
    let path = Path::new("/proc/self/exe");
    let failed = || Error::io("open", path);
    let file = File::open(path).map_err(failed())?;
    let size = match lazaret_pack::is_of_pack() {
        true => {
            let again = file.try_clone().map_err(failed())?;
            Pack::of_file(again, path)?.footer().program
        }
        false => file.metadata().map_err(failed())?.len(),
    };
    Ok((file, size))
}

impl Parts {
    fn make(self) -> Result<MadePack, Error> {
        let started = Instant::now();
        let input = self.input()?;
        if let Some(pack) = self.existing(&input) {
            return Ok(self.made(&pack, true, started));
        }
        let new = NewFile::output(&self.output)?;
        self.write(&new, &input)?;
        let file = new.file()?;
        set_executable(&file, &self.output)?;
        new.publish()?;
        let pack = Pack::open(&self.output)?;
        // What was just written has been hashed on the way.
        self.known.add(&ready::identity(&pack)?, &pack.digest());
        Ok(self.made(&pack, false, started))
    }

    fn made(&self, pack: &Pack, unchanged: bool, started: Instant) -> MadePack {
        MadePack {
            path: self.output.clone(),
            digest: format!("sha256:{}", pack.digest()),
            image: self.subject.launch.image.clone(),
            image_digest: self.subject.launch.image_digest.clone(),
            size: pack.footer().file,
            unchanged,
            key: pack
                .signature()
                .map(|signature| signature.key().to_string()),
            seconds: started.elapsed().as_secs_f64(),
        }
    }

    /// The digest of everything that the bytes of the pack depend on.
    fn input(&self) -> Result<String, Error> {
        let (program, size) = &self.program;
        let path = Path::new("/proc/self/exe");
        let program = lazaret_pack::hash_program(program, *size);
        let program = program.map_err(Error::io("read", path))?;
        let mut archive =
            File::open(&self.initramfs).map_err(Error::io("open", &self.initramfs))?;
        let initramfs = copy_hashed(&mut archive, &mut std::io::sink());
        let initramfs = initramfs.map_err(Error::io("read", &self.initramfs))?.0;
        let layers = self.subject.config.rootfs.diff_ids.iter();
        let layers: Vec<String> = layers.map(Digest::to_string).collect();
        let texts = [
            format!("disks {}", disks::FORMAT),
            format!("program {program}"),
            format!("kernel {}", self.kernel.digest),
            format!("release {}", self.kernel.release),
            format!("initramfs {initramfs}"),
            format!("layers {}", layers.join(" ")),
            format!(
                "artifacts {}",
                artifacts::identity(&self.subject.spec.mounts)
            ),
            format!("compression {:?}", self.compression),
            format!("launch {}", Digest::of(&self.subject.launch.encode())),
            format!(
                "key {}",
                self.key
                    .as_ref()
                    .map_or_else(String::new, |key| key.public().to_string())
            ),
        ];
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(texts.join("\n").as_bytes());
        Ok(hasher.finish().hex().to_owned())
    }

    /// The pack that is there already, if it is whole and of this input.
    fn existing(&self, input: &str) -> Option<Pack> {
        let pack = Pack::open(&follow_links(&self.output).ok()?).ok()?;
        let key = pack.signature().map(lazaret_pack::Signature::key);
        let is_same =
            pack.manifest().input == input && key == self.key.as_ref().map(Key::public).as_ref();
        if !is_same {
            return None;
        }
        let file = ready::identity(&pack).ok()?;
        if !self.known.has(&file, &pack.digest()) {
            ready::compare(&pack).ok()?;
            self.known.add(&file, &pack.digest());
        }
        Some(pack)
    }

    fn write(&self, new: &NewFile, input: &str) -> Result<Manifest, Error> {
        let folder = self.output.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Program, kernel and initramfs are copied while the disk is made.
        let (disk, writer) = std::thread::scope(|scope| {
            let disk = scope.spawn(|| disks::root(&self.subject, folder, self.compression));
            let writer = self.begin(new);
            let disk = match disk.join() {
                Ok(disk) => disk,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            (disk, writer)
        });
        let (disk, mut writer) = (disk?, writer?);
        let artifacts = disks::of_artifacts(&self.subject, &self.store, folder, self.compression)?;
        for disk in [disk].into_iter().chain(artifacts) {
            writer.add_disk(disk.serial, &disk.file, disk.size, disk.checked)?;
        }
        writer.add(Kind::Launch, &mut &self.subject.launch.encode()[..])?;
        let kernel = (self.kernel.digest.as_str(), self.kernel.release.as_str());
        let architecture = Platform::native().architecture;
        Ok(writer.finish(&architecture, kernel, input, self.key.as_ref())?)
    }

    fn begin(&self, new: &NewFile) -> Result<Writer, Error> {
        let (program, size) = &self.program;
        let mut writer = Writer::begin(new.file()?, &self.output, program, *size)?;
        for (kind, path) in [
            (Kind::Kernel, &self.kernel.image),
            (Kind::Initramfs, &self.initramfs),
        ] {
            let mut file = File::open(path).map_err(Error::io("open", path))?;
            writer.add(kind, &mut file)?;
        }
        Ok(writer)
    }
}

/// Whoever may read a pack may execute it.
pub(super) fn set_executable(file: &File, path: &Path) -> Result<(), Error> {
    let failed = || Error::io("set the permissions of", path);
    let mode = file.metadata().map_err(failed())?.permissions().mode();
    let mode = mode | ((mode & 0o444) >> 2);
    let permissions = std::fs::Permissions::from_mode(mode);
    file.set_permissions(permissions).map_err(failed())
}
