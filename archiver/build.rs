//! Says in one sentence what is missing when the desk's clothes were not fetched, instead of a macro's error.
//!
//! Not here: fetching them (`assets/build`), and putting them into the program (`desk::assets`).

fn main() {
    println!("cargo::rerun-if-changed=assets/dist");
    println!("cargo::rerun-if-changed=assets/own");
    println!("cargo::rerun-if-changed=../migrations");
    if !std::path::Path::new("assets/dist/kern.css").exists() {
        println!(
            "cargo::error=archiver/assets/dist is missing: run archiver/assets/build once (it needs npm: apt-get install npm)"
        );
    }
}
