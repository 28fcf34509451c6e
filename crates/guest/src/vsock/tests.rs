use super::*;

#[test]
fn an_address_is_what_the_kernel_reads() {
    let address = Address::of_host(1024);
    // linux/vm_sockets.h: family, reserved, port, context, flags, padding.
    assert_eq!(size_of::<Address>(), 16);
    assert_eq!(
        (address.family, address.port, address.context),
        (40, 1024, 2)
    );
}

#[test]
fn only_a_port_is_connected_to() {
    let of = |text: &str| wanted(&Parameters::of_text(text));
    assert_eq!(of("quiet").unwrap(), None);
    assert_eq!(of("quiet lazaret.vsock=1024").unwrap(), Some(1024));
    for text in ["lazaret.vsock=", "lazaret.vsock=x", "lazaret.vsock=-1"] {
        assert!(of(text).is_err(), "{text}");
    }
}
