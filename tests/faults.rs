//! What goes wrong around a run: a full disk, a folder that cannot be written, a second process,
//! a newer version, several mistakes in one configuration. Each is told, and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdout_store::text::sha256_of;

use crate::programme::{TINY, event_records, first_run, holdout, json, judged_run, lines, sample};

fn tiny(out: &Path, more: &[&str]) -> Vec<String> {
    let mut all = ["train", "--data", &sample("ES_1m_2024q4.csv"), "--out"]
        .map(str::to_owned)
        .to_vec();
    all.push(out.display().to_string());
    all.extend(TINY.map(str::to_owned));
    for setting in more {
        all.extend(["--set".to_owned(), (*setting).to_owned()]);
    }
    all
}

fn strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// A shell forbids the process to make any file larger than a limit: writing fails as on a full
/// disk, without one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_run_and_freeing_it_lets_it_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        "checkpoint_every=4",
        "eval_every=4",
        "network.trunk=[8]",
        "network.head=8",
        "phase1.steps=65536",
        "phase2.steps=0",
    ];
    let whole = json(&strs(&tiny(&dir.path().join("whole"), &settings)));
    let out = dir.path().join("full");
    // In units of 512 bytes: checkpoints fit, the record of updates soon does not.
    let script = "trap '' XFSZ; ulimit -f 256; exec \"$0\" \"$@\"";
    let ran = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_holdout")])
        .args(tiny(&out, &settings))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(4), "{told}");
    for words in [
        "File too large",
        "its checkpoints are intact",
        "holdout train --resume",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let run = first_run(&out).unwrap();
    let status: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.join("status.json")).unwrap()).unwrap();
    assert_eq!(status["state"], "stopped");
    let run = run.display().to_string();
    let resumed = json(&["train", "--resume", &run, "--json", "--progress=none"]);
    assert_eq!(resumed["checkpoints"], whole["checkpoints"]);
    let last = |run: &str| {
        let step = whole["checkpoints"].as_array().unwrap().last().unwrap();
        let name = format!("checkpoints/step-{:09}.safetensors", step.as_u64().unwrap());
        fs::read(Path::new(run).join(name)).unwrap()
    };
    assert!(
        last(&run) == last(whole["run"].as_str().unwrap()),
        "same bits"
    );
}

/// Runs a script in a shell that sees file systems of its own, which vanish with it; the programme
/// is `$0`, and the arguments follow. `None`, said aloud, where the system lets nobody do so.
#[cfg(target_os = "linux")]
fn with_mounts(script: &str, args: &[String]) -> Option<(i32, String)> {
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command
    };
    let allowed = shell("mount -t tmpfs none /mnt").output();
    if !allowed.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no file system can be mounted here");
        return None;
    }
    let mut command = shell(script);
    let ran = command
        .arg(env!("CARGO_BIN_EXE_holdout"))
        .args(args)
        .output();
    let ran = ran.unwrap();
    let told = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    Some((ran.status.code().unwrap_or(-1), told.into_owned()))
}

