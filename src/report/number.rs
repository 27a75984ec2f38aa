//! Numbers as text: thousands separators, a true minus sign, fixed decimals.
//!
//! Every page and every exported chart writes its numbers with these functions. A value that
//! could not be computed is `n/a`, with the reason where the caller knows one.

use holdout_core::units::Usd;

/// The minus sign of printed numbers (U+2212), as wide as a plus.
pub const MINUS: char = '\u{2212}';

/// A number with thousands separators and a fixed number of decimals; `n/a` when not finite.
pub fn grouped(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        return "n/a".to_owned();
    }
    let digits = format!("{:.*}", decimals, x.abs());
    let (whole, part) = digits
        .split_once('.')
        .map_or((digits.as_str(), None), |(w, p)| (w, Some(p)));
    let negative = x < 0.0 && digits.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    if negative {
        text.push(MINUS);
    }
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    if let Some(part) = part {
        text.push('.');
        text.push_str(part);
    }
    text
}

/// A count with thousands separators.
pub fn count(n: u64) -> String {
    grouped(n as f64, 0)
}

/// Dollars with a fixed number of decimals: `$1,234.50`, `−$12.00`.
pub fn dollars(x: f64, decimals: usize) -> String {
    let text = grouped(x, decimals);
    match text.strip_prefix(MINUS) {
        Some(rest) => format!("{MINUS}${rest}"),
        None if x.is_finite() => format!("${text}"),
        None => text,
    }
}

/// Dollars with a sign in front of gains as well, so that the sign never rests on colour.
pub fn dollars_signed(x: f64, decimals: usize) -> String {
    let text = dollars(x, decimals);
    let gain = x > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if gain { format!("+{text}") } else { text }
}

/// A fraction as percent: `0.456` is `45.6%`.
pub fn percent_to(fraction: f64, decimals: usize) -> String {
    if fraction.is_finite() {
        format!("{}%", grouped(fraction * 100.0, decimals))
    } else {
        "n/a".to_owned()
    }
}

/// A fraction as a percentage with one decimal.
pub fn percent(x: f64) -> String {
    percent_to(x, 1)
}

/// Dollars with cents.
pub fn usd(x: Usd) -> String {
    dollars(x.dollars(), 2)
}

/// A statistic that may not exist; says from how many trades or days it would have come.
pub fn or_na(x: Option<f64>, show: impl Fn(f64) -> String, n: usize, of: &str) -> String {
    x.map_or_else(|| format!("n/a ({})", counted(n, of)), show)
}

/// A count with its noun: `0 trades`, `1 trade`, `12 trades`.
pub fn counted(n: usize, plural: &str) -> String {
    let noun = if n == 1 {
        plural.strip_suffix('s').unwrap_or(plural)
    } else {
        plural
    };
    format!("{n} {noun}")
}

/// Large numbers in short: `12,345`, `1.25 M`, `3.4 G`.
pub fn short(x: f64) -> String {
    let (scaled, unit) = match x.abs() {
        a if a >= 1e9 => (x / 1e9, " G"),
        a if a >= 1e6 => (x / 1e6, " M"),
        _ => (x, ""),
    };
    if unit.is_empty() {
        grouped(x, 0)
    } else {
        format!("{}{unit}", grouped(scaled, 2))
    }
}

/// A small number with as many digits as it needs: `0.25`, `3e−5`.
pub fn plain(x: f64) -> String {
    if !x.is_finite() {
        return "n/a".to_owned();
    }
    if x != 0.0 && x.abs() < 1e-3 {
        let text = format!("{x:.2e}")
            .replace(".00e", "e")
            .replace('-', &MINUS.to_string());
        return text;
    }
    let text = grouped(x, 4);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Seconds for people: `12 s`, `3 min 05 s`, `2 h 10 min`.
pub fn duration(secs: f64) -> String {
    if !secs.is_finite() || secs < 0.0 {
        return "n/a".to_owned();
    }
    let s = secs.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}

/// Decimals that tell apart numbers `step` from each other.
pub fn decimals_of(step: f64) -> usize {
    if step <= 0.0 || !step.is_finite() {
        return 0;
    }
    (0..9)
        .find(|&d| {
            let scaled = step * 10_f64.powi(d as i32);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
        })
        .unwrap_or(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_minus_and_decimals() {
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-1_000.0, 0), "−1,000");
        assert_eq!(grouped(-0.001, 2), "0.00", "no minus before zero");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(f64::NAN, 2), "n/a");
    }

    #[test]
    fn money_keeps_its_sign_in_front() {
        assert_eq!(dollars(-512.5, 2), "−$512.50");
        assert_eq!(dollars_signed(512.5, 0), "+$512");
        assert_eq!(dollars_signed(0.0, 2), "$0.00");
        assert_eq!(dollars(f64::INFINITY, 2), "n/a");
    }

    #[test]
    fn a_statistic_without_a_value_says_from_what() {
        assert_eq!(or_na(None, percent, 3, "trades"), "n/a (3 trades)");
        assert_eq!(or_na(None, percent, 1, "days"), "n/a (1 day)");
        assert_eq!(or_na(Some(0.5), percent, 3, "trades"), "50.0%");
        assert_eq!(usd(Usd::whole(-2_500)), "−$2,500.00");
    }

    #[test]
    fn shares_rates_and_times() {
        assert_eq!(percent_to(0.4567, 1), "45.7%");
        assert_eq!(short(12_345.0), "12,345");
        assert_eq!(short(1_254_000.0), "1.25 M");
        assert_eq!(plain(0.000_03), "3e−5");
        assert_eq!(plain(0.25), "0.25");
        assert_eq!(duration(185.0), "3 min 05 s");
        assert_eq!(duration(7_800.0), "2 h 10 min");
        assert_eq!(decimals_of(0.25), 2);
        assert_eq!(decimals_of(500.0), 0);
    }
}
