//! A background job: a thread that reports in two voices and can be paused and stopped.
//!
//! The latest progress is a snapshot that is overwritten (a reader never waits and never
//! blocks the work); events that must arrive go through a channel in order. A panic of the
//! work becomes an ordinary failure. Nothing here knows about a window: whoever wants to be
//! woken passes a callback.

pub mod about;
pub mod certificate;
pub mod checkpoints;
pub mod demo;
pub mod ensemble;
pub mod evaluate;
pub mod explain;
pub mod history;
pub mod kept;
pub mod markets;
pub mod measure;
mod phase1;
pub mod player;
pub mod regimes;
pub mod registry;
pub mod report;
pub mod scalars;
pub mod seeds;
pub mod self_test;
pub mod study;
pub mod train;
pub mod trials;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, unbounded};

/// Called from the worker when there is something new to look at.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A wake callback that does nothing, for the command line and for tests.
pub fn no_wake() -> Wake {
    Arc::new(|| {})
}

/// Why a job was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The user asked; what was reached is kept.
    Asked,
    /// The programme is closing; what was reached is kept.
    Closing,
}

#[derive(Debug, Default)]
struct Switch {
    stop: AtomicU8,
    paused: Mutex<bool>,
    changed: Condvar,
}

/// Stop and pause, shared between a job and those who control it. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<Switch>);

impl StopFlag {
    /// A flag that says "go on".
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the job to stop at its next checkpoint; wakes it when it is paused. The first reason stays.
    pub fn stop(&self, reason: StopReason) {
        let code = if reason == StopReason::Asked { 1 } else { 2 };
        if self
            .0
            .stop
            .compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            // Taken so that a worker between its test and its wait cannot miss the wake-up.
            let _held = self.lock();
            self.0.changed.notify_all();
        }
    }

    /// Why the job should stop, if it should.
    pub fn stopped(&self) -> Option<StopReason> {
        match self.0.stop.load(Ordering::SeqCst) {
            0 => None,
            1 => Some(StopReason::Asked),
            _ => Some(StopReason::Closing),
        }
    }

    /// Whether the job should stop. Never waits, not even while paused.
    pub fn is_stopped(&self) -> bool {
        self.stopped().is_some()
    }

    /// Makes the job wait at its next checkpoint.
    pub fn pause(&self) {
        *self.lock() = true;
    }

    /// Lets a paused job go on.
    pub fn resume(&self) {
        *self.lock() = false;
        self.0.changed.notify_all();
    }

    /// Whether the job is asked to wait.
    pub fn is_paused(&self) -> bool {
        *self.lock()
    }

    /// For the worker, once per step: waits while paused, then says whether to stop.
    pub fn checkpoint(&self) -> bool {
        let mut paused = self.lock();
        while *paused && !self.is_stopped() {
            paused = self
                .0
                .changed
                .wait(paused)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(paused);
        self.is_stopped()
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is being done, for people: "Phase 1", "Reading NQ.csv".
    pub what: String,
    /// Units done.
    pub done: u64,
    /// Units planned; 0 when unknown.
    pub total: u64,
    /// Units per second; 0 when unknown.
    pub per_sec: f64,
}

impl Progress {
    /// Share done, 0 to 1; `None` when the total is unknown.
    pub fn fraction(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).clamp(0.0, 1.0))
    }

    /// Seconds left at the present rate; `None` when either is unknown.
    pub fn eta_secs(&self) -> Option<f64> {
        let known = self.total > 0 && self.per_sec > 0.0;
        known.then(|| self.total.saturating_sub(self.done) as f64 / self.per_sec)
    }
}

/// What a job says that must not be lost.
#[derive(Debug)]
pub enum Notice<E, T> {
    /// Something happened.
    Event(E),
    /// The work is done.
    Done(T),
    /// The work failed: why, in words.
    Failed(String),
}

/// The worker's side.
pub struct Reporter<E, T> {
    progress: Arc<ArcSwap<Progress>>,
    notices: Sender<Notice<E, T>>,
    flag: StopFlag,
    wake: Wake,
}

impl<E, T> Reporter<E, T> {
    /// Replaces the progress that readers see.
    pub fn progress(&self, progress: Progress) {
        self.progress.store(Arc::new(progress));
        (self.wake)();
    }

    /// Sends an event. When nobody listens any more it is dropped.
    pub fn event(&self, event: E) {
        self.send(Notice::Event(event));
    }

    /// The flag that pauses and stops this job.
    pub fn flag(&self) -> &StopFlag {
        &self.flag
    }

    fn send(&self, notice: Notice<E, T>) {
        if self.notices.send(notice).is_ok() {
            (self.wake)();
        }
    }
}

/// A running or finished job. Dropping it stops the work and waits two seconds at most.
pub struct Job<E, T> {
    progress: Arc<ArcSwap<Progress>>,
    notices: Receiver<Notice<E, T>>,
    flag: StopFlag,
    started: Instant,
    thread: Option<JoinHandle<()>>,
}

