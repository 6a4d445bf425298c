//! Names what the crate embeds as a whole directory, so that Cargo notices a new file in it.

fn main() {
    // `sqlx::migrate!` lists the directory while compiling and stable Rust cannot track that.
    // Single files need no line here: `include_str!` and `include_bytes!` are tracked.
    println!("cargo::rerun-if-changed=migrations");
}
