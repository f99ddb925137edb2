//! Generates the stubs of `proto/` for the crate and for its tests' servers, or, with `--check`, says whether the
//! committed ones are the same.

mod bytes_for_text;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The files that a subscriber needs; what they import comes along.
const PROTO: [&str; 2] = ["falco/outputs/outputs.proto", "falco/version/version.proto"];

struct Stubs {
    /// Below the crate's folder.
    folder: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Client,
    /// A server to test against needs the traits, which no user does.
    Server,
    /// The response alone, with bytes for its text.
    Wire,
}

const STUBS: [Stubs; 3] = [
    Stubs { folder: "src/gen", kind: Kind::Client },
    Stubs { folder: "src/gen/wire", kind: Kind::Wire },
    Stubs { folder: "tests/it/old_falco/gen", kind: Kind::Server },
];

fn main() -> Result<(), Box<dyn Error>> {
    let krate = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let checks = env::args().nth(1).as_deref() == Some("--check");
    let mut stale = Vec::new();
    for stubs in STUBS {
        let folder = krate.join(stubs.folder);
        let fresh = if checks { scratch()? } else { folder.clone() };
        fs::create_dir_all(&fresh)?;
        generate(&krate.join("../../proto"), &fresh, stubs.kind)?;
        if checks {
            stale.extend(differences(&fresh, &folder)?);
            fs::remove_dir_all(fresh)?;
        }
    }
    if !stale.is_empty() {
        eprintln!("not what proto/ generates, run `cargo run -p falco-outputs-codegen` in packages/rust:");
        stale.iter().for_each(|path| eprintln!("  {}", path.display()));
        process::exit(1);
    }
    Ok(())
}

fn generate(proto: &Path, folder: &Path, kind: Kind) -> Result<(), Box<dyn Error>> {
    let mut files = protox::compile(PROTO, [proto])?;
    if kind == Kind::Wire {
        bytes_for_text::keep_response(&mut files);
    }
    tonic_prost_build::configure()
        .build_client(kind == Kind::Client)
        .build_server(kind == Kind::Server)
        .build_transport(false)
        .emit_rerun_if_changed(false)
        // Falco writes the fields of its JSON in alphabetical order too.
        .btree_map(".")
        .out_dir(folder)
        .compile_fds(files)?;
    Ok(())
}

fn scratch() -> Result<PathBuf, Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("falco-outputs-stubs-{}", process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The files that are in only one of the folders, or differ.
fn differences(fresh: &Path, committed: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut stale = Vec::new();
    for (folder, other) in [(fresh, committed), (committed, fresh)] {
        for file in fs::read_dir(folder)? {
            let file = file?;
            if file.file_type()?.is_dir() {
                continue;
            }
            let name = file.file_name();
            let path = committed.join(&name);
            if fs::read(folder.join(&name)).ok() != fs::read(other.join(&name)).ok() && !stale.contains(&path)
            {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}
