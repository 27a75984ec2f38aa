//! Frame times of a window that is in use, as one line of JSON every ten seconds.
//!
//! For hours of watching; `holdout bench --ui` times frames where nobody looks.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::frame_bench::quantile;

const EVERY: Duration = Duration::from_secs(10);

/// Where frame times are written, and those that wait to be.
pub(super) struct FrameLog {
    file: File,
    began: Instant,
    since: Instant,
    times: Vec<f64>,
}

/// A line: frames of the last seconds, their times in milliseconds.
#[derive(Serialize)]
struct Line {
    seconds: f64,
    frames: usize,
    median_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl FrameLog {
    /// Begins a log.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("frame times cannot be written to {}", path.display()))?;
        let now = Instant::now();
        Ok(Self {
            file,
            began: now,
            since: now,
            times: Vec::new(),
        })
    }

    /// Notes a frame by the seconds the processor spent on it.
    ///
    /// # Errors
    /// When a line cannot be written.
    pub(super) fn frame(&mut self, seconds: f32) -> std::io::Result<()> {
        self.times.push(f64::from(seconds) * 1e3);
        if self.since.elapsed() < EVERY {
            return Ok(());
        }
        self.since = Instant::now();
        self.write()
    }

    fn write(&mut self) -> std::io::Result<()> {
        let line = Line {
            seconds: self.began.elapsed().as_secs_f64(),
            frames: self.times.len(),
            median_ms: quantile(&self.times, 0.5),
            p99_ms: quantile(&self.times, 0.99),
            max_ms: quantile(&self.times, 1.0),
        };
        self.times.clear();
        writeln!(self.file, "{}", serde_json::to_string(&line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_of_the_frames_since_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frames.jsonl");
        let mut log = FrameLog::create(&path).unwrap();
        for ms in 1..=100_u8 {
            log.frame(f32::from(ms) / 1e3).unwrap();
        }
        log.write().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["frames"], 100);
        assert!((line["p99_ms"].as_f64().unwrap() - 99.0).abs() < 1e-3);
        assert!(log.times.is_empty());
    }
}
