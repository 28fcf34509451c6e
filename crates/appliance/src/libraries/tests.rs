use std::fs;

use tempfile::TempDir;

use super::*;
use crate::image::fixtures::Program;

struct Place {
    folder: TempDir,
    search: Search,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lib = folder.path().join("lib");
        fs::create_dir(&lib).unwrap();
        let search = Search {
            architecture: std::env::consts::ARCH.to_owned(),
            folders: vec![lib],
            place: "/bin".into(),
        };
        Self { folder, search }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, program: &Program<'_>) {
        fs::write(self.path(name), program.build()).unwrap();
    }

    fn find(&self) -> Result<Vec<Library>, Error> {
        let path = self.path("busybox");
        let (elf, _) = read_program(&path, &self.search.architecture)?;
        libraries(&path, &elf, &self.search)
    }

    fn names(&self) -> Vec<String> {
        let found = self.find().unwrap();
        found
            .iter()
            .map(|library| {
                library
                    .target
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }
}

fn needs<'a>(needed: &'a [&'a str]) -> Program<'a> {
    Program {
        needed,
        ..Program::default()
    }
}

#[test]
fn libraries_of_libraries_are_found() {
    let place = Place::new();
    place.write("busybox", &needs(&["liba.so"]));
    place.write("lib/liba.so", &needs(&["libb.so", "libc.so"]));
    place.write("lib/libb.so", &needs(&["libc.so"]));
    place.write("lib/libc.so", &Program::default());
    assert_eq!(place.names(), ["liba.so", "libb.so", "libc.so"]);
}

#[test]
fn libraries_that_need_each_other_are_taken_once() {
    let place = Place::new();
    place.write("busybox", &needs(&["liba.so"]));
    place.write("lib/liba.so", &needs(&["libb.so", "liba.so"]));
    place.write("lib/libb.so", &needs(&["liba.so"]));
    assert_eq!(place.names(), ["liba.so", "libb.so"]);
}

#[test]
fn a_program_without_end_is_given_up() {
    let place = Place::new();
    place.write("busybox", &needs(&["lib0.so"]));
    for number in 0..=MOST {
        let next = format!("lib{}.so", number + 1);
        place.write(&format!("lib/lib{number}.so"), &needs(&[&next]));
    }
    let error = place.find().unwrap_err();
    assert!(
        matches!(error, Error::ManyLibraries { limit: MOST, .. }),
        "{error}"
    );
}

#[test]
fn a_missing_library_is_named_with_the_folders_that_were_searched() {
    let place = Place::new();
    place.write("busybox", &needs(&["libnone.so"]));
    let error = place.find().unwrap_err().to_string();
    assert!(error.contains("busybox needs libnone.so"), "{error}");
    assert!(error.ends_with("/lib"), "{error}");
}

#[test]
fn the_folders_that_a_program_names_come_first_and_its_own_is_known_by_origin() {
    let place = Place::new();
    fs::create_dir(place.path("own")).unwrap();
    place.write(
        "busybox",
        &Program {
            needed: &["liba.so"],
            runpath: Some("$ORIGIN/own"),
            ..Program::default()
        },
    );
    place.write("own/liba.so", &Program::default());
    place.write("lib/liba.so", &Program::default());
    let found = place.find().unwrap();
    assert_eq!(found[0].source, place.path("own/liba.so"));
    assert_eq!(found[0].target, Path::new("/bin/own/liba.so"));
}

#[test]
fn a_library_for_another_processor_is_passed_over() {
    let place = Place::new();
    fs::create_dir(place.path("second")).unwrap();
    let mut search = place.search.clone();
    search.folders.push(place.path("second"));
    let place = Place { search, ..place };
    place.write("busybox", &needs(&["liba.so"]));
    let foreign = Program {
        machine: 40,
        ..Program::default()
    };
    place.write("lib/liba.so", &foreign);
    place.write("second/liba.so", &Program::default());
    assert_eq!(
        place.find().unwrap()[0].source,
        place.path("second/liba.so")
    );
}

#[test]
fn a_name_that_is_a_path_is_not_looked_for() {
    let place = Place::new();
    for name in ["../../etc/passwd", "/etc/passwd", ".."] {
        place.write("busybox", &needs(&[name]));
        let error = place.find().unwrap_err().to_string();
        assert!(error.contains("it is no file name"), "{error}");
    }
}

#[test]
fn a_program_for_another_processor_is_refused() {
    let place = Place::new();
    let foreign = Program {
        machine: 40,
        ..Program::default()
    };
    place.write("busybox", &foreign);
    let error = place.find().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "it is for processor 40");
}
