//! Names what the crate embeds as whole directories, so that Cargo notices a new file in them.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    // `sqlx::migrate!` lists the directory while compiling and stable Rust cannot track that.
    // Single files need no line here: `include_str!` and `include_bytes!` are tracked.
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=datasets/sample-audio");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    list(&root.join("datasets/sample-audio"), &mut files)?;
    files.sort();
    let mut code = String::from("const SAMPLE_AUDIO: &[(&str, &[u8])] = &[\n");
    for path in files {
        let below = path.strip_prefix(root.join("datasets")).unwrap_or(&path);
        let name = below.to_string_lossy().replace('\\', "/");
        let _ = writeln!(code, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    code.push_str("];\n");
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(output.join("sample_audio.rs"), code)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
