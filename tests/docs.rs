//! The user's pages say what is true: every command on them is run, and the command reference is
//! what `--help` prints.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// The shell blocks of a page, joined: later ones use what earlier ones made.
fn script(page: &str) -> String {
    let text = fs::read_to_string(docs().join(page)).unwrap();
    let mut script = String::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}

/// Runs a page's commands in an empty folder, where `holdout` is this program.
fn run_page(page: &str) {
    let script = script(page);
    assert!(script.contains("holdout "), "{page} has no command");
    let dir = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_holdout"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let ran = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(dir.path())
        .env("PATH", path)
        .env("XDG_CACHE_HOME", dir.path().join("cache"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success() && !stderr.contains("panicked"),
        "{page}: {}\n{}\n{stderr}",
        ran.status,
        String::from_utf8_lossy(&ran.stdout)
    );
}

#[test]
fn the_quick_start_runs_as_written() {
    run_page("quick-start.md");
}

#[test]
fn the_evaluation_tutorial_runs_as_written() {
    run_page("evaluate.md");
}

#[test]
fn the_page_on_the_simulator_runs_as_written() {
    run_page("simulation.md");
}

#[test]
fn the_guide_to_choosing_runs_as_written() {
    run_page("select.md");
}

#[test]
fn the_compliance_page_runs_as_written() {
    run_page("compliance.md");
}

#[test]
fn the_page_on_performance_runs_as_written() {
    run_page("performance.md");
}

#[test]
fn the_run_folder_page_runs_as_written() {
    run_page("run-folder.md");
}

/// A command's help, then those of its subcommands.
fn help_of(command: &clap::Command, path: &str, out: &mut String) {
    let mut command = command.clone().bin_name(path).disable_help_subcommand(true);
    let help = command.render_long_help().to_string();
    out.push_str(&format!(
        "\n## {path}\n\n```text\n{}\n```\n",
        trimmed(&help)
    ));
    let below: Vec<clap::Command> = command
        .get_subcommands()
        .filter(|c| c.get_name() != "help" && !c.is_hide_set())
        .cloned()
        .collect();
    for sub in below {
        help_of(&sub, &format!("{path} {}", sub.get_name()), out);
    }
}

fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn the_command_reference_is_what_help_prints() {
    let mut text = String::from(
        "# Commands\n\nWhat `holdout COMMAND --help` prints. Made from the program; a test fails where it differs \
         (`HOLDOUT_BLESS=1 ./dev test the_command_reference` writes it anew).\n",
    );
    let command = holdout::cli::args::Args::command().term_width(100);
    help_of(&command, "holdout", &mut text);
    let file = docs().join("commands.md");
    if std::env::var_os("HOLDOUT_BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == text,
        "docs/commands.md differs from --help; HOLDOUT_BLESS=1 ./dev test the_command_reference writes it anew"
    );
}

/// The page that says why each library is there names all of them and no other.
#[test]
fn every_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(docs().join("dependencies.md")).unwrap();
    let told: BTreeSet<&str> = page
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split_once("` | "))
        .inspect(|(name, why)| assert!(why.len() > 4, "{name} has no reason"))
        .map(|(name, _)| name)
        .collect();
    let mut named = BTreeSet::new();
    for folder in [".", "crates/core", "crates/store", "crates/learn"] {
        let file = root.join(folder).join("Cargo.toml");
        let text = fs::read_to_string(&file).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for kind in ["dependencies", "dev-dependencies"] {
            let all = manifest.get(kind).and_then(toml::Value::as_table);
            named.extend(all.into_iter().flatten().map(|(name, _)| name.clone()));
        }
    }
    named.retain(|n| !n.starts_with("holdout"));
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    assert_eq!(told, named);
}
