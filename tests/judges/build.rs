//! Builds Bento4 from its source, and the small shim that calls it.

fn main() {
    println!("cargo:rerun-if-changed=src/bento4.cpp");
    // The shim comes first: static libraries are searched in order.
    bento4_src::cc::Build::new()
        .cpp(true)
        .warnings(false)
        .includes(bento4_src::includes())
        .file("src/bento4.cpp")
        .compile("boxlock_bento4_shim");
    bento4_src::build();
}
