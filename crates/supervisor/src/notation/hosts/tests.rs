use super::*;

#[test]
fn a_name_gets_an_address_in_each_of_its_forms() {
    let read = |text: &str| added_host(text).unwrap();
    assert_eq!(
        read("API.example.com.:10.0.0.1"),
        ("api.example.com".to_owned(), IpAddr::from([10, 0, 0, 1]))
    );
    assert_eq!(read("a=::1").1, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(read("a:[::1]").1, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(read("a:host-gateway").1, IpAddr::from(Ipv4Addr::LOCALHOST));
    for text in ["", "a", ":1.1.1.1", "a:", "a:b", "a b:1.1.1.1", "a:1.1.1"] {
        assert!(added_host(text).is_err(), "{text}");
    }
}
