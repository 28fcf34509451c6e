//! The supervisor library that joins the engines: push, pull, import and run.
