//! Reads decimal numbers from bytes, fast where they are short, exactly everywhere.

const POWERS: [f64; 19] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// A finite number; `None` for anything else, `nan` and `inf` included.
///
/// Digits, one decimal mark and a sign take the short way: a whole number under 2^53 divided by
/// a power of ten up to 10^22 is rounded once, as the standard parser would round it.
pub(crate) fn parse(cell: &[u8], mark: u8) -> Option<f64> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    };
    if digits.len() > 17 {
        return parse_slowly(cell, mark);
    }
    let (mut whole, mut n_digits, mut n_after, mut after) = (0_u64, 0, 0_usize, false);
    for &b in digits {
        if b.is_ascii_digit() {
            whole = whole * 10 + u64::from(b - b'0');
            n_digits += 1;
            n_after += usize::from(after);
        } else if b == mark && !after {
            after = true;
        } else {
            return parse_slowly(cell, mark);
        }
    }
    if n_digits == 0 || whole >= 1 << 53 {
        return parse_slowly(cell, mark);
    }
    let value = whole as f64 / POWERS[n_after];
    Some(if negative { -value } else { value })
}

/// As [`parse`], also in thousands, millions or billions: `134.5K`, `1.2M`.
pub(crate) fn parse_amount(cell: &[u8], mark: u8) -> Option<f64> {
    parse(cell, mark).or_else(|| {
        let (unit, number) = cell.split_last()?;
        let unit = match unit.to_ascii_uppercase() {
            b'K' => 1e3,
            b'M' => 1e6,
            b'B' => 1e9,
            _ => return None,
        };
        // A whole number of contracts: what a binary fraction adds is rounded away.
        parse(number, mark).map(|n| (n * unit).round())
    })
}

#[cold]
fn parse_slowly(cell: &[u8], mark: u8) -> Option<f64> {
    let text = std::str::from_utf8(cell).ok()?;
    if let Some(value) = grouped(text, char::from(mark)) {
        return Some(value);
    }
    // The standard parser also takes "inf", "nan" and "infinity".
    if !text.bytes().any(|b| b.is_ascii_digit())
        || text
            .bytes()
            .any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E'))
    {
        return None;
    }
    if mark == b',' && text.contains('.') {
        return None;
    }
    let value: f64 = if mark == b',' {
        text.replacen(',', ".", 1).parse().ok()?
    } else {
        text.parse().ok()?
    };
    value.is_finite().then_some(value)
}

/// A number with its thousands set off, such as `17,463.25`, `17.463,25`, or `17 463.25`: one mark
/// between groups of three digits, which is not the decimal mark.
fn grouped(text: &str, mark: char) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = unsigned.split_once(mark).unwrap_or((unsigned, ""));
    let between = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(between, ',' | '.' | ' ' | '\'' | '\u{a0}' | '\u{202f}') || between == mark {
        return None;
    }
    let mut groups = whole.split(between);
    let digits = |g: &str| g.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next()?;
    let sound = (1..=3).contains(&first.len())
        && digits(first)
        && digits(decimals)
        && groups.all(|g| g.len() == 3 && digits(g));
    if !sound {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let plain = format!("{sign}{}.{decimals}", whole.replace(between, ""));
    plain.parse().ok()
}

/// The decimal mark of cells: the last mark of one that has both, a comma before other than three
/// digits; `None` where they show none, or only commas that may set off thousands.
pub(crate) fn decimal_mark<'a>(cells: impl Iterator<Item = &'a str>) -> Option<u8> {
    let mut shown = None;
    for cell in cells {
        match (cell.rfind(','), cell.rfind('.')) {
            (Some(comma), Some(point)) => return Some(if comma > point { b',' } else { b'.' }),
            (Some(comma), None) => {
                let behind = cell.len() - comma - 1;
                if behind != 3 && cell.matches(',').count() == 1 {
                    return Some(b',');
                }
            }
            (None, Some(_)) => shown = shown.or(Some(b'.')),
            (None, None) => {}
        }
    }
    shown
}

/// Whether a cell stands for "no value".
pub(crate) fn is_missing(cell: &[u8]) -> bool {
    cell.is_empty()
        || cell.eq_ignore_ascii_case(b"nan")
        || cell.eq_ignore_ascii_case(b"null")
        || cell.eq_ignore_ascii_case(b"n/a")
}

/// A whole number of at most 19 digits.
pub(crate) fn parse_int(cell: &[u8]) -> Option<i64> {
    if cell.is_empty() || cell.len() > 19 || !cell.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_may_be_in_thousands() {
        for (text, want) in [
            ("134", Some(134.0)),
            ("134.57K", Some(134_570.0)),
            ("1.2m", Some(1_200_000.0)),
            ("0.001B", Some(1_000_000.0)),
            ("K", None),
            ("1.2T", None),
            ("1.2KK", None),
        ] {
            assert_eq!(parse_amount(text.as_bytes(), b'.'), want, "{text}");
        }
        assert_eq!(parse_amount(b"1,5K", b','), Some(1_500.0));
    }

    #[test]
    fn agrees_with_the_standard_parser_to_the_bit() {
        let cells = [
            "0.5",
            "17463.25",
            "2640.60009765625",
            "5527.250000000",
            "-12.5",
            "+3",
            "1e3",
            "9007199254740993",
            "0.1",
            "18065.659431",
            "963693.0",
            "9899.999999999998",
            "1.08",
            "12345678901234567890.5",
            "4.",
            ".5",
        ];
        for c in cells {
            let want: f64 = c.parse().unwrap();
            assert_eq!(
                parse(c.as_bytes(), b'.').map(f64::to_bits),
                Some(want.to_bits()),
                "{c}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_finite_number() {
        for c in [
            "", ".", "-", "nan", "NaN", "inf", "-inf", "Infinity", "1,5", "1.2.3", "1e999", "12a",
            "0x1", "1_0",
        ] {
            assert_eq!(parse(c.as_bytes(), b'.'), None, "{c}");
        }
        assert_eq!(parse(b"17463,25", b','), Some(17463.25));
        assert_eq!(
            parse_int(b"1719877200000000000"),
            Some(1_719_877_200_000_000_000)
        );
        assert_eq!(parse_int(b"12.0"), None);
    }

    #[test]
    fn thousands_are_read_where_the_groups_are_sound() {
        for (cell, mark, want) in [
            ("17,463.25", b'.', Some(17_463.25)),
            ("1,234,567", b'.', Some(1_234_567.0)),
            ("-1,234.5", b'.', Some(-1_234.5)),
            ("17.463,25", b',', Some(17_463.25)),
            ("17\u{a0}463.25", b'.', Some(17_463.25)),
            ("17'463.25", b'.', Some(17_463.25)),
            ("17,46.25", b'.', None),
            ("17463,25", b'.', None),
            ("1,234,56", b'.', None),
            (",234", b'.', None),
            ("1,234.5,6", b'.', None),
            ("1,234 567", b'.', None),
        ] {
            assert_eq!(parse(cell.as_bytes(), mark), want, "{cell}");
        }
    }

    #[test]
    fn the_decimal_mark_is_the_one_that_the_cells_prove() {
        let of = |cells: &[&str]| decimal_mark(cells.iter().copied());
        assert_eq!(of(&["18,000", "18,000.25"]), Some(b'.'));
        assert_eq!(of(&["18.000", "18.000,25"]), Some(b','));
        assert_eq!(of(&["17463,5"]), Some(b','));
        assert_eq!(of(&["17463.5"]), Some(b'.'));
        assert_eq!(of(&["18,000"]), None);
    }
}
