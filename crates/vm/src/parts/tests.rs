use super::*;

fn part(path: &str, offset: u64, length: u64) -> DiskPart {
    DiskPart {
        path: path.into(),
        offset,
        length,
    }
}

#[test]
fn every_part_is_an_extent() {
    let parts = [part("/a", 0, 4096), part("/with space", 4096, 8192)];
    let text = text(&parts).unwrap();
    assert!(
        text.ends_with("RW 8 FLAT \"/a\" 0\nRW 16 FLAT \"/with space\" 8\n"),
        "{text}"
    );
}

#[test]
fn what_no_descriptor_can_name_is_refused() {
    for bad in [
        part("/a\"b", 0, 512),
        part("/a\nb", 0, 512),
        part(&format!("/{}", "x".repeat(511)), 0, 512),
        part("/a", 1, 512),
        part("/a", 0, 100),
    ] {
        assert!(matches!(text(&[bad]), Err(Error::Plan { .. })));
    }
}

#[test]
fn only_the_names_of_files_are_replaced() {
    let parts = [part("/a", 0, 4096), part("/RW 1", 4096, 8192)];
    let before = text(&parts).unwrap();
    let after = rename(&before, |path| Ok(format!("<{}>", path.display()))).unwrap();
    let expected = before.replace("\"/a\"", "\"</a>\"");
    assert_eq!(after, expected.replace("\"/RW 1\"", "\"</RW 1>\""));
}
