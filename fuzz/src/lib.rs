//! What the targets share: inputs as files, for what they read takes paths, and the tables that
//! ship, read once.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use holdout_core::market::Instruments;

/// The markets that ship.
pub static MARKETS: LazyLock<Instruments> = LazyLock::new(Instruments::builtin);

/// In memory where there is such a folder: an input is one write.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = base.join(format!("holdout-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for inputs");
    folder
});

/// Writes a file into this process's folder, in place of the one before.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.join(name);
    let folder = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(folder).expect("a folder for inputs");
    std::fs::write(&path, bytes).expect("an input can be written");
    path
}

/// Writes the files of a folder: the input's parts between lines of `%%`, in the order of the names.
/// Those for which there is no part are empty.
pub fn files(folder: &str, names: &[&str], bytes: &[u8]) -> PathBuf {
    let mut rest = bytes;
    for name in names {
        let end = rest.windows(4).position(|w| w == b"\n%%\n");
        let (part, after) = end.map_or((rest, &[][..]), |at| (&rest[..=at], &rest[at + 4..]));
        file(&format!("{folder}/{name}"), part);
        rest = after;
    }
    FOLDER.join(folder)
}
