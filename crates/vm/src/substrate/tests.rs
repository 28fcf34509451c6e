use super::*;

#[test]
fn names_are_read_as_they_are_written() {
    for substrate in Substrate::ALL {
        assert_eq!(substrate.name().parse::<Substrate>().unwrap(), substrate);
        let json = serde_json::to_string(&substrate).unwrap();
        assert_eq!(json, format!("\"{}\"", substrate.name()));
    }
    for name in ["", "Firecracker", "avf", "qemu "] {
        assert!(name.parse::<Substrate>().is_err(), "{name}");
    }
}
