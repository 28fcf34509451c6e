//! Signed packs, with the keys of OpenSSL.

use super::{GREETING, copy, greeting, program, start};
use crate::support::{World, finish, tool};

fn keys(world: &World, name: &str) {
    let (private, public) = (
        world.path(&format!("{name}.pem")),
        world.path(&format!("{name}.pub")),
    );
    let (private, public) = (private.to_str().unwrap(), public.to_str().unwrap());
    tool(
        "openssl",
        &["genpkey", "-algorithm", "ed25519", "-out", private],
    );
    tool(
        "openssl",
        &["pkey", "-in", private, "-pubout", "-out", public],
    );
}

#[test]
fn a_signature_is_required_where_a_key_is_given() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-signed:v1");
    keys(&world, "ours");
    keys(&world, "theirs");
    let create = [
        "pack",
        "create",
        "packs-signed:v1",
        "-o",
        "signed",
        "--key",
        "ours.pem",
    ];
    let json = [&create[..], &["--format", "json"]].concat();
    let made = lazaret.run(&json).success().json();
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(lazaret.run(&json).success().json()["unchanged"], true);
    let verified = lazaret
        .run(["pack", "verify", "signed", "--require-key", "ours.pub"])
        .success();
    assert!(
        verified.stdout.contains(&format!("signed by {key}")),
        "{}",
        verified.stdout
    );
    lazaret
        .run(["pack", "verify", "signed", "--require-key", "theirs.pub"])
        .fails(8, &["is signed by another key"]);
    // One of several is enough.
    lazaret
        .run([
            "pack",
            "verify",
            "signed",
            "--require-key",
            "theirs.pub",
            "--require-key",
            "ours.pub",
        ])
        .success();
    let unsigned = copy(&world, "unsigned");
    lazaret
        .run(["pack", "run", "--require-key", "ours.pub", "unsigned"])
        .fails(125, &["is not signed"]);
    // The program itself asks for it by a variable.
    for (pack, is_trusted) in [(world.path("signed"), true), (unsigned, false)] {
        let mut command = program(&pack);
        command.env("LAZARET_PACK_KEY", world.path("ours.pub"));
        let ran = finish(command);
        assert_eq!(ran.status == Some(0), is_trusted, "{ran:?}");
        assert_eq!(
            start(&pack, &[]).success().stdout,
            GREETING,
            "nothing is required"
        );
    }
    // Another key is another pack; a file without a key is none.
    let other = [
        "pack",
        "create",
        "packs-signed:v1",
        "-o",
        "signed",
        "--key",
        "theirs.pem",
        "--format",
        "json",
    ];
    assert_eq!(lazaret.run(other).success().json()["unchanged"], false);
    lazaret
        .run([
            "pack",
            "create",
            "packs-signed:v1",
            "-o",
            "x",
            "--key",
            "ours.pub",
        ])
        .fails(2, &["is no key for packs", "openssl genpkey"]);
    assert!(!world.path("x").exists());
}
