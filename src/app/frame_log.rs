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
    whole: Vec<f64>,
    layout: Vec<f64>,
}

/// A line: frames of the last seconds, their times in milliseconds.
#[derive(Serialize)]
struct Line {
    seconds: f64,
    frames: usize,
    /// From the first widget to the picture that is handed over, a software rasteriser's work included.
    whole: Times,
    /// What laying its widgets out takes, without news from jobs and without painting.
    layout: Times,
}

#[derive(Serialize)]
struct Times {
    median: f64,
    p99: f64,
    max: f64,
}

impl Times {
    /// Of times that are then forgotten.
    fn take(times: &mut Vec<f64>) -> Self {
        let of = |share| quantile(times, share);
        let found = Self {
            median: of(0.5),
            p99: of(0.99),
            max: of(1.0),
        };
        times.clear();
        found
    }
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
            whole: Vec::new(),
            layout: Vec::new(),
        })
    }

    /// Notes what a frame took, and what its layout did.
    ///
    /// # Errors
    /// When a line cannot be written.
    pub(super) fn frame(&mut self, whole: Duration, layout: Duration) -> std::io::Result<()> {
        self.whole.push(whole.as_secs_f64() * 1e3);
        self.layout.push(layout.as_secs_f64() * 1e3);
        if self.since.elapsed() < EVERY {
            return Ok(());
        }
        self.since = Instant::now();
        self.write()
    }

    fn write(&mut self) -> std::io::Result<()> {
        let line = Line {
            seconds: self.began.elapsed().as_secs_f64(),
            frames: self.whole.len(),
            whole: Times::take(&mut self.whole),
            layout: Times::take(&mut self.layout),
        };
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
        for ms in 1..=100 {
            let layout = Duration::from_millis(ms);
            log.frame(layout * 2, layout).unwrap();
        }
        log.write().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["frames"], 100);
        assert!((line["layout"]["p99"].as_f64().unwrap() - 99.0).abs() < 1e-3);
        assert!((line["whole"]["max"].as_f64().unwrap() - 200.0).abs() < 1e-3);
        assert!(log.whole.is_empty() && log.layout.is_empty());
    }
}
