//! Makes the stubs of `proto/` for the crate and for its tests' servers, or, with `--check`, says whether those that
//! are committed are the same.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The files that a subscriber needs; what they import comes along.
const PROTO: [&str; 2] = ["falco/outputs/outputs.proto", "falco/version/version.proto"];

struct Stubs {
    /// Below the crate's folder.
    folder: &'static str,
    serves: bool,
}

const STUBS: [Stubs; 2] = [
    Stubs { folder: "src/gen", serves: false },
    // A server to test against needs the traits, which no user does.
    Stubs { folder: "tests/it/old_falco/gen", serves: true },
];

fn main() -> Result<(), Box<dyn Error>> {
    let krate = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let checks = env::args().nth(1).as_deref() == Some("--check");
    let mut stale = Vec::new();
    for stubs in STUBS {
        let folder = krate.join(stubs.folder);
        let fresh = if checks { scratch()? } else { folder.clone() };
        fs::create_dir_all(&fresh)?;
        generate(&krate.join("../../proto"), &fresh, stubs.serves)?;
        if checks {
            stale.extend(differences(&fresh, &folder)?);
            fs::remove_dir_all(fresh)?;
        }
    }
    if !stale.is_empty() {
        eprintln!("not what proto/ makes, run `cargo run -p falco-outputs-codegen` in packages/rust:");
        stale.iter().for_each(|path| eprintln!("  {}", path.display()));
        process::exit(1);
    }
    Ok(())
}

fn generate(proto: &Path, folder: &Path, serves: bool) -> Result<(), Box<dyn Error>> {
    let files = protox::compile(PROTO, [proto])?;
    tonic_prost_build::configure()
        .build_client(!serves)
        .build_server(serves)
        .build_transport(false)
        .emit_rerun_if_changed(false)
        // Falco writes the fields of its JSON in alphabetical order, too.
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

/// The files that one of the folders lacks, or has otherwise.
fn differences(fresh: &Path, committed: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut stale = Vec::new();
    for (folder, other) in [(fresh, committed), (committed, fresh)] {
        for file in fs::read_dir(folder)? {
            let name = file?.file_name();
            let path = committed.join(&name);
            if fs::read(folder.join(&name)).ok() != fs::read(other.join(&name)).ok() && !stale.contains(&path)
            {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}
