//! What this program is and what it found on this machine.

use holdout_learn::device::cards;
use serde::Serialize;

use crate::rulesets;

/// Parts whose versions are told.
const PARTS: [&str; 5] = ["burn", "polars", "egui", "eframe", "wgpu"];
const LOCK: &str = include_str!("../../Cargo.lock");

/// Versions, machine, places.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Of this program.
    pub version: &'static str,
    /// System and processor that it was built for.
    pub platform: String,
    /// Processors that it may use.
    pub processors: Option<usize>,
    /// Graphics cards that it could train on.
    pub cards: Vec<String>,
    /// Why they could not be looked for.
    pub cards_problem: Option<String>,
    /// The parts that it is made of, with their versions.
    pub parts: Vec<(String, String)>,
    /// Folder of the user's own rule sets.
    pub own_rulesets: Option<String>,
    /// Its licence.
    pub licence: &'static str,
}

/// Looks around. Looking for cards can take some tenths of a second.
pub fn about() -> About {
    let (found, cards_problem) = match cards() {
        Ok(cards) => (cards.into_iter().map(|c| c.name).collect(), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    About {
        version: env!("CARGO_PKG_VERSION"),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: std::thread::available_parallelism()
            .ok()
            .map(std::num::NonZero::get),
        cards: found,
        cards_problem,
        parts: PARTS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), version_of(name)?)))
            .collect(),
        own_rulesets: rulesets::own_folder().map(|f| f.display().to_string()),
        licence: env!("CARGO_PKG_LICENSE"),
    }
}

/// The version that was linked in, from the lock file of the build.
fn version_of(part: &str) -> Option<String> {
    let (_, after) = LOCK.split_once(&format!("name = \"{part}\"\nversion = \""))?;
    after.split('"').next().map(str::to_owned)
}

impl About {
    /// It as names and values, for the window and the terminal.
    pub fn facts(&self) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let mut facts = vec![
            fact("Version", self.version.to_owned()),
            fact("Platform", self.platform.clone()),
            fact(
                "Processors",
                self.processors
                    .map_or_else(|| "n/a".to_owned(), |n| n.to_string()),
            ),
            fact(
                "Graphics cards to train on",
                match (&self.cards_problem, self.cards.as_slice()) {
                    (Some(why), _) => why.clone(),
                    (None, []) => "none: training runs on the processor".to_owned(),
                    (None, cards) => cards.join(", "),
                },
            ),
        ];
        facts.extend(
            self.parts
                .iter()
                .map(|(name, v)| fact(&format!("Made with {name}"), v.clone())),
        );
        if let Some(folder) = &self.own_rulesets {
            facts.push(fact("Own rule sets", folder.clone()));
        }
        facts.push(fact("Licence", self.licence.to_owned()));
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_build() {
        for part in PARTS {
            let version = version_of(part).unwrap_or_else(|| panic!("{part} is in the lock file"));
            assert!(version.split('.').count() >= 3, "{part} {version}");
        }
        assert_eq!(version_of("no such part"), None);
    }
}
