//! Tells from the first lines and the name of a file which dialect it is written in.

use std::path::Path;

use crate::dialects::{ALL, Layout, Recognition, Sample};
use crate::error::{BadInput, FileError, excerpt};
use crate::text::TextSource;

/// The dialect of a file, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Identifier of the dialect.
    pub dialect: &'static str,
    /// Name of the dialect for people.
    pub title: &'static str,
    /// How sure the detection is, 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// The layout to read rows by.
    pub layout: Layout,
    /// The lines it was taken from.
    pub sample: Sample,
}

/// Looks at the beginning of a file; `forced` names the dialect that the user chose.
///
/// # Errors
/// When the file cannot be read, when no dialect fits, when the chosen one does not exist or
/// does not fit, and when the file holds daily bars or ticks.
pub fn detect(path: &Path, forced: Option<&str>) -> Result<Detection, FileError> {
    let source = TextSource::open(path)?;
    detect_in(path, source.head(), forced)
}

/// As [`detect`], on bytes that were read already.
pub(crate) fn detect_in(
    path: &Path,
    head: &[u8],
    forced: Option<&str>,
) -> Result<Detection, FileError> {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let sample = Sample::new(&name, head);
    check_there_are_rows(path, &sample)?;
    let known = || ALL.iter().map(|d| d.id).collect::<Vec<_>>().join(", ");
    let candidates: Vec<_> = match forced {
        None => ALL.iter().collect(),
        Some(id) => {
            let one = ALL.iter().find(|d| d.id == id);
            vec![one.ok_or_else(|| {
                BadInput::new(path, format!("\"{id}\" is not a dialect"))
                    .expected(format!("one of {}", known()))
            })?]
        }
    };
    // Stable: among equally sure dialects the first of the list stays in front.
    let best = candidates
        .into_iter()
        .filter_map(|d| (d.recognise)(&sample).map(|r| (d, r)))
        .reduce(|a, b| {
            if b.1.confidence() > a.1.confidence() {
                b
            } else {
                a
            }
        });
    match best {
        Some((
            dialect,
            Recognition::Bars {
                confidence,
                evidence,
                layout,
            },
        )) => Ok(Detection {
            dialect: dialect.id,
            title: dialect.title,
            confidence,
            evidence,
            layout,
            sample,
        }),
        Some((_, Recognition::NotBars { what, remedy, .. })) => {
            Err(BadInput::new(path, format!("the file holds {what}"))
                .expected("bars of seconds, minutes or hours")
                .remedy(remedy)
                .into())
        }
        None => {
            let first = std::str::from_utf8(head)
                .unwrap_or("")
                .lines()
                .find(|l| !l.trim().is_empty())
                .unwrap_or("");
            let cause = match forced {
                Some(id) => format!(
                    "the first line \"{}\" is not written in the dialect {id}",
                    excerpt(first)
                ),
                None => format!(
                    "the first line \"{}\" is in no known dialect",
                    excerpt(first)
                ),
            };
            let bad = BadInput::new(path, cause)
                .line(1)
                .expected(format!("a header that names time, open, high, low and close, or one of the dialects {}", known()))
                .remedy("add a header line, or export the file again in one of these");
            Err(bad.into())
        }
    }
}

