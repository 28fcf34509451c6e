use rustls::RootCertStore;

use super::{Roots, RootsError};

fn authority() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.self_signed(&key).unwrap().pem()
}

fn count(roots: Roots) -> usize {
    RootCertStore::from(roots).len()
}

#[test]
fn authorities_add_up() {
    let mut roots = Roots::none();
    roots.add_pem(b"").unwrap();
    assert_eq!(count(roots.clone()), 0);
    roots
        .add_pem(format!("{}{}", authority(), authority()).as_bytes())
        .unwrap();
    let mut more = Roots::none();
    more.add_pem(authority().as_bytes()).unwrap();
    roots.extend(&more);
    assert_eq!(count(roots), 3);
}

#[test]
fn files_hold_an_authority_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let add = |name: &str, content: Option<&str>| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        Roots::none().add_file(&path)
    };
    let body = "-----BEGIN CERTIFICATE-----\nbm90IERFUg==\n-----END CERTIFICATE-----\n";
    let outcomes = [
        add("good", Some(&authority())),
        add("none", None),
        add("empty", Some("")),
        add("text", Some("no PEM at all")),
        add("broken", Some(&body.replace("bm90", "====b"))),
        add("other", Some(body)),
    ];
    assert!(matches!(
        outcomes,
        [
            Ok(()),
            Err(RootsError::Unreadable(_)),
            Err(RootsError::Empty),
            Err(RootsError::Empty),
            Err(RootsError::NotPem(_)),
            Err(RootsError::NotAuthority(_)),
        ]
    ));
}
