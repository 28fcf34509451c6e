//! Joins the engines to what a user does: push, pull, import, build and run.
//!
//! [`Home`] is opened over one user's [`Settings`]; its methods are the operations that the command
//! line (`lazaret`, in `crates/cli`) calls in-process. The engines below are `lazaret-client`
//! (registries), `lazaret-images` (the store), `lazaret-rootfs` (disks) and `lazaret-vm`
//! (machines). They never import each other, so the adapters between them live here: the resolver's
//! artifact source over the client, images of registries over the client, disks from layers.
//!
//! This crate never reads the environment, writes to the standard streams, installs signal handlers
//! or names a flag: the command line does.

mod audit;
mod audit_of_user;
mod blocking;
mod bounded;
mod build_error;
mod builds;
mod catalogue;
mod changes;
mod changes_fault;
mod check;
mod checkpoint_artifact;
mod checkpoint_error;
mod checkpoints;
mod checkpoints_of_user;
mod class;
mod clock;
mod copy;
mod describe;
mod disk;
mod environment;
mod error;
mod error_conversions;
mod guest;
mod hash;
mod home;
mod hypervisor;
mod image;
mod initramfs;
mod inject;
mod integration_error;
mod integrations;
mod integrations_of_user;
mod kernel;
mod login;
mod machines;
mod network_error;
pub mod notation;
mod origins;
mod pack_error;
mod packs;
mod policies;
mod policy_file;
mod prepare;
mod processes;
mod prune;
mod pull;
mod push;
mod questions_of_user;
mod registry_images;
mod resolve;
mod room;
mod rootfs;
mod run;
mod setting;
mod settings;
mod signal;
mod source_name;
mod space;
pub mod time;
mod trust_variables;
mod validation;
mod variants;
mod variants_error;
mod volumes;
mod volumes_of_user;

pub use audit::{AuditEvent, AuditLog, PersonsAnswer};
pub use audit_of_user::AuditedMachine;
pub use build_error::BuildError;
pub use builds::{BuildSettings, BuiltArtifact, GuestSettings, ValidatedArtifact};
pub use catalogue::{
    BuiltBundle, BundleRequest, CatalogueImage, CatalogueKernel, CatalogueKernelRequest,
};
pub use changes::{Change, ChangeKind, CommitRequest, Committed};
pub use changes_fault::ChangesFault;
pub use check::{Check, Finding, Status, Subject};
pub use checkpoint_error::CheckpointError;
pub use checkpoints::Checkpoint;
pub use checkpoints_of_user::{Fork, NamedCheckpoint, NewMachine};
pub use class::ErrorClass;
pub use copy::{CopyIn, CopyNews, CopyOut, CopySink, Inlet, Outlet};
pub use disk::{DiskName, list_disk, read_from_disk};
pub use environment::set_variable;
pub use error::Error;
pub use home::{Home, ProgressSink};
pub use image::{Image, ImageDetails, RemovedImage};
pub use inject::Injection;
pub use integration_error::IntegrationError;
pub use integrations::{
    CredentialNotice, RunCredentials, Service, ServiceCredential, ServiceOrigin,
};
pub use integrations_of_user::Connection;
pub use kernel::{ExportedKernel, FetchedKernel, Kernel, KernelSource};
pub use lazaret_artifacts::Port;
pub use lazaret_audit::{
    Error as AuditError, Reader as AuditReader, Record as AuditRecord, Summary as AuditSummary,
};
pub use lazaret_client::Progress;
pub use lazaret_egress::{Answer, ServeError, serve as serve_boundary};
pub use lazaret_folders::{Error as FolderError, Shared as SharedFolder, serve as serve_folders};
pub use lazaret_oci::Descriptor;
pub use lazaret_protocol::{
    Failure as WorkloadFailure, FailureKind, MemoryMount, Outcome, Process, ProcessReport,
    TerminalSize,
};
pub use lazaret_rootfs::{Compression, Error as DiskError, FileSystem};
pub use lazaret_secrets::{Error as SecretsError, Grant, NewSecret, SecretName};
pub use lazaret_tar::{Copied, Error as CopyError, name_of};
pub use lazaret_vm::{Accelerator, Jail, JailMode, JailPart, Substrate};
pub use login::Login;
pub use machines::{
    Action as MachineAction, Agent, AnswerScope, Begun, Boot, Control, Ending, Event, Events,
    FolderUse, Found as FoundMachine, Holder, Input, Life, LogLines, LogPart, LogReader, LogRecord,
    LogStream, MachineEvent, MachineEvents, MachineUsage, Mount, Naming, NetworkMode,
    Options as MachineOptions, Origin, OwnCommands, PublishedPort, Question, Resources, Restart,
    Session, Spec as MachineSpec, State as MachineState, VolumeUse, hold, keep,
};
pub use network_error::NetworkError;
pub use pack_error::PackError;
pub use packs::{
    ForeignSummary, InspectedPack, MadePack, PackFormatError, PackPart, PackRequest, PulledPack,
    VerifiedPack, is_program_of_pack, own_pack,
};
pub use policies::{
    PolicyChange, add_policy_rule, find_policy, import_policy, new_policy_name,
    remove_policy_rules, settle_in_policy,
};
pub use policy_file::read_documents;
pub use prepare::{
    DOCUMENT_LABEL, FolderRequest, MACHINE_LABEL, NamedRequest, NetworkRequest, Notice, Prepared,
    PullPolicy, RootDisk, RunRequest, VolumeRequest, find_machine, lane_of,
};
pub use prune::PrunedVolumes;
pub use pull::{Pulled, PulledArtifact, check_output, write_file};
pub use push::{PushRequest, Pushed};
pub use questions_of_user::{MachineQuestion, WaitingQuestions, followed_policy};
pub use room::is_full;
pub use rootfs::{BuiltRootfs, RootfsRequest, VerityTree};
pub use run::StartedMachine;
pub use setting::Setting;
pub use settings::{KernelOrigin, Settings};
pub use signal::signal_number;
pub use space::{Pruned, Usage};
pub use validation::{Found, Validation, artifact_files, own_types, validate_file, validate_text};
pub use variants::{
    Availability, Contained, InspectedVariant, ListedArtifact, ListedVariant, MovedFile,
    Transferred, Variables, VariantRequest, inspect_variant, list_variants, read_port,
};
pub use variants_error::VariantsError;
pub use volumes::{Volume, is_volume_name};
pub use volumes_of_user::{NamedVolume, WantedVolume};

pub(crate) use blocking::blocking;
