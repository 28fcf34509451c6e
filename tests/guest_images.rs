//! Kernels and guest images of a document: built, validated, booted, and refused.

mod build;
mod document;
mod hostile;
mod run;
