//! Tests the mirror as a client of a registry with TLS, by each way to log in.

use lazaret_testing::server::Server;

use super::registry::Registry;
use super::scheme::Scheme;
use super::skopeo;
use super::with_each_scheme;
use crate::support::{World, tool};

#[test]
fn a_mirror_logs_in_to_its_upstream_and_its_clients_need_not() {
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        skopeo::push(registry, content, "image");
        let world = World::new();
        world.write("mirror.toml", settings(registry, &world));
        let mut command = world
            .lazaret()
            .command(["mirror", "start", "--config", "mirror.toml"]);
        let started = Server::announced(&mut command, &world.path("log"), 1);
        let (server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
        let address = lines[0].strip_prefix("listening on http://").unwrap();
        let target = world.path("copy");
        let from = format!("docker://{address}/upstream.test/acme/image:v1");
        let to = format!("oci:{}:image", target.display());
        let copy = ["--insecure-policy", "copy", "-q", "--preserve-digests"];
        tool(
            "skopeo",
            &[&copy[..], &["--src-tls-verify=false", &from, &to]].concat(),
        );
        let index = std::fs::read_to_string(target.join("index.json")).unwrap();
        assert!(index.contains(&content.image.to_string()), "{index}");
        if let Some((_, password)) = &registry.login {
            assert!(!server.log().contains(password), "a password is in the log");
        }
    });
}

fn settings(registry: &Registry, world: &World) -> String {
    let certificates = registry.certificates();
    let place = certificates.display();
    let mut text = format!(
        "listen = [\"127.0.0.1:0\"]\nroot = \"content\"\n\
         [[upstreams]]\nnamespace = \"upstream.test\"\nendpoints = [\"https://{}\"]\n\
         ca_file = \"{place}/ca.crt\"\n",
        registry.address
    );
    if registry.scheme == Scheme::Certificate {
        text += &format!(
            "client_certificate = \"{place}/client.cert\"\nclient_key = \"{place}/client.key\"\n"
        );
    }
    match &registry.login {
        Some((user, password)) => {
            world.write("password", password);
            text += &format!(
                "credentials = {{ username = \"{user}\", password_file = \"password\" }}\n"
            );
        }
        None => text += "credentials = { anonymous = true }\n",
    }
    text
}
