use super::*;

#[test]
fn the_line_of_a_strangely_named_program_is_read() {
    let line = "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 250 50 0 0 20 0 7 0 99 1000 321 0\n";
    let stat = Stat {
        ticks: 300,
        threads: 7,
        pages: 321,
    };
    assert_eq!(Stat::parse(line), Some(stat));
    assert_eq!(Stat::parse("42 (a) S 1"), None);
}
