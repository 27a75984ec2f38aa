//! Colours of charts: one table per look, the same meaning in each.
//!
//! Series take colours of the Okabe-Ito palette, which colour-blind people can tell apart. On
//! white the light ones are darkened so that lines keep a contrast of 3 to 1 or better.

/// A colour without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// As `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance, 0 for black to 1 for white (WCAG 2).
    pub fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio of two colours, 1 to 21 (WCAG 2).
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The agent; gains.
    Sky,
    /// Second series.
    Orange,
    /// Third series.
    Green,
    /// Fourth series.
    Purple,
    /// Fifth series.
    Yellow,
    /// Sixth series.
    Blue,
    /// Losses, floors, breaches.
    Vermilion,
    /// Benchmarks and defaults.
    Grey,
    /// As strong as text.
    Text,
}

impl Ink {
    /// Series colours in the order of use.
    pub const SERIES: [Self; 8] = [
        Self::Sky,
        Self::Orange,
        Self::Green,
        Self::Purple,
        Self::Yellow,
        Self::Blue,
        Self::Vermilion,
        Self::Grey,
    ];
}

/// A table of colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Behind everything.
    pub background: Rgb,
    /// Titles and axis labels.
    pub text: Rgb,
    /// Tick labels and footers.
    pub dim: Rgb,
    /// Grid lines.
    pub grid: Rgb,
    /// Frame of a plot.
    pub frame: Rgb,
    /// Series colours in the order of [`Ink::SERIES`].
    pub inks: [Rgb; 8],
}

impl Look {
    /// For papers and prints: white.
    pub fn paper() -> Self {
        Self {
            background: Rgb(255, 255, 255),
            text: Rgb(26, 32, 40),
            dim: Rgb(90, 98, 110),
            grid: Rgb(228, 231, 236),
            frame: Rgb(150, 158, 168),
            inks: [
                Rgb(0, 114, 178),
                Rgb(196, 116, 0),
                Rgb(0, 130, 95),
                Rgb(163, 78, 130),
                Rgb(140, 122, 0),
                Rgb(30, 70, 140),
                Rgb(200, 78, 0),
                Rgb(120, 128, 138),
            ],
        }
    }

    /// For a dark screen.
    pub fn dark() -> Self {
        Self {
            background: Rgb(13, 17, 23),
            text: Rgb(214, 222, 232),
            dim: Rgb(138, 150, 166),
            grid: Rgb(34, 42, 54),
            frame: Rgb(42, 51, 64),
            inks: [
                Rgb(86, 180, 233),
                Rgb(230, 159, 0),
                Rgb(20, 176, 132),
                Rgb(204, 121, 167),
                Rgb(240, 228, 66),
                Rgb(92, 130, 230),
                Rgb(232, 104, 30),
                Rgb(140, 150, 164),
            ],
        }
    }

    /// For a light screen.
    pub fn light() -> Self {
        Self {
            background: Rgb(255, 255, 255),
            ..Self::paper()
        }
    }

    /// The colour of an ink.
    pub fn ink(&self, ink: Ink) -> Rgb {
        match ink {
            Ink::Sky => self.inks[0],
            Ink::Orange => self.inks[1],
            Ink::Green => self.inks[2],
            Ink::Purple => self.inks[3],
            Ink::Yellow => self.inks[4],
            Ink::Blue => self.inks[5],
            Ink::Vermilion => self.inks[6],
            Ink::Grey => self.inks[7],
            Ink::Text => self.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_text_can_be_seen() {
        for look in [Look::paper(), Look::dark(), Look::light()] {
            for ink in Ink::SERIES {
                let c = look.ink(ink).contrast(look.background);
                assert!(c >= 3.0, "{ink:?} has a contrast of {c:.2}");
            }
            assert!(look.text.contrast(look.background) >= 7.0);
            assert!(look.dim.contrast(look.background) >= 4.5);
        }
    }

    #[test]
    fn contrast_of_black_and_white_is_21() {
        assert!((Rgb(0, 0, 0).contrast(Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
        assert_eq!(Rgb(1, 171, 255).hex(), "#01abff");
    }
}
