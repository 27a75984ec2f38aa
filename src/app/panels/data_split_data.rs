//! The split in figures, and what a typed date does to its bounds.

use holdout_core::market::split::Part;
use holdout_core::market::{Sessions, Split, SplitRatios};
use holdout_core::time::TradingDay;

/// One part of the split in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFacts {
    /// Which part.
    pub part: Part,
    /// First trading day.
    pub first: TradingDay,
    /// Last trading day.
    pub last: TradingDay,
    /// Trading days.
    pub sessions: usize,
    /// Bars from its first to its last.
    pub bars: usize,
}

/// First session of validation and of test, counted from 0.
pub fn bounds(sessions: &Sessions, split: &Split) -> [usize; 2] {
    let of = |day| sessions.days.partition_point(|d| d.day < day);
    [of(split.validation.0), of(split.test.0)]
}

/// The parts in figures, in order of time.
pub fn part_facts(sessions: &Sessions, split: &Split) -> [PartFacts; 3] {
    let [a, b] = bounds(sessions, split);
    let n = sessions.days.len();
    let counts = [a, b - a, n - b];
    let mut counts = counts.into_iter();
    Part::ALL.map(|part| {
        let (first, last) = split.days(part);
        PartFacts {
            part,
            first,
            last,
            sessions: counts.next().unwrap_or(0),
            bars: split.bars(sessions, part).len(),
        }
    })
}

/// Shares that put the bounds at these sessions; kept apart so that each part has a session.
pub fn ratios(n: usize, bounds: [usize; 2]) -> SplitRatios {
    let n = n.max(3);
    let a = bounds[0].clamp(1, n - 2);
    let b = bounds[1].clamp(a + 1, n - 1);
    SplitRatios {
        train: a as f64 / n as f64,
        validation: (b - a) as f64 / n as f64,
    }
}

/// Moves one bound (0: begin of validation, 1: begin of test) to a session; the other gives way.
pub fn moved(n: usize, bounds: [usize; 2], k: usize, session: usize) -> SplitRatios {
    let n = n.max(3);
    let mut b = bounds;
    if k == 0 {
        b[0] = session.clamp(1, n - 2);
        b[1] = b[1].max(b[0] + 1);
    } else {
        b[1] = session.clamp(2, n - 1);
        b[0] = b[0].min(b[1] - 1);
    }
    ratios(n, b)
}

/// The session that a typed date means: the first one on or after it.
///
/// # Errors
/// A sentence when the text is no date, or lies outside the file.
pub fn session_of(sessions: &Sessions, text: &str) -> Result<usize, String> {
    let day: TradingDay = text.trim().parse().map_err(|e| {
        format!(
            "\"{}\" is not a date ({e}); write it as 2024-03-04",
            text.trim()
        )
    })?;
    let days = &sessions.days;
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Err("the file has no sessions".to_owned());
    };
    if day <= first.day || day > last.day {
        return Err(format!(
            "{day} leaves a part empty; the sessions of the file go from {} to {}",
            first.day, last.day
        ));
    }
    Ok(days.partition_point(|d| d.day < day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::{Bars, Instruments, SessionCalendar};

    fn sessions() -> Sessions {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 3600);
        for h in 0..24 * 60 {
            bars.push(1_709_500_000 / 3600 * 3600 + h * 3600, [4, 4, 4, 4], 0.0);
        }
        Sessions::new(&bars, &SessionCalendar::builtin())
    }

    #[test]
    fn bounds_and_shares_are_inverse() {
        let sessions = sessions();
        let n = sessions.days.len();
        for wanted in [[1, 2], [10, 30], [n - 2, n - 1]] {
            let split = Split::by_ratio(&sessions, ratios(n, wanted)).unwrap();
            assert_eq!(bounds(&sessions, &split), wanted);
            let facts = part_facts(&sessions, &split);
            assert_eq!(facts.iter().map(|f| f.sessions).sum::<usize>(), n);
            assert_eq!(facts[0].sessions, wanted[0]);
            assert_eq!(facts[1].first, sessions.days[wanted[0]].day);
        }
        assert_eq!(
            ratios(10, [9, 3]),
            ratios(10, [8, 9]),
            "bounds that cross are pushed apart"
        );
    }

    #[test]
    fn the_bound_that_is_moved_wins_over_the_other() {
        assert_eq!(moved(20, [10, 15], 0, 17), ratios(20, [17, 18]));
        assert_eq!(moved(20, [10, 15], 1, 4), ratios(20, [3, 4]));
        assert_eq!(moved(20, [10, 15], 1, 99), ratios(20, [10, 19]));
    }

    #[test]
    fn dates_mean_the_session_on_or_after_them() {
        let sessions = sessions();
        let days = &sessions.days;
        // A Saturday means the Monday after it.
        let monday = days
            .iter()
            .position(|d| d.day.to_string() == "2024-03-18")
            .unwrap();
        assert_eq!(session_of(&sessions, "2024-03-16"), Ok(monday));
        assert_eq!(session_of(&sessions, " 2024-03-18 "), Ok(monday));
        let outside = session_of(&sessions, "2031-01-01").unwrap_err();
        assert!(
            outside.contains("the sessions of the file go from"),
            "{outside}"
        );
        assert!(
            session_of(&sessions, "18.3.")
                .unwrap_err()
                .contains("2024-03-04")
        );
    }
}
