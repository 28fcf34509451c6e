use super::matching;

#[test]
fn a_name_is_meant_before_a_tag_and_a_tag_before_a_repository() {
    let items = [
        vec!["app:latest"],
        vec!["db:latest", "localhost:5000/db:v1"],
        vec!["v1"],
        vec!["name/app:8.0"],
        vec![],
    ];
    let check = |name: &str, expected: &[usize]| {
        let found = matching(&items, |item| item.iter().copied(), name);
        let expected: Vec<_> = expected.iter().map(|&index| &items[index]).collect();
        assert_eq!(found, expected, "{name}");
    };
    check("app:latest", &[0]);
    check("db:latest", &[1]);
    check("latest", &[0, 1]);
    check("v1", &[2]);
    check("db", &[1]);
    check("localhost:5000/db", &[1]);
    check("localhost", &[]);
    check("name/app:8.0", &[3]);
    check("8.0", &[3]);
    check("pp:latest", &[]);
    check("", &[]);
}
