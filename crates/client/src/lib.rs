//! The registry client: authentication, transport and one file per verb.
