//! Run folders: everything of one training run, readable after a kill at any byte.
//!
//! `run.toml` (as asked), `plan.toml` (as derived), `data.json` (hashes), `status.json`,
//! `labels.json` (tags and notes), `metrics.jsonl`, `adjustments.jsonl`, `validation.jsonl`,
//! `log.txt`, an event file for TensorBoard, `checkpoints/` and `evaluations/`; `dumps/` after a
//! number that was not finite. Whole files are replaced atomically, lines are appended
//! with one write each, and a checkpoint exists only once its `.json` does.

mod branch;
mod checkpoint;
mod evaluation;
mod folder;
mod lines;
mod registry;
mod status;
mod tensorboard;
mod writer;

pub use checkpoint::{BestPointer, Checkpoint, CheckpointChoice, CheckpointFiles, CheckpointInfo};
pub use evaluation::{EvaluationFiles, write_evaluation};
pub use folder::{NewRun, RunFolder};
pub use lines::{JsonLines, read_json_lines};
pub use registry::{RunSummary, TestLook, TestPart, list_runs, open_test_split, test_looks};
pub use status::{Labels, RunState, RunStatus};
pub use tensorboard::Scalars;
pub use writer::{RunWriter, now_secs};

/// Version of the run folder's format.
pub const RUN_FORMAT: u32 = 1;
