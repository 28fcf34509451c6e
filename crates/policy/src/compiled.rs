//! One rule, ready to be asked.

use lazaret_values::Printable;

use crate::document::{Document, Layer, Rule};
use crate::fault::Fault;
use crate::host::HostPattern;
use crate::path::{PathPattern, RequestPath};
use crate::ports::{self, Range};
use crate::verdict::Verdict;

/// Longest method, in bytes.
const LONGEST_METHOD: usize = 32;

/// A rule.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    /// Index of its document.
    pub(crate) document: usize,
    /// Its number in the document, from 1.
    pub(crate) number: usize,
    pub(crate) layer: Layer,
    pub(crate) host: HostPattern,
    pub(crate) verdict: Verdict,
    pub(crate) tls_terminate: Option<bool>,
    ports: Vec<Range>,
    /// `None`: every one, and what is not HTTP.
    methods: Option<Methods>,
    /// `None`: every path, and what is not HTTP.
    pub(crate) paths: Option<Vec<PathPattern>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Methods {
    Every,
    These(Vec<String>),
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A request.
    Request(&'a str, &'a RequestPath<'a>),
    /// A connection that is no HTTP.
    Connection,
}

impl Document {
    /// What is wrong with its rules, with pointers such as `/rules/0/match`: the rules that
    /// [`crate::Policy::compile`] does not take for what they say.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if let Err(faults) = Compiled::new((0, index + 1), self.layer, rule) {
                let place = format!("/rules/{index}");
                found.extend(faults.into_iter().map(|fault| fault.below(&place)));
            }
        }
        found
    }

    /// The numbers of the rules that deny something that another rule is about, and whether it is all
    /// of that.
    #[must_use]
    pub fn denying(&self, rule: &Rule) -> Vec<(usize, bool)> {
        let Ok(rule) = Compiled::new((0, 0), self.layer, rule) else {
            return Vec::new();
        };
        let denying = self.rules.iter().enumerate().filter_map(|(index, own)| {
            let own = Compiled::new((0, index + 1), self.layer, own).ok()?;
            let meets = own.verdict == Verdict::Deny && own.may_meet(&rule);
            meets.then(|| (index + 1, own.covers(&rule)))
        });
        denying.collect()
    }
}

impl Compiled {
    /// Compiles a rule.
    ///
    /// # Errors
    /// Its faults, with pointers inside the rule.
    pub(crate) fn new(
        (document, number): (usize, usize),
        layer: Layer,
        rule: &Rule,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let host = HostPattern::parse(&rule.pattern)
            .map_err(|reason| faults.push(Fault::new("/match", reason)));
        let mut ports = Vec::new();
        for (index, port) in rule.ports.iter().enumerate() {
            match ports::parse(port) {
                Ok(range) => ports.push(range),
                Err(reason) => faults.push(Fault::new(format!("/ports/{index}"), reason)),
            }
        }
        for (index, method) in rule.methods.iter().enumerate() {
            if let Err(reason) = check_method(method) {
                faults.push(Fault::new(format!("/methods/{index}"), reason));
            }
        }
        let mut paths = Vec::new();
        for (index, path) in rule.paths.iter().enumerate() {
            match PathPattern::parse(path) {
                Ok(pattern) => paths.push(pattern),
                Err(reason) => {
                    let message = format!("'{}': {reason}", Printable::excerpt(path));
                    faults.push(Fault::new(format!("/paths/{index}"), message));
                }
            }
        }
        if rule.tls_terminate == Some(false) && !(rule.methods.is_empty() && rule.paths.is_empty())
        {
            let message =
                "methods and paths cannot be seen in a connection that is not looked into";
            faults.push(Fault::new("/tlsTerminate", message));
        }
        let (Ok(host), true) = (host, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Self {
            document,
            number,
            layer,
            host,
            verdict: rule.verdict,
            tls_terminate: rule.tls_terminate,
            ports,
            methods: methods(&rule.methods),
            paths: (!paths.is_empty()).then_some(paths),
        })
    }

