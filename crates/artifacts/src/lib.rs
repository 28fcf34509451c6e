//! The ten typed artifact families: schemas, validation, mount rules and the bundle resolver.
