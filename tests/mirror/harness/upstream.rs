//! A scripted registry that counts every request and can do everything wrong.

use std::collections::HashMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::content::Stored;
use super::fault::{Fault, Rule};
use super::image::Image;
use super::seen::{Seen, range, read};

/// Bytes of a body that are sent at once.
const PIECE: usize = 64 * 1024;
/// The token that it grants.
const TOKEN: &str = "a-token-of-the-upstream";

/// A running registry. It stays when it is dropped, until the process ends.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    /// Bytes of bodies that were sent.
    sent: AtomicU64,
    rules: Mutex<Vec<Rule>>,
    /// By path, without `/v2/`.
    content: Mutex<HashMap<String, Stored>>,
    referrers: Mutex<HashMap<String, Vec<Value>>>,
    /// User and password, if it wants some.
    account: Mutex<Option<(String, String)>>,
    address: Mutex<String>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// Starts at an address, such as that of one that was.
    pub(crate) fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        *state.address.lock().unwrap() = address.to_string();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let state = Arc::clone(&shared);
                // Clients may disconnect at any time.
                std::thread::spawn(move || drop(state.serve(stream)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves a blob of a repository.
    pub(crate) fn blob(&self, repository: &str, blob: &Stored) -> &Self {
        self.put(format!("{repository}/blobs/{}", blob.digest), blob)
    }

    /// Serves a manifest by its digest.
    pub(crate) fn manifest(&self, repository: &str, manifest: &Stored) -> &Self {
        let path = format!("{repository}/manifests/{}", manifest.digest);
        self.put(path, manifest)
    }

    /// Points a tag to a manifest.
    pub(crate) fn tag(&self, repository: &str, tag: &str, manifest: &Stored) -> &Self {
        self.manifest(repository, manifest);
        self.put(format!("{repository}/manifests/{tag}"), manifest)
    }

    /// Serves an image with all its content.
    pub(crate) fn image(&self, repository: &str, tag: &str, image: &Image) -> &Self {
        self.tag(repository, tag, &image.index);
        for manifest in &image.manifests {
            self.manifest(repository, manifest);
        }
        let layers = image.layers.iter().flatten();
        for blob in image.configs.iter().chain(layers) {
            self.blob(repository, blob);
        }
        self
    }

    /// Lists a referrer of a manifest, and serves it.
    pub(crate) fn referrer(
        &self,
        repository: &str,
        subject: &Stored,
        kind: &str,
        referrer: &Stored,
    ) -> &Self {
        self.manifest(repository, referrer);
        let mut entry = referrer.descriptor();
        entry["artifactType"] = json!(kind);
        self.listed(repository, subject, entry)
    }

    /// Lists an entry among the referrers of a manifest.
    pub(crate) fn listed(&self, repository: &str, subject: &Stored, entry: Value) -> &Self {
        let path = format!("{repository}/referrers/{}", subject.digest);
        let mut referrers = self.state.referrers.lock().unwrap();
        referrers.entry(path).or_default().push(entry);
        self
    }

    fn put(&self, path: String, content: &Stored) -> &Self {
        let mut all = self.state.content.lock().unwrap();
        all.insert(path, content.clone());
        self
    }

    /// Has nothing any more whose path has this part.
    pub(crate) fn forget(&self, part: &str) {
        let mut all = self.state.content.lock().unwrap();
        all.retain(|path, _| !path.contains(part));
    }

    /// Wants an account, by tokens.
    pub(crate) fn require(&self, user: &str, password: &str) {
        *self.state.account.lock().unwrap() = Some((user.to_owned(), password.to_owned()));
    }

    /// Does something wrong from now on. Of several faults the last one counts.
    pub(crate) fn always(&self, method: &'static str, part: &str, fault: Fault) {
        self.rule(method, part, None, fault);
    }

    /// Does something wrong for the next requests.
    pub(crate) fn times(&self, count: usize, method: &'static str, part: &str, fault: Fault) {
        self.rule(method, part, Some(count), fault);
    }

    fn rule(&self, method: &'static str, part: &str, left: Option<usize>, fault: Fault) {
        let part = part.to_owned();
        let mut rules = self.state.rules.lock().unwrap();
        rules.push(Rule {
            method,
            part,
            left,
            fault,
        });
    }

    /// Does everything right again.
    pub(crate) fn heal(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// `METHOD target` of all requests so far.
    pub(crate) fn log(&self) -> Vec<String> {
        let seen = self.seen();
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.target);
        seen.iter().map(line).collect()
    }

    /// Number of requests so far with this method, or any for `*`, and this part in the target.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        let fits =
            |seen: &&Seen| (method == "*" || seen.method == method) && seen.target.contains(part);
        self.state.seen.lock().unwrap().iter().filter(fits).count()
    }

    /// Number of requests so far.
    pub(crate) fn calls(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    /// The ranges of the requests for a blob; `None` for all of it.
    pub(crate) fn ranges(&self, part: &str) -> Vec<Option<String>> {
        let seen = self.seen();
        let of_part = seen.iter().filter(|seen| seen.target.contains(part));
        of_part
            .map(|seen| seen.header("range").map(str::to_owned))
            .collect()
    }

    /// Bytes of bodies that were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Relaxed)
    }

    /// Number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }
}

/// A right answer.
struct Right {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Arc<Vec<u8>>,
}

