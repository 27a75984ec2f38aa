//! Numbers as people read them: thousands separators, a real minus sign, "n/a" for what cannot be computed.

use holdout_core::units::Usd;

/// A number with `decimals` places, commas between thousands and U+2212 as minus.
pub fn grouped(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        return "n/a".to_owned();
    }
    let text = format!("{:.decimals$}", x.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut out = String::with_capacity(text.len() + text.len() / 3 + 3);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    if x < 0.0 && !zero {
        out.push('\u{2212}');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(f) = fraction {
        out.push('.');
        out.push_str(f);
    }
    out
}

/// Dollars with cents.
pub fn usd(x: Usd) -> String {
    dollars(x.dollars(), 2)
}

/// Dollars with `decimals` places, the sign in front of the dollar sign.
pub fn dollars(x: f64, decimals: usize) -> String {
    let text = grouped(x, decimals);
    match text.strip_prefix('\u{2212}') {
        Some(rest) => format!("\u{2212}${rest}"),
        None if text == "n/a" => text,
        None => format!("${text}"),
    }
}

/// A fraction as a percentage with one decimal.
pub fn percent(x: f64) -> String {
    format!("{}%", grouped(x * 100.0, 1))
}

/// A statistic that may not exist; says from how many trades or days it would have come.
pub fn or_na(x: Option<f64>, show: impl Fn(f64) -> String, n: usize, of: &str) -> String {
    x.map_or_else(|| format!("n/a ({n} {of})"), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(grouped(-999.0, 0), "\u{2212}999");
        assert_eq!(grouped(-0.001, 2), "0.00");
        assert_eq!(dollars(-2_500.0, 0), "\u{2212}$2,500");
        assert_eq!(percent(0.5), "50.0%");
        assert_eq!(or_na(None, percent, 3, "trades"), "n/a (3 trades)");
        assert_eq!(grouped(f64::NAN, 1), "n/a");
    }
}
