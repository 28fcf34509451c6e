//! Clients as their makers publish them, in a machine, against servers of this host: package managers, git,
//! and the HTTP clients of languages. Nothing in the image knows of the boundary.

use super::servers::{Servers, machine};
use super::{policy, rule, sh};
use crate::machines::Machine;
use crate::support::World;

/// A client: a script that must succeed, and words that it prints.
struct Client {
    script: &'static str,
    words: &'static [&'static str],
}

/// The clients. `P` and `H` are the servers' ports with TLS and without.
const CLIENTS: &[Client] = &[
    Client {
        script: "curl -sS https://api.test.example:$P/x -d sent && curl -sS --http1.1 https://api.test.example:$P/y \
                 && curl -sS http://api.test.example:$H/z",
        words: &[
            "sent",
            "\"httpVersion\":\"2.0\"",
            "\"url\":\"/y\"",
            "\"url\":\"/z\"",
        ],
    },
    Client {
        script: "wget -q -O - https://api.test.example:$P/x && wget -q -O - http://api.test.example:$H/y",
        words: &["\"url\":\"/x\"", "\"url\":\"/y\""],
    },
    Client {
        script: "cd /tmp && git clone -q https://git.test.example:$P/sample.git && cat sample/sample \
                 && git clone -q http://git.test.example:$H/sample.git plain && wc -l < plain/numbers",
        words: &["sample of the tests\n100000\n"],
    },
    Client {
        script: "pip install -q --break-system-packages --index-url https://pypi.test.example:$P/simple lazaret-sample \
                 && python3 -m lazaret_sample",
        words: &["sample of the tests"],
    },
    Client {
        script: "mkdir /tmp/npm && cd /tmp/npm && npm install --registry https://npm.test.example:$P/ lazaret-sample \
                 && node -e 'require(\"lazaret-sample\")'",
        words: &["added 1 package", "sample of the tests"],
    },
    Client {
        script: "echo \"deb [trusted=yes] https://deb.test.example:$P ./\" > /etc/apt/sources.list.d/tests.list \
                 && apt-get update && apt-get install -y lazaret-sample && cat /usr/share/lazaret-sample",
        words: &["Setting up lazaret-sample", "sample of the tests"],
    },
    Client {
        script: "echo \"deb [trusted=yes] http://deb.test.example:$H ./\" > /etc/apt/sources.list.d/tests.list \
                 && rm -rf /var/lib/apt/lists && apt-get update && apt-get install -y --reinstall lazaret-sample",
        words: &["Setting up lazaret-sample"],
    },
    Client {
        script: "mkdir -p /tmp/cargo/src && cd /tmp/cargo && touch src/lib.rs && export CARGO_REGISTRIES_TESTS_INDEX=\
                 sparse+https://crates.test.example:$P/index/ && printf '[package]\\nname = \"a\"\\nversion = \"1.0.0\"\\n\
                 [dependencies]\\nlazaret-sample = {version = \"1\", registry = \"tests\"}\\n' > Cargo.toml \
                 && cargo fetch && find /root/.cargo/registry/cache -name '*.crate'",
        words: &["lazaret-sample-1.0.0.crate"],
    },
    Client {
        script: "cd /tmp && GOPROXY=https://go.test.example:$P GOSUMDB=off GOFLAGS=-mod=mod \
                 go mod download -json test.example/sample@v1.0.0",
        words: &["\"Version\": \"v1.0.0\"", "\"Sum\": \"h1:"],
    },
    Client {
        script: "/clients/fetch https://api.test.example:$P/x http://api.test.example:$H/y",
        words: &["200 HTTP/2.0", "200 HTTP/1.1"],
    },
    Client {
        script: "java -cp /clients Fetch https://api.test.example:$P/x http://api.test.example:$H/y",
        words: &["200 HTTP_2", "200 HTTP_1_1"],
    },
    Client {
        script: "node /clients/programs/fetch.mjs https://api.test.example:$P/x http://api.test.example:$H/y",
        words: &["fetch 200", "http2 200", "\"url\":\"/y\""],
    },
    // A shell of another user, of `sudo` or of cron has none of the machine's variables.
    Client {
        script: "env -i /usr/bin/curl -sS https://api.test.example:$P/x && env -i P=$P /usr/bin/python3 -c \
                 'import os, urllib.request as r; print(r.urlopen(\"https://api.test.example:\" + os.environ[\"P\"]).status)'",
        words: &["\"url\":\"/x\"", "200\n"],
    },
];

/// Who has signed the certificate that the machine is shown.
fn issuer(machine: &Machine) -> String {
    let script = "openssl s_client -connect api.test.example:$P -servername api.test.example < /dev/null 2>&1 \
                  | grep ^issuer=";
    sh(machine, script).success().stdout
}

/// Runs every client, and tells of all that fail.
fn all_reach(machine: &Machine) {
    let failed = |client: &&Client| {
        let output = sh(machine, client.script);
        let passes = |word: &&str| output.stdout.contains(*word);
        let is_well = output.status == Some(0) && client.words.iter().all(passes);
        if !is_well {
            eprintln!("{}\n{output:?}", client.script);
        }
        !is_well
    };
    let failed = CLIENTS.iter().filter(failed).count();
    assert_eq!(failed, 0, "of {} clients", CLIENTS.len());
}

/// What the image's user has set: Node.js has to be told of an authority that is not public.
const OWN: &str = "NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/tests.crt";

#[test]
#[ignore = "an image of many clients: make test-network"]
fn clients_reach_servers_through_the_boundary() {
    let world = World::new();
    let servers = Servers::start(&world, "127.0.0.1", 0);
    let rules = policy(&rule("\"*.test.example\"", "verdict: allow"));
    let machine = machine(world, &rules, &servers, &["-e", OWN]);
    assert!(issuer(&machine).contains("Authority of the tests"));
    all_reach(&machine);
}

/// The boundary shows certificates of its own authority, which the image does not know.
#[test]
#[ignore = "an image of many clients: make test-network"]
fn clients_reach_servers_whose_requests_are_looked_into() {
    let world = World::new();
    let servers = Servers::start(&world, "127.0.0.1", 0);
    let rest = "verdict: allow, methods: [GET, HEAD, POST]";
    let rules = policy(&rule("\"*.test.example\"", rest));
    let machine = machine(world, &rules, &servers, &["-e", OWN]);
    assert!(issuer(&machine).contains("Lazaret"));
    all_reach(&machine);
    let refused = [
        "curl -sS -X DELETE https://api.test.example:$P/x",
        "wget -O - --method=DELETE https://api.test.example:$P/x 2>&1",
    ];
    for script in refused {
        let told = sh(&machine, script).stdout;
        assert!(
            told.contains("lazaret policy allow api.test.example"),
            "{told}"
        );
    }
    assert!(servers.seen().iter().all(|seen| seen["method"] != "DELETE"));
}
