//! Rule sets by name: those that ship, a file, and the user's own in the configuration folder.
//!
//! Own rule sets lie in `rulesets/` of the folder that `HOLDOUT_CONFIG` names, or of `holdout`
//! in the user's configuration folder. They never take the place of one that ships.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use holdout_core::compliance::RuleSet;
use holdout_store::text::read_whole_text;

use crate::jobs::certificate::RuleText;

/// The folder of the user's own rule sets; `None` where the system names no home.
pub fn own_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    if let Some(folder) = set("HOLDOUT_CONFIG") {
        return Some(PathBuf::from(folder).join("rulesets"));
    }
    let config = set("XDG_CONFIG_HOME")
        .or_else(|| set("APPDATA"))
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(config.join("holdout").join("rulesets"))
}

/// The user's own rule sets by path, each as read or with the reason why not.
pub fn own() -> Vec<(PathBuf, anyhow::Result<RuleText>)> {
    let entries = own_folder().and_then(|f| std::fs::read_dir(f).ok());
    let mut paths: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|p| {
            let read = read(&p);
            (p, read)
        })
        .collect()
}

/// Reads a rule set from a file.
///
/// # Errors
/// When it cannot be read or makes no sense; the message names line and key.
pub fn read(path: &Path) -> anyhow::Result<RuleText> {
    let text =
        read_whole_text(path).with_context(|| format!("failed to read {}", path.display()))?;
    let rules = RuleSet::parse(&text)
        .with_context(|| format!("failed to read the rule set {}", path.display()))?;
    Ok(RuleText {
        rules,
        text,
        path: Some(path.to_owned()),
    })
}

/// A rule set by name, or from a file.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn find(id_or_file: &str) -> anyhow::Result<RuleText> {
    let path = Path::new(id_or_file);
    if path.is_file() {
        return read(path);
    }
    if let Some(text) = RuleSet::builtin_text(id_or_file) {
        return Ok(RuleText {
            rules: RuleSet::parse(text)?,
            text: text.to_owned(),
            path: None,
        });
    }
    for (_, own) in own() {
        if let Ok(own) = own
            && own.rules.id == id_or_file
        {
            return Ok(own);
        }
    }
    let unknown = RuleSet::builtin(id_or_file).err();
    Err(anyhow!(
        "{}; nor is there a file of that name, or one of your own",
        unknown.map_or_else(String::new, |e| e.to_string())
    ))
}

/// Whether Windows takes a file of this name as a device, whatever its ending.
fn is_device(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let numbered = upper
        .strip_prefix("COM")
        .or_else(|| upper.strip_prefix("LPT"));
    ["CON", "PRN", "AUX", "NUL"].contains(&upper.as_str())
        || numbered.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Keeps a rule set as the user's own; returns where.
///
/// # Errors
/// When it makes no sense, has the name of one that ships, or the folder cannot be written.
pub fn save_own(rules: &RuleSet) -> anyhow::Result<PathBuf> {
    let text = rules.to_toml()?;
    // What is written must be read back: every rule of the reader holds for the editor too.
    RuleSet::parse(&text)?;
    if RuleSet::builtin_text(&rules.id).is_some() {
        bail!(
            "\"{}\" is the name of a rule set that ships; give yours another one",
            rules.id
        );
    }
    if is_device(&rules.id) {
        bail!(
            "\"{}\" is the name of a device on Windows, where no file can be called so; give the rules another one",
            rules.id
        );
    }
    let folder = own_folder().ok_or_else(|| {
        anyhow!("the system names no configuration folder; set HOLDOUT_CONFIG to one")
    })?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    let path = folder.join(format!("{}.toml", rules.id));
    holdout_store::atomic::replace(&path, text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_known() {
        for name in ["CON", "nul", "Aux", "com1", "LPT9"] {
            assert!(is_device(name), "{name}");
        }
        for name in ["mine", "console", "com", "com10", "lpt-1", ""] {
            assert!(!is_device(name), "{name}");
        }
    }
}