    /// The rule in place of one that denies and is not understood: it denies everything.
    pub(crate) fn denies_all((document, number): (usize, usize), layer: Layer) -> Self {
        Self {
            document,
            number,
            layer,
            host: HostPattern::Everything,
            verdict: Verdict::Deny,
            tls_terminate: None,
            ports: Vec::new(),
            methods: None,
            paths: None,
        }
    }

    /// How many of ports, methods and paths it restricts.
    pub(crate) fn restrictions(&self) -> u8 {
        u8::from(!self.ports.is_empty())
            + u8::from(self.methods.is_some())
            + u8::from(self.paths.is_some())
    }

    /// Whether it is about this port.
    pub(crate) fn has_port(&self, port: u16) -> bool {
        ports::has(&self.ports, port)
    }

    /// Whether it is about whole connections, HTTP or not.
    pub(crate) fn is_whole(&self) -> bool {
        self.methods.is_none() && self.paths.is_none()
    }

    /// The methods that it names.
    pub(crate) fn methods(&self) -> &[String] {
        match &self.methods {
            Some(Methods::These(methods)) => methods,
            _ => &[],
        }
    }

    /// Whether it is about what is asked, its host and port apart.
    pub(crate) fn is_about(&self, asked: Asked<'_>) -> bool {
        match asked {
            Asked::Connection => self.is_whole(),
            Asked::Request(method, path) => self.has_method(method) && self.has_path(path),
        }
    }

    /// Whether it is about requests with this method. One that denies is not particular about case.
    pub(crate) fn has_method(&self, method: &str) -> bool {
        let is_same = |own: &String| match self.verdict {
            Verdict::Deny => own.eq_ignore_ascii_case(method),
            _ => own == method,
        };
        match &self.methods {
            None | Some(Methods::Every) => true,
            Some(Methods::These(methods)) => methods.iter().any(is_same),
        }
    }

    fn has_path(&self, path: &RequestPath<'_>) -> bool {
        let Some(patterns) = &self.paths else {
            return true;
        };
        let matches = |segments: &[Vec<u8>]| patterns.iter().any(|own| own.matches(segments));
        match self.verdict {
            Verdict::Deny => path.has_reading(matches),
            _ => path.canonical().is_some_and(|path| matches(path)),
        }
    }

    /// Whether a request may exist that both are about.
    pub(crate) fn may_meet(&self, other: &Self) -> bool {
        let methods = match (&self.methods, &other.methods) {
            (Some(Methods::These(own)), Some(Methods::These(other))) => {
                let same = |own: &String| other.iter().any(|name| name.eq_ignore_ascii_case(own));
                own.iter().any(same)
            }
            _ => true,
        };
        let paths = match (&self.paths, &other.paths) {
            (Some(own), Some(other)) => own.iter().any(|a| other.iter().any(|b| a.may_meet(b))),
            _ => true,
        };
        let hosts = self.host.covers(&other.host) || other.host.covers(&self.host);
        hosts && ports::meet(&self.ports, &other.ports) && methods && paths
    }

    /// Whether it is about everything that `other` is about.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let methods = match (&self.methods, &other.methods) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(Methods::Every), Some(_)) => true,
            (Some(Methods::These(_)), Some(Methods::Every)) => false,
            (Some(Methods::These(own)), Some(Methods::These(other))) => {
                other.iter().all(|name| own.contains(name))
            }
        };
        let paths = match (&self.paths, &other.paths) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => other.iter().all(|b| own.iter().any(|a| a.covers(b))),
        };
        self.host.covers(&other.host) && ports::cover(&self.ports, &other.ports) && methods && paths
    }
}

fn methods(names: &[String]) -> Option<Methods> {
    if names.is_empty() {
        return None;
    }
    Some(match names.iter().any(|name| name == "*") {
        true => Methods::Every,
        false => Methods::These(names.to_vec()),
    })
}

fn check_method(method: &str) -> Result<(), String> {
    let is_name = |method: &str| {
        (1..=LONGEST_METHOD).contains(&method.len())
            && method.bytes().all(|c| c.is_ascii_uppercase() || c == b'-')
    };
    if method == "*" || is_name(method) {
        return Ok(());
    }
    Err(format!(
        "'{}': expected an HTTP method in capitals, or '*'",
        Printable::excerpt(method)
    ))
}
