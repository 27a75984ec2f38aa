//! Which processor computes, chosen at run time.
//!
//! `auto` takes a real graphics card where there is one and the processor otherwise; a
//! software rasteriser never counts as a card. Looking for cards cannot end the program: a
//! driver that panics is a machine without a card, and the reason says so.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use burn::tensor::Device;
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};

/// What the user asked for: `auto`, `cpu`, `gpu` or `gpu:1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// A graphics card if there is one.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The graphics card with this index.
    Gpu(usize),
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(n) => write!(f, "gpu:{n}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;
    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let wrong = || DeviceError::Unknown {
            text: text.to_owned(),
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(0)),
            other => {
                let index = other.strip_prefix("gpu:").ok_or_else(wrong)?;
                index
                    .parse()
                    .map(Self::Gpu)
                    .map_err(|_not_a_number| wrong())
            }
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = DeviceError;
    fn try_from(text: String) -> Result<Self, DeviceError> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not a name of a device.
    #[error("\"{text}\" is not a device; expected auto, cpu, gpu or gpu:1")]
    Unknown {
        /// What was written.
        text: String,
    },
    /// A card that cannot train: it took no numbers, or gets sums wrong.
    #[error("this graphics card cannot be used: {reason}")]
    Refused {
        /// What it did.
        reason: String,
    },
    /// There is no such card.
    #[error(
        "no graphics card number {index}: {reason}; use --device cpu, or install the card's Vulkan driver"
    )]
    NoCard {
        /// Index asked for.
        index: usize,
        /// What the search found.
        reason: String,
    },
}

/// The processor or card that a run uses.
#[derive(Clone, Debug)]
pub enum Compute {
    /// The processor, through this crate's fused pass over the network.
    Cpu,
    /// A device of burn: a graphics card, or in tests burn's own processor device.
    Burn(Device),
}

/// A device, and why it was taken.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Where tensors live.
    pub compute: Compute,
    /// `cpu` or the card's name.
    pub name: String,
    /// One line for the log and the status bar.
    pub reason: String,
}

/// A graphics card and the device that reaches it.
#[derive(Clone, Debug)]
pub struct Card {
    /// Name that the driver reports.
    pub name: String,
    /// Device of burn.
    pub device: Device,
}

/// Real graphics cards of this machine; software rasterisers are left out.
///
/// # Errors
/// The driver failed while cards were looked for, with what it said.
pub fn cards() -> Result<Vec<Card>, String> {
    catch_unwind(AssertUnwindSafe(|| {
        if !any_card() {
            return Vec::new();
        }
        Device::enumerate_physical()
            .into_iter()
            .filter_map(|gpu| {
                let device = gpu.devices.into_vec().into_iter().next()?;
                Some(Card {
                    name: gpu.name,
                    device,
                })
            })
            .collect()
    }))
    .map_err(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        format!("the graphics driver failed while cards were looked for ({said})")
    })
}

/// Whether the system names a real card.
///
/// Asked before burn is: that opens every device it can reach, software rasterisers too, and one
/// that is open has a thread which looks for work all the time, at 7% of a processor core measured.
fn any_card() -> bool {
    if cfg!(feature = "cuda") {
        return true;
    }
    let adapters = wgpu::Instance::default().enumerate_adapters(wgpu::Backends::PRIMARY);
    let real = |a: &wgpu::Adapter| a.get_info().device_type != wgpu::DeviceType::Cpu;
    block_on(adapters).iter().any(real)
}

impl DeviceChoice {
    /// Finds the device.
    ///
    /// # Errors
    /// A card was asked for that is not there. `auto` and `cpu` never fail.
    pub fn resolve(self) -> Result<Resolved, DeviceError> {
        self.resolve_among(cards)
    }

    fn resolve_among(
        self,
        find: impl FnOnce() -> Result<Vec<Card>, String>,
    ) -> Result<Resolved, DeviceError> {
        let cpu = |reason: String| Resolved {
            compute: Compute::Cpu,
            name: "cpu".to_owned(),
            reason,
        };
        let gpu = |card: Card, reason: String| Resolved {
            compute: Compute::Burn(card.device),
            name: card.name,
            reason,
        };
        match self {
            Self::Cpu => Ok(cpu("cpu: asked for".to_owned())),
            Self::Auto => Ok(match find().map(|found| found.into_iter().next()) {
                Ok(Some(card)) => {
                    let reason = format!("{}: the first graphics card found", card.name);
                    gpu(card, reason)
                }
                Ok(None) => cpu("cpu: no graphics card found".to_owned()),
                Err(failure) => cpu(format!("cpu: {failure}")),
            }),
            Self::Gpu(index) => {
                let found = find().map_err(|reason| DeviceError::NoCard { index, reason })?;
                let n = found.len();
                let card = found
                    .into_iter()
                    .nth(index)
                    .ok_or_else(|| DeviceError::NoCard {
                        index,
                        reason: format!(
                            "{n} found, counted from 0; software rasterisers do not count"
                        ),
                    })?;
                let reason = format!("{}: asked for as {self}", card.name);
                Ok(gpu(card, reason))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_both_ways() {
        for text in ["auto", "cpu", "gpu:0", "gpu:3"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("GPU".parse::<DeviceChoice>().unwrap(), DeviceChoice::Gpu(0));
        assert!("gpu:".parse::<DeviceChoice>().is_err());
        assert!(
            "cuda"
                .parse::<DeviceChoice>()
                .unwrap_err()
                .to_string()
                .contains("expected auto")
        );
    }

    #[test]
    fn auto_takes_a_card_and_survives_a_broken_driver() {
        let card = || Card {
            name: "Made-up 9000".to_owned(),
            device: Device::flex(),
        };
        let auto = |found| DeviceChoice::Auto.resolve_among(|| found).unwrap();
        assert_eq!(auto(Ok(vec![card()])).name, "Made-up 9000");
        assert_eq!(auto(Ok(vec![])).reason, "cpu: no graphics card found");
        assert!(
            auto(Err("the driver failed".to_owned()))
                .reason
                .contains("failed")
        );
        assert!(
            DeviceChoice::Gpu(1)
                .resolve_among(|| Ok(vec![card()]))
                .is_err()
        );
    }

    #[test]
    fn this_machine_resolves_without_a_crash() {
        let resolved = DeviceChoice::Auto.resolve().unwrap();
        assert!(!resolved.reason.is_empty());
    }
}
