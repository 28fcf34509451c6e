use lazaret_oci::Registry;

use super::{api_host, api_name, canonical, helper_keys, names};

#[test]
fn docker_hub_is_one_registry_by_each_of_its_names() {
    for name in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
        let hub: Registry = name.parse().unwrap();
        assert_eq!(api_host(&hub), "registry-1.docker.io");
        assert_eq!(canonical(&hub), "docker.io");
        assert_eq!(names(&hub).len(), 3);
        assert_eq!(names(&hub)[0], name);
        assert_eq!(helper_keys(&hub)[0], "https://index.docker.io/v1/");
        let api = |name: &str| api_name(&hub, &name.parse().unwrap()).to_string();
        assert_eq!(api("debian"), "library/debian");
        assert_eq!(api("team/app"), "team/app");
    }
}

#[test]
fn other_registries_are_what_they_are_called() {
    for name in ["reg.test:5000", "docker.io.evil.test", "docker.io:5000"] {
        let other: Registry = name.parse().unwrap();
        assert_eq!(api_host(&other), name);
        assert_eq!(canonical(&other), name);
        assert_eq!(names(&other), [name]);
        assert_eq!(helper_keys(&other), [name]);
        let name = "debian".parse().unwrap();
        assert_eq!(api_name(&other, &name), name);
    }
}