/// A file system that really has no byte left, in the middle of a training; then it has.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_that_fills_up_loses_nothing_that_was_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (disk, kept) = (dir.path().join("disk"), dir.path().join("kept"));
    fs::create_dir(&disk).unwrap();
    let settings = [
        "checkpoint_every=4",
        "eval_every=4",
        "network.trunk=[8]",
        "network.head=8",
        "phase1.steps=32768",
        "phase2.steps=0",
    ];
    let whole = json(&strs(&tiny(&dir.path().join("whole"), &settings)));
    let whole = whole["run"].as_str().unwrap();
    let script = format!(
        "set -eu
        mount -t tmpfs -o size=6m none {disk}
        head -c 5m /dev/zero > {disk}/ballast
        code=0; \"$0\" \"$@\" || code=$?
        echo \"ended with $code\"; echo \"free: $(df --output=avail {disk} | tail -n 1)\"
        for file in {disk}/runs/*/checkpoints/*.safetensors; do test -s \"$file\"; done
        rm {disk}/ballast
        \"$0\" train --resume {disk}/runs/* --progress=none
        cp -r {disk}/runs {kept}",
        disk = disk.display(),
        kept = kept.display()
    );
    let Some((code, told)) = with_mounts(&script, &tiny(&disk.join("runs"), &settings)) else {
        return;
    };
    assert_eq!(code, 0, "{told}");
    for words in [
        "ended with 4",
        "No space left",
        "its checkpoints are intact",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let run = first_run(&kept).unwrap();
    let names = |run: &Path| -> std::collections::BTreeSet<_> {
        let files = fs::read_dir(run.join("checkpoints")).unwrap().flatten();
        files.map(|f| f.file_name()).collect()
    };
    assert_eq!(names(&run), names(Path::new(whole)));
    for name in names(&run) {
        if Path::new(&name)
            .extension()
            .is_some_and(|e| e == "safetensors")
        {
            let read = |run: &Path| fs::read(run.join("checkpoints").join(&name)).unwrap();
            assert!(read(&run) == read(Path::new(whole)), "{name:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_on_a_disk_that_can_only_be_read_is_shown_and_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let script = format!(
        "mount --bind {0} {0} && mount -o remount,bind,ro {0} || exit 99
        \"$0\" runs \"$1\" || exit 98
        for command in \"train --resume $1 --checkpoint 2048\" \"evaluate --run $1 --split test\" \"runs note $1 words\"; do
            code=0; \"$0\" $command || code=$?; echo \"ended with $code\"
        done",
        dir.path().display()
    );
    let Some((code, told)) = with_mounts(&script, std::slice::from_ref(&run)) else {
        return;
    };
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.matches("ended with 4").count(), 3, "{told}");
    assert!(told.matches("Read-only file system").count() >= 3, "{told}");
}

/// Nobody may write: the process is in a user namespace of its own, where root has no more rights
/// than the owner of the files.
#[cfg(target_os = "linux")]
#[test]
fn what_may_not_be_read_or_written_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let run = judged_run(dir.path());
    let folders = [dir.path().join("runs"), PathBuf::from(&run)];
    folders.iter().for_each(|folder| mode(folder, 0o555));
    mode(&folders[0].join(".registry.lock"), 0o444);
    let nobody = |args: &[&str]| {
        let mut command = Command::new("unshare");
        let ran = command
            .arg("--user")
            .arg(env!("CARGO_BIN_EXE_holdout"))
            .args(args)
            .output();
        let ran = ran.unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        (ran.status.code().unwrap_or(-1), told)
    };
    if !Command::new("unshare")
        .args(["--user", "true"])
        .status()
        .is_ok_and(|s| s.success())
    {
        return eprintln!("skipped: nobody may become nobody here");
    }
    let (code, told) = nobody(&["runs", &run]);
    assert_eq!(code, 0, "{told}");
    for args in [
        &["train", "--resume", &run, "--checkpoint", "2048"][..],
        &["runs", "note", &run, "words"],
        &["evaluate", "--run", &run, "--split", "test"],
    ] {
        let (code, told) = nobody(args);
        assert!(
            code == 4 && told.contains("Permission denied"),
            "{args:?}: {code} {told}"
        );
    }
    mode(&Path::new(&run).join("status.json"), 0);
    let (code, told) = nobody(&["runs", &run]);
    assert!(
        code == 4 && told.contains("Permission denied"),
        "{code} {told}"
    );
    let runs = dir.path().join("runs").display().to_string();
    let (code, told) = nobody(&["runs", "--dir", &runs]);
    assert_eq!(
        code, 0,
        "a run that cannot be read is listed all the same: {told}"
    );
    // So that the folder can be removed.
    folders.iter().for_each(|folder| mode(folder, 0o755));
}

/// Everything in a run was written on a day that is still to come: the clock was put back.
#[test]
fn a_clock_that_was_put_back_loses_no_look_and_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let (run, runs) = (Path::new(&run), dir.path().join("runs"));
    let later = std::time::SystemTime::now() + Duration::from_secs(40 * 365 * 86_400);
    for file in [run.join("status.json"), runs.join("registry.json")] {
        let text = fs::read_to_string(&file).unwrap();
        let year = text.split("\"20").nth(1).unwrap().get(..2).unwrap();
        let future = text.replace(&format!("\"20{year}-"), "\"2090-");
        assert_ne!(future, text);
        fs::write(&file, future).unwrap();
    }
    for folder in [run.to_owned(), run.join("checkpoints"), runs.clone()] {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_file() {
                let file = fs::OpenOptions::new().write(true).open(entry.path());
                file.unwrap().set_modified(later).unwrap();
            }
        }
    }
    let name = run.display().to_string();
    let judged = json(&["evaluate", "--run", &name, "--split", "test", "--json"]);
    assert_eq!(judged["looks"], 2, "{judged}");
    let args = [
        "train",
        "--resume",
        &name,
        "--checkpoint",
        "2048",
        "--json",
        "--progress=none",
    ];
    let branch = json(&args)["run"].as_str().unwrap().to_owned();
    assert_ne!(branch, name);
    let all = json(&["runs", "--dir", &runs.display().to_string(), "--json"]);
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    for name in [&name, &branch] {
        let shown = json(&["runs", name, "--json"]);
        assert_eq!(shown["status"]["state"], "finished", "{shown}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_trained() {
    let ran = holdout(&strs(&tiny(Path::new("/proc/holdout-runs"), &[])));
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cannot create") && ran.stderr.contains("/proc/holdout-runs"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_second_process_and_a_newer_version_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("runs");
    let args = tiny(&out, &["checkpoint_every=1", "phase1.steps=10000000"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let run = loop {
        assert!(begun.elapsed() < Duration::from_secs(60), "no run");
        let made = first_run(&out).filter(|r| {
            !lines(&r.join("validation.jsonl")).is_empty()
                || r.join("checkpoints/step-000000512.json").exists()
        });
        if let Some(run) = made {
            break run;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let name = run.display().to_string();
    let second = holdout(&["train", "--resume", &name]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(second.code, 0);
    assert!(
        second.stderr.contains("another process"),
        "{}",
        second.stderr
    );
    let shown = json(&["runs", &name, "--json"]);
    assert_eq!(shown["status"]["state"], "interrupted");
    let path = run.join("status.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"format\": 1", "\"format\": 99")).unwrap();
    let newer = holdout(&["train", "--resume", &name]);
    assert_ne!(newer.code, 0);
    assert!(newer.stderr.contains("newer version"), "{}", newer.stderr);
}

#[test]
fn five_mistakes_in_a_configuration_are_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.toml");
    let text = "ruleset = \"nobody\"\nsede = 4\n[sim]\ncontracts = 0\n[phase1]\nsteps = \"many\"\n[phase2.ppo]\ngamma = 2.0\n";
    fs::write(&file, text).unwrap();
    let runs = dir.path().join("runs");
    let ran = holdout(&[
        "train",
        "--config",
        &file.display().to_string(),
        "--market",
        "ES",
        "--out",
        &runs.display().to_string(),
    ]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("5 problem(s)"), "{}", ran.stderr);
    for words in [
        "ruleset: ",
        "sede: ",
        "line 2",
        "sim.contracts: ",
        "phase1.steps: ",
        "line 6",
        "phase2.ppo.gamma: ",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(!runs.exists());
}

#[test]
fn several_seeds_are_one_command_and_retention_keeps_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("runs");
    let settings = ["checkpoint_every=1", "eval_every=0", "keep_checkpoints=2"];
    let mut args = tiny(&out, &settings);
    args.extend(["--seeds".to_owned(), "3,4".to_owned()]);
    let found = json(&strs(&args));
    let runs = found["runs"].as_array().unwrap();
    let seeds: Vec<u64> = runs.iter().map(|r| r["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [3, 4]);
    assert_eq!(found["steps_per_s"]["n"], 2);
    assert!(found["net_pnl_usd"].is_null(), "nothing was evaluated");
    for run in runs {
        // The last of phase 1, and the two newest.
        let kept: Vec<u64> = serde_json::from_value(run["checkpoints"].clone()).unwrap();
        assert_eq!(kept, [2_048, 3_584, 4_096]);
        let path = Path::new(run["run"].as_str().unwrap());
        let files = fs::read_dir(path.join("checkpoints")).unwrap().count();
        assert_eq!(files, 6);
        let records = event_records(path);
        assert_eq!(records, lines(&path.join("metrics.jsonl")).len() + 1);
    }
}

/// A moment of the optimiser becomes NaN on the disk, with a checksum that fits: the next update
/// computes from it.
#[test]
fn a_broken_number_stops_the_run_and_its_inputs_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("runs");
    let settings = ["checkpoint_every=1", "phase1.steps=4096", "phase2.steps=0"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(tiny(&out, &settings))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let second = "checkpoints/step-000001024";
    let run = loop {
        let made = first_run(&out).filter(|r| r.join(format!("{second}.json")).exists());
        if let Some(run) = made {
            break run;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(Duration::from_millis(1));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let newest = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .flatten()
        .map(|f| f.path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .max()
        .unwrap();
    let weights = newest.with_extension("safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header_len]).unwrap();
    let (_, moment) = header
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, _)| name.starts_with("adam.m."))
        .unwrap();
    let at = 8 + header_len + moment["data_offsets"][0].as_u64().unwrap() as usize;
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let old = sha256_of(&fs::read(&weights).unwrap());
    let new = sha256_of(&bytes);
    fs::write(&weights, &bytes).unwrap();
    let text = fs::read_to_string(&newest).unwrap();
    assert!(text.contains(&old));
    fs::write(&newest, text.replace(&old, &new)).unwrap();

    let before = lines(&run.join("metrics.jsonl")).len();
    let told = holdout(&["train", "--resume", &run.display().to_string()]);
    assert_eq!(told.code, 4, "{}", told.stderr);
    for words in ["is not finite", "checkpoints are intact", "dumps/update-"] {
        assert!(told.stderr.contains(words), "{words}: {}", told.stderr);
    }
    assert!(
        lines(&run.join("metrics.jsonl")).len() <= before,
        "no update on it"
    );
    let dumps: Vec<_> = fs::read_dir(run.join("dumps")).unwrap().collect();
    assert_eq!(dumps.len(), 1);
    let shown = json(&["runs", &run.display().to_string(), "--json"]);
    assert_eq!(shown["status"]["state"], "failed");
}
