//! Asking the user for a file: the desktop's dialog in the window, prepared answers in tests.
//!
//! A desktop without a dialog service answers as if the user had cancelled, so every page
//! that asks also takes a typed path, a dropped file and recent files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use poll_promise::Promise;

use crate::jobs::Wake;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A bar file to read.
    OpenBars,
    /// A folder with a ledger.
    OpenLedger,
    /// A folder for a document.
    SaveDocument,
    /// Where to write; with a proposed file name.
    Save {
        /// Proposed file name.
        name: String,
    },
}

/// Somebody who can be asked for a file.
pub trait FilePicker {
    /// Asks. `None` means cancelled.
    fn pick(&self, ask: &Ask, wake: Wake) -> Promise<Option<PathBuf>>;
}

/// The desktop's own dialog, on a thread so that the window goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativePicker;

impl FilePicker for NativePicker {
    fn pick(&self, ask: &Ask, wake: Wake) -> Promise<Option<PathBuf>> {
        let ask = ask.clone();
        Promise::spawn_thread("file-dialog", move || {
            // A panic inside the dialog must not come back as a panic of the window.
            let answer = catch_unwind(AssertUnwindSafe(|| match ask {
                Ask::OpenBars => rfd::FileDialog::new()
                    .set_title("Open a market file")
                    .add_filter("Bars", &["csv", "txt", "gz", "zst", "parquet", "scid"])
                    .add_filter("All files", &["*"])
                    .pick_file(),
                Ask::OpenLedger => rfd::FileDialog::new()
                    .set_title("Open a folder with equity.csv and trades.csv")
                    .pick_folder(),
                Ask::SaveDocument => rfd::FileDialog::new()
                    .set_title("Folder for the document")
                    .pick_folder(),
                Ask::Save { name } => rfd::FileDialog::new()
                    .set_title("Export")
                    .set_file_name(name)
                    .save_file(),
            }));
            wake();
            answer.unwrap_or(None)
        })
    }
}

/// Answers prepared beforehand, the last one first. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ScriptedPicker(Arc<Mutex<Vec<Option<PathBuf>>>>);

impl ScriptedPicker {
    /// Adds the answer to the next question.
    pub fn answer(&self, path: Option<PathBuf>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path);
    }
}

impl FilePicker for ScriptedPicker {
    fn pick(&self, _ask: &Ask, wake: Wake) -> Promise<Option<PathBuf>> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        wake();
        Promise::from_ready(answer.flatten())
    }
}
