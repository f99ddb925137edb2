//! Where `falco-outputs serve` listens by default.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::error::Error;

/// Where Falco's own server had its socket, and where ours has it when root starts it.
const FALCO: &str = "/run/falco/falco.sock";
const NAME: &str = "falco.sock";

/// Falco's socket, unless only this user has one. Fails if others may have put that one there: they would read along,
/// or forge alerts.
pub(crate) fn default_address() -> Result<Address, Error> {
    find(FALCO.as_ref(), &user_folder(env::var_os("XDG_RUNTIME_DIR")))
}

fn find(falco: &Path, folder: &Path) -> Result<Address, Error> {
    let users = folder.join(NAME);
    if exists(falco) || !exists(&users) {
        return Ok(Address::Unix(falco.into()));
    }
    if is_private(folder) {
        return Ok(Address::Unix(users));
    }
    Err(Error::invalid(format!(
        "address: missing, expected one, since others own {} or can write to it, and may have put the socket there",
        folder.display()
    )))
}

fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(false)
}

/// The folder for sockets of servers that this user starts.
fn user_folder(runtime: Option<OsString>) -> PathBuf {
    match runtime.filter(|folder| !folder.is_empty()) {
        Some(folder) => folder.into(),
        None => env::temp_dir().join(format!("falco-outputs-{}", user())),
    }
}

#[cfg(unix)]
fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    std::fs::symlink_metadata(folder).is_ok_and(|folder| {
        folder.is_dir()
            && folder.uid() == rustix::process::getuid().as_raw()
            && folder.mode() & WRITABLE_BY_OTHERS == 0
    })
}

#[cfg(not(unix))]
fn user() -> String {
    "user".into()
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("falco-outputs-{name}-{}", std::process::id()));
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn write(&self, name: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, "").unwrap();
            path
        }

        fn set_mode(&self, mode: u32) {
            fs::set_permissions(&self.0, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn falco_s_socket_comes_first_then_the_user_s() {
        let folder = Folder::new("address");
        folder.set_mode(0o700);
        let falco = folder.0.join("falco's.sock");
        let found = || find(&falco, &folder.0).unwrap();
        assert_eq!(found(), Address::Unix(falco.clone()));
        let users = folder.write(NAME);
        assert_eq!(found(), Address::Unix(users));
        folder.write("falco's.sock");
        assert_eq!(found(), Address::Unix(falco.clone()));
    }

    #[test]
    fn a_socket_that_others_may_have_put_there_is_refused() {
        let folder = Folder::new("shared");
        folder.write(NAME);
        let link = folder.0.with_extension("link");
        symlink(&folder.0, &link).unwrap();
        folder.set_mode(0o755);
        assert!(find("/missing".as_ref(), &folder.0).is_ok());
        let linked = find("/missing".as_ref(), &link);
        fs::remove_file(&link).unwrap();
        assert!(linked.is_err());
        for mode in [0o770, 0o707] {
            folder.set_mode(mode);
            let error = find("/missing".as_ref(), &folder.0).unwrap_err();
            assert_eq!(error.code(), crate::Code::InvalidArgument);
            assert!(
                error.message().starts_with("address: missing, expected one, since others own "),
                "{error}"
            );
        }
    }

    #[test]
    fn the_user_s_folder_is_that_of_the_session() {
        assert_eq!(user_folder(Some("/run/user/1000".into())), Path::new("/run/user/1000"));
        let temporary = env::temp_dir().join(format!("falco-outputs-{}", user()));
        assert_eq!(user_folder(Some(OsString::new())), temporary);
        assert_eq!(user_folder(None), temporary);
    }
}