impl Right {
    fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Arc::new(body),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        while let Some(seen) = read(&mut stream)? {
            self.seen.lock().unwrap().push(seen.clone());
            if !self.answer(&seen, stream.get_mut())? {
                break;
            }
        }
        Ok(())
    }

    /// The faults of a request, of each kind the last one.
    fn faults(&self, seen: &Seen) -> Vec<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let fitting = rules.iter_mut().filter(|rule| rule.fits(seen));
        fitting
            .map(|rule| {
                rule.left = rule.left.map(|left| left - 1);
                rule.fault.clone()
            })
            .collect()
    }

    /// Sends an answer; `false` when the connection ends with it.
    fn answer(&self, seen: &Seen, stream: &mut TcpStream) -> io::Result<bool> {
        let mut right = self.right(seen);
        let (mut pause, mut cut, mut lies) = (None, None, false);
        let mut ignores_range = false;
        for fault in self.faults(seen) {
            match fault {
                Fault::Status(status) => right = Right::new(status, Vec::new()),
                Fault::Refusal(status, headers) => {
                    right = Right::new(status, Vec::new());
                    right.headers = headers;
                }
                Fault::Silence => {
                    let mut rest = [0; 1];
                    // Until the client gives up.
                    while stream.read(&mut rest)? > 0 {}
                    return Ok(false);
                }
                Fault::Hold(gate) => drop(gate.pass()),
                Fault::Pause(at, gate) => pause = Some((at, gate)),
                Fault::Cut(at) => cut = Some(at),
                Fault::Lie => lies = true,
                Fault::Whole => ignores_range = true,
                Fault::Redirect(status, url) => {
                    right = Right::new(status, Vec::new()).with("Location", url);
                }
                Fault::Elsewhere(url) => {
                    let url = format!("{url}{}", seen.target);
                    right = Right::new(307, Vec::new()).with("Location", url);
                }
                Fault::Header(name, value) => right = right.with(name, value),
            }
        }
        let mut part = 0..right.body.len();
        if let Some((start, end)) = range(seen, right.body.len())
            && right.status == 200
            && !ignores_range
        {
            right.status = 206;
            let length = right.body.len();
            right = right.with(
                "Content-Range",
                format!("bytes {start}-{}/{length}", end - 1),
            );
            part = start..end;
        }
        let mut text = format!("HTTP/1.1 {} X\r\n", right.status);
        for (name, value) in &right.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", part.len()));
        stream.write_all(text.as_bytes())?;
        if seen.method == "HEAD" {
            return Ok(true);
        }
        let body = &right.body[part];
        let lie: Vec<u8>;
        let body = if lies {
            lie = body.iter().map(|byte| byte ^ 0x5a).collect();
            &lie[..]
        } else {
            body
        };
        let stop = cut.map_or(body.len(), |at| usize::try_from(at).unwrap());
        let (mut at, end) = (0, stop.min(body.len()));
        while at < end {
            let mut next = end.min(at + PIECE);
            if let Some((limit, gate)) = &pause {
                let limit = usize::try_from(*limit).unwrap();
                if at >= limit {
                    gate.pass();
                    pause = None;
                } else {
                    next = next.min(limit);
                }
            }
            stream.write_all(&body[at..next])?;
            self.sent.fetch_add((next - at) as u64, Ordering::Relaxed);
            at = next;
        }
        Ok(cut.is_none())
    }

    fn right(&self, seen: &Seen) -> Right {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        if path == "/token" {
            return self.token(seen);
        }
        let account = self.account.lock().unwrap().clone();
        if account.is_some() && seen.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            let at = self.address.lock().unwrap().clone();
            let challenge = format!("Bearer realm=\"http://{at}/token\",service=\"upstream\"");
            return Right::new(401, Vec::new()).with("WWW-Authenticate", challenge);
        }
        let path = path.strip_prefix("/v2/").unwrap_or_default();
        if path.is_empty() {
            return Right::new(200, b"{}".to_vec());
        }
        if let Some(repository) = path.strip_suffix("/tags/list") {
            return self.tags(repository);
        }
        if path.contains("/referrers/") {
            let listed = self.referrers.lock().unwrap().get(path).cloned();
            // A registry that knows nothing of referrers answers 404.
            let Some(listed) = listed else {
                return Right::new(404, Vec::new());
            };
            let index = super::image::index_of(&listed);
            let mut right = Right::new(200, index.bytes.to_vec());
            right.headers.push(("Content-Type", index.media_type));
            return right;
        }
        let found = self.content.lock().unwrap().get(path).cloned();
        let Some(found) = found.filter(|_| !query.contains("ns=")) else {
            return Right::new(404, Vec::new());
        };
        let mut right = Right::new(200, Vec::new())
            .with("Content-Type", found.media_type)
            .with("Docker-Content-Digest", found.digest.to_string());
        right.body = found.bytes;
        right
    }

    fn tags(&self, repository: &str) -> Right {
        let prefix = format!("{repository}/manifests/");
        let content = self.content.lock().unwrap();
        let names = content.keys().filter_map(|path| path.strip_prefix(&prefix));
        let mut tags: Vec<&str> = names.filter(|name| !name.contains(':')).collect();
        tags.sort_unstable();
        let list = json!({ "name": repository, "tags": tags }).to_string();
        Right::new(200, list.into_bytes()).with("Content-Type", "application/json")
    }

    fn token(&self, seen: &Seen) -> Right {
        let account = self.account.lock().unwrap().clone();
        let proof = account.map(|(user, password)| {
            let text = STANDARD.encode(format!("{user}:{password}"));
            format!("Basic {text}")
        });
        if proof.as_deref() != seen.header("authorization") {
            return Right::new(401, Vec::new());
        }
        let grant = json!({ "token": TOKEN, "expires_in": 300 }).to_string();
        Right::new(200, grant.into_bytes()).with("Content-Type", "application/json")
    }
}