fn check_there_are_rows(path: &Path, sample: &Sample) -> Result<(), FileError> {
    if !sample.rows.is_empty() {
        return Ok(());
    }
    let cause = if sample.header.is_empty() {
        "the file holds only blank lines"
    } else {
        "the file has a header and no rows"
    };
    Err(BadInput::new(path, cause)
        .expected("at least two bars")
        .remedy("export it again with a date range")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::{DateOrder, TimeColumns, TimeFormat, VolumeColumns, ZoneRule};
    use crate::options::Stamp;

    fn of(name: &str, text: &str) -> Result<Detection, FileError> {
        detect_in(Path::new(name), text.as_bytes(), None)
    }

    #[test]
    fn each_dialect_is_told_from_the_others() {
        let cases = [
            (
                "canonical",
                "a.csv",
                "time,open,high,low,close,volume\n2024-03-04T14:30:00Z,1,2,1,2,5\n",
            ),
            (
                "databento",
                "a.csv",
                "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n1719877200000000000,33,1,118,5527250000000,5527500000000,5527000000000,5527500000000,180,ESU4\n",
            ),
            (
                "ninjatrader8",
                "NQ 09-23.Last.txt",
                "20230702 220100;15331;15344.25;15330.5;15341.5;515\n",
            ),
            (
                "tradingview",
                "CME_MINI_NQ1!, 60.csv",
                "time,open,high,low,close,Volume\n1673542800,14160.5,14222,14144,14207.25,62132\n",
            ),
            (
                "tradingview",
                "a.csv",
                "time,open,high,low,close,Plot,Plot\n2022-01-16T17:00:00-06:00,1,2,1,2,NaN,\n",
            ),
            (
                "firstrate",
                "a.txt",
                "2023-11-19 18:00:00,15895.00,15903.75,15888.00,15893.25,571\n",
            ),
            (
                "kibot",
                "a.txt",
                "11/24/2023,09:30,16045.25,16050.5,16040,16048.75,2210\n",
            ),
            (
                "sierra_chart",
                "a.txt",
                "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades\n2008/5/4, 22:00:00, 1413.50, 1414.00, 1412.75, 1413.75, 7, 0\n",
            ),
            (
                "metatrader5",
                "a.csv",
                "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2024.01.02\t00:00:00\t2062.94\t2064.31\t2062.10\t2063.55\t412\t0\t28\n",
            ),
            (
                "tradestation",
                "a.txt",
                "\"Date\",\"Time\",\"Open\",\"High\",\"Low\",\"Close\",\"Up\",\"Down\"\n01/03/2010,17:01,1366.50,1367.50,1366.00,1367.00,2566,854\n",
            ),
            (
                "metatrader4",
                "DAT_MT_X.csv",
                "2026.02.01,18:00,25387.779,25418.319,25387.231,25405.264,0\n",
            ),
            (
                "barchart",
                "a.csv",
                "Time,Open,High,Low,Latest,Change,%Change,Volume\n\"2020-03-20 08:29\",2443.25,2445.00,2442.50,2444.75,+1.50,+0.06%,1532\n",
            ),
            (
                "yfinance",
                "a.csv",
                "Datetime,Adj Close,Close,High,Low,Open,Volume\n2026-04-29 00:05:00-04:00,27294.0,27294.0,27294.25,27291.25,27291.25,0\n",
            ),
            (
                "generic",
                "a.csv",
                "date,close,open,high,low\n2024-01-01 17:00:00,2,1,3,1\n",
            ),
        ];
        for (want, name, text) in cases {
            assert_eq!(of(name, text).unwrap().dialect, want, "{text}");
        }
    }

    #[test]
    fn layouts_hold_the_platforms_conventions() {
        let nt = of(
            "NQ 09-23.Last.txt",
            "20230702 220100;15331;15344.25;15330.5;15341.5;515\n",
        )
        .unwrap()
        .layout;
        assert_eq!((nt.stamp, nt.zone), (Stamp::Close, ZoneRule::Fixed("UTC")));
        let ts = of("a.txt", "\"Date\",\"Time\",\"Open\",\"High\",\"Low\",\"Close\",\"Up\",\"Down\"\n01/03/2010,17:01,1,2,1,2,2566,854\n").unwrap();
        assert_eq!(
            (ts.layout.stamp, ts.layout.volume),
            (Stamp::Close, VolumeColumns::Sum(6, 7))
        );
        assert_eq!(
            (ts.layout.time, ts.layout.format),
            (
                TimeColumns::DateAndClock(0, 1),
                TimeFormat::Civil(DateOrder::Mdy)
            )
        );
        let hd = of(
            "DAT_NT_SPXUSD_M1_202602_LAST.csv",
            "20260201 180000;25387.779;25418.319;25387.231;25405.264;0\n",
        )
        .unwrap()
        .layout;
        assert_eq!(
            (hd.stamp, hd.zone),
            (Stamp::Open, ZoneRule::Fixed("Etc/GMT+5"))
        );
        let yf = of("a.csv", "Datetime,Adj Close,Close,High,Low,Open,Volume\n2026-04-29 00:05:00-04:00,1,2,3,4,5,6\n").unwrap();
        assert_eq!(yf.layout.ohlc, [5, 3, 4, 2]);
    }

    #[test]
    fn what_is_no_bar_file_is_refused_with_a_reason() {
        let text = |r: Result<Detection, FileError>| r.unwrap_err().to_string();
        assert!(
            text(of("a.txt", "20061023;1377.25;1377.25;1377.25;1377.25;86\n"))
                .contains("daily bars of NinjaTrader")
        );
        assert!(text(of("a.txt", "20061107 000431;1383.00;1\n")).contains("ticks of NinjaTrader"));
        assert!(
            text(of("a.csv", "time,open,high,low,close,volume\n")).contains("a header and no rows")
        );
        assert!(text(of("a.csv", "\n\n")).contains("only blank lines"));
        assert!(text(of("a.csv", "hello world\nfoo\n")).contains("no known dialect"));
        let forced = detect_in(Path::new("a"), b"1,2\n3,4\n", Some("kibot"))
            .unwrap_err()
            .to_string();
        assert!(
            forced.contains("not written in the dialect kibot"),
            "{forced}"
        );
        assert!(
            detect_in(Path::new("a"), b"1,2\n", Some("foo"))
                .unwrap_err()
                .to_string()
                .contains("\"foo\" is not a dialect")
        );
    }
}
