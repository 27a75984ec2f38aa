//! The part of the day a bar belongs to, by its open time in New York.

use serde::{Deserialize, Serialize};

use crate::market::{Bars, Sessions};
use crate::time::TimeOfDay;

/// Part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPart {
    /// 09:30 to 12:00.
    Morning,
    /// 12:00 to 16:00.
    Afternoon,
    /// Any other time.
    Outside,
}

impl SessionPart {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Morning, Self::Afternoon, Self::Outside];

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Outside => "outside",
        }
    }
}

/// The part of the day of bar `i`; bars outside every session are `Outside`.
pub fn label(bars: &Bars, sessions: &Sessions, i: usize) -> SessionPart {
    let bounds = [
        TimeOfDay::hm(9, 30),
        TimeOfDay::hm(12, 0),
        TimeOfDay::hm(16, 0),
    ]
    .map(TimeOfDay::since_roll);
    match sessions.day(i).map(|day| bars.open_time[i] - day.roll_utc) {
        Some(t) if (bounds[0]..bounds[1]).contains(&t) => SessionPart::Morning,
        Some(t) if (bounds[1]..bounds[2]).contains(&t) => SessionPart::Afternoon,
        _ => SessionPart::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instruments, SessionCalendar};
    use crate::time::parse_utc;

    #[test]
    fn parts_begin_on_the_minute() {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for t in ["14:29", "14:30", "16:59", "17:00", "20:59", "21:00"] {
            bars.push(
                parse_utc(&format!("2024-03-05T{t}:00Z")).unwrap(),
                [4; 4],
                0.0,
            );
        }
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let parts: Vec<_> = (0..6).map(|i| label(&bars, &sessions, i).name()).collect();
        assert_eq!(
            parts,
            [
                "outside",
                "morning",
                "morning",
                "afternoon",
                "afternoon",
                "outside"
            ]
        );
    }
}
