//! Checks names of kernels, releases and module files.

/// Whether `name` can name a kernel, a release or a module file: one path component, and not a
/// hidden file.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    name.len() <= 128
        && name.bytes().all(allowed)
        && name
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
}
