use super::*;

/// A volume in short notation.
fn named(text: &str) -> VolumeRequest {
    match volume(text).unwrap() {
        Mount::Volume(volume) => volume,
        other => panic!("{other:?}"),
    }
}

#[test]
fn volumes_are_written_as_for_docker() {
    let data = named("data:/var/lib/data");
    assert_eq!(
        (data.name.as_deref(), data.target.as_str()),
        (Some("data"), "/var/lib/data")
    );
    assert!(!data.read_only && data.copy);
    let options = named("data:/x:ro,nocopy");
    assert!(options.read_only && !options.copy);
    assert_eq!(named("/anonymous").name, None);
    for long in [
        "type=volume,source=data,target=/x,readonly,volume-nocopy",
        "type=volume,src=data,dst=/x,ro=true,volume-nocopy=1",
        "destination=/x,src=data,type=volume,readonly=1,volume-nocopy=true",
    ] {
        assert_eq!(long.parse(), volume("data:/x:ro,nocopy"), "{long}");
    }
    let unnamed: Mount = "type=volume,dst=/x".parse().unwrap();
    assert_eq!(Ok(unnamed), volume("/x"));
}

#[test]
fn folders_of_the_host_are_written_as_for_docker() {
    let folder = |source: &str, read_only| {
        Ok(Mount::Folder(FolderRequest {
            source: source.into(),
            target: "/x".parse().unwrap(),
            read_only,
        }))
    };
    assert_eq!(volume("/host:/x"), folder("/host", false));
    for source in ["/host/a b", "./here", ".", "../up", ".hidden"] {
        assert_eq!(volume(&format!("{source}:/x:ro")), folder(source, true));
        let long = format!("type=bind,source={source},target=/x,readonly");
        assert_eq!(long.parse(), folder(source, true));
    }
    assert_eq!("type=bind,src=here,dst=/x".parse(), folder("here", false));
}

#[test]
fn memory_is_written_as_for_docker() {
    let plain = memory("/cache").unwrap();
    assert_eq!((plain.mode, plain.size, plain.exec), (0o1777, None, false));
    let options = memory("/cache:size=64m,mode=700,uid=1,gid=2,ro,exec,suid,dev").unwrap();
    assert_eq!(
        (options.size, options.mode, options.uid, options.gid),
        (Some(64 << 20), 0o700, 1, 2)
    );
    assert!(options.read_only && options.exec && options.suid && options.dev);
    let back = memory("/cache:ro,exec,suid,dev,rw,noexec,nosuid,nodev").unwrap();
    assert_eq!(back, plain);
    let long: Mount = "type=tmpfs,dst=/cache,tmpfs-size=65536,tmpfs-mode=1770"
        .parse()
        .unwrap();
    assert_eq!(
        long,
        Mount::Memory(memory("/cache:size=64k,mode=1770").unwrap())
    );
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    assert!(volume("~/x:/x").unwrap_err().contains("write $HOME"));
    let path = "type=volume,src=/a,dst=/b".parse::<Mount>().unwrap_err();
    assert!(path.contains("type=bind"), "{path}");
    for text in [
        "data",
        "data:x",
        "data:/proc/x",
        "a:/b:c",
        "a:/b:ro:x",
        "a b:/x",
        "data:/",
        "",
        "/host:x",
        "/host:/x:nocopy",
    ] {
        assert!(volume(text).is_err(), "{text}");
    }
    for text in [
        "/x:size=lots",
        "/x:mode=9",
        "/x:uid=me",
        "/x:nr_inodes=1",
        "x",
        "/x:size=0",
    ] {
        assert!(memory(text).is_err(), "{text}");
    }
    for text in [
        "type=bind,dst=/b",
        "type=bind,src=/a",
        "type=bind,src=,dst=/b",
        "type=bind,src=/a,dst=/b,bind-propagation=shared",
        "type=volume,src=a",
        "type=volume,src=a,dst=/b,colour=blue",
        "type=volume,src=/a,dst=/b",
        "type=volume,src=a,dst=/b,ro=maybe",
        "type=tmpfs,src=a,dst=/b",
        "type=tmpfs",
        "type=tmpfs,dst=/b,volume-nocopy",
        "type=npipe,dst=/b",
    ] {
        assert!(text.parse::<Mount>().is_err(), "{text}");
    }
    let artifact = "localhost:5000/acme/models/m:v1:/model";
    assert_eq!(artifact.parse(), Ok(Mount::Artifact(artifact.to_owned())));
}