impl<E: Send + 'static, T: Send + 'static> Job<E, T> {
    /// Starts `work` on a thread of its own.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(
        name: &str,
        wake: Wake,
        work: impl FnOnce(&Reporter<E, T>) -> anyhow::Result<T> + Send + 'static,
    ) -> std::io::Result<Self> {
        let progress = Arc::new(ArcSwap::from_pointee(Progress::default()));
        let (sender, notices) = unbounded();
        let flag = StopFlag::new();
        let reporter = Reporter {
            progress: Arc::clone(&progress),
            notices: sender,
            flag: flag.clone(),
            wake,
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let outcome = catch_unwind(AssertUnwindSafe(|| work(&reporter)));
                reporter.send(match outcome {
                    Ok(Ok(result)) => Notice::Done(result),
                    Ok(Err(error)) => Notice::Failed(format!("{error:#}")),
                    Err(panic) => {
                        Notice::Failed(format!("internal error: {}", panic_text(panic.as_ref())))
                    }
                });
            })?;
        Ok(Self {
            progress,
            notices,
            flag,
            started: Instant::now(),
            thread: Some(thread),
        })
    }
}

impl<E, T> Job<E, T> {
    /// The latest progress.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.load_full()
    }

    /// What arrived since the last call, oldest first, without waiting; stops after `limit` of time.
    pub fn drain(&self, limit: Duration) -> Vec<Notice<E, T>> {
        let begun = Instant::now();
        let mut arrived = Vec::new();
        while let Ok(notice) = self.notices.try_recv() {
            arrived.push(notice);
            if begun.elapsed() > limit {
                break;
            }
        }
        arrived
    }

    /// Waits for the next notice; `None` once the worker is gone and everything was read.
    pub fn wait(&self) -> Option<Notice<E, T>> {
        self.notices.recv().ok()
    }

    /// The flag that pauses and stops this job.
    pub fn flag(&self) -> &StopFlag {
        &self.flag
    }

    /// Since the start of the job, pauses included.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl<E, T> Drop for Job<E, T> {
    fn drop(&mut self) {
        self.flag.stop(StopReason::Closing);
        let Some(thread) = self.thread.take() else {
            return;
        };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if thread.is_finished() && thread.join().is_err() {
            // The worker catches panics, so this is a panic inside the channel: nothing is left to report to.
        }
    }
}

/// The message of a panic, as far as it has one.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown cause".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome<E: std::fmt::Debug, T>(job: &Job<E, T>) -> Result<T, String> {
        loop {
            match job.wait() {
                Some(Notice::Done(t)) => return Ok(t),
                Some(Notice::Failed(why)) => return Err(why),
                Some(Notice::Event(_)) => {}
                None => return Err("gone".to_owned()),
            }
        }
    }

    #[test]
    fn events_arrive_in_order_and_the_result_last() {
        let job = Job::<u32, &str>::spawn("t", no_wake(), |r| {
            (0..100).for_each(|i| r.event(i));
            Ok("end")
        })
        .unwrap();
        for i in 0..100 {
            assert!(matches!(job.wait(), Some(Notice::Event(n)) if n == i));
        }
        assert!(matches!(job.wait(), Some(Notice::Done("end"))));
    }

    #[test]
    fn errors_and_panics_become_failures() {
        let job = Job::<(), ()>::spawn("t", no_wake(), |_| {
            Err(anyhow::anyhow!("no such file").context("cannot open x"))
        })
        .unwrap();
        assert_eq!(outcome(&job).unwrap_err(), "cannot open x: no such file");
        let job =
            Job::<(), ()>::spawn("t", no_wake(), |_| panic!("NaN loss at step {}", 10)).unwrap();
        assert_eq!(
            outcome(&job).unwrap_err(),
            "internal error: NaN loss at step 10"
        );
    }

    #[test]
    fn a_paused_job_waits_and_stops_when_asked() {
        let job = Job::<u64, u64>::spawn("t", no_wake(), |r| {
            let mut steps = 0;
            while !r.flag().checkpoint() {
                steps += 1;
                r.event(steps);
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(steps)
        })
        .unwrap();
        assert!(matches!(job.wait(), Some(Notice::Event(1))));
        job.flag().pause();
        std::thread::sleep(Duration::from_millis(30));
        let before = job.drain(Duration::from_secs(1)).len();
        std::thread::sleep(Duration::from_millis(30));
        assert!(
            job.drain(Duration::from_secs(1)).is_empty(),
            "{before} events before, none while paused"
        );
        job.flag().resume();
        assert!(matches!(job.wait(), Some(Notice::Event(_))));
        job.flag().pause();
        job.flag().stop(StopReason::Asked);
        assert!(outcome(&job).unwrap() >= 2);
        assert_eq!(job.flag().stopped(), Some(StopReason::Asked));
    }

    #[test]
    fn progress_knows_its_share_and_its_end() {
        let p = Progress {
            what: String::new(),
            done: 250,
            total: 1_000,
            per_sec: 50.0,
        };
        assert_eq!((p.fraction(), p.eta_secs()), (Some(0.25), Some(15.0)));
        assert_eq!(
            (
                Progress::default().fraction(),
                Progress::default().eta_secs()
            ),
            (None, None)
        );
    }
}
