//! Files that are embedded: a new one is a reason to build again, which the compiler can't see.

fn main() {
    for folder in ["locales", "static", "templates"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
