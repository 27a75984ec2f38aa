//! Tells from the first lines and the name of a file which dialect it is written in.

use std::path::Path;

use crate::dialects::{ALL, Layout, Recognition, Sample, TimeFormat, generic, mapped};
use crate::error::{BadInput, FileError, excerpt};
use crate::options::ImportOptions;
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

/// Looks at the beginning of a file, of the first member of an archive. The options may name the
/// dialect, the columns and the order of dates.
///
/// # Errors
/// When the file cannot be read, when no dialect fits, when the chosen one does not exist or
/// does not fit, and when the file holds daily bars or ticks.
pub fn detect(path: &Path, options: &ImportOptions) -> Result<Detection, FileError> {
    let source = TextSource::open(path)?;
    detect_in(path, source.name(), source.head(), options)
}

/// As [`detect`], on bytes that were read already of a text of this name.
pub(crate) fn detect_in(
    path: &Path,
    name: &str,
    head: &[u8],
    options: &ImportOptions,
) -> Result<Detection, FileError> {
    let mut found = recognise(path, name, head, options)?;
    if let (TimeFormat::Civil(order), Some(said)) = (found.layout.format, options.dates)
        && order != said
    {
        found.layout.format = TimeFormat::Civil(said);
        found
            .evidence
            .push(format!("dates read as {}, as asked for", said.name()));
    }
    Ok(found)
}

#[expect(
    clippy::too_many_lines,
    reason = "one question to the file after the other"
)]
fn recognise(
    path: &Path,
    name: &str,
    head: &[u8],
    options: &ImportOptions,
) -> Result<Detection, FileError> {
    let forced = options.dialect.as_deref();
    let sample = Sample::new(name, head);
    check_there_are_rows(path, &sample)?;
    if let Some(map) = &options.columns {
        let recognised = mapped::layout(&sample, map).map_err(|cause| {
            BadInput::new(path, cause).expected(
                "columns by their names or numbers, e.g. time=1,open=2,high=3,low=4,close=5",
            )
        })?;
        if let Recognition::Bars {
            confidence,
            evidence,
            layout,
        } = recognised
        {
            return Ok(Detection {
                dialect: mapped::ID,
                title: mapped::TITLE,
                confidence,
                evidence,
                layout,
                sample,
            });
        }
    }
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
            if forced.is_none_or(|id| id == "generic")
                && let Some((line, column, cause)) = generic::unreadable_times(&sample)
            {
                let bad = BadInput::new(path, cause)
                    .line(line)
                    .column(excerpt(&column))
                    .expected("times all written in one way, e.g. 2024-03-04 14:30, 03/04/2024 2:30 PM, 20240304 143000, with an offset or without, or seconds since 1970")
                    .remedy("export the file again with such times");
                return Err(bad.into());
            }
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
                .remedy("say which column is what with --columns, or export the file again in one of these");
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
        detect_in(
            Path::new(name),
            name,
            text.as_bytes(),
            &ImportOptions::default(),
        )
    }

    fn forced(name: &str, text: &str, dialect: &str) -> Result<Detection, FileError> {
        let options = ImportOptions {
            dialect: Some(dialect.to_owned()),
            ..ImportOptions::default()
        };
        detect_in(Path::new(name), name, text.as_bytes(), &options)
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
                "interactive_brokers",
                "a.csv",
                "date,open,high,low,close,volume,average,barCount\n20240116 09:30:00 US/Eastern,1,2,1,2,5321,1.5,2411\n",
            ),
            (
                "polygon",
                "a.csv",
                "ticker,volume,open,close,high,low,window_start,transactions\nNQU4,4930,200.29,200.5,200.63,200.29,1744792500000000000,129\n",
            ),
            (
                "lean",
                "20131007_trade.zip/20131007_es_minute_trade_201312.csv",
                "0,1676.5,1676.5,1676.5,1676.5,9\n60000,1676.5,1676.75,1676.5,1676.75,19\n",
            ),
            (
                "lean",
                "es_trade.zip/es_trade_202003.csv",
                "20200102 14:00,3246.5,3251,3245,3249.5,199356\n",
            ),
            (
                "multicharts",
                "a.txt",
                "<Date>, <Time>, <Open>, <High>, <Low>, <Close>, <Volume>\n01/16/2024,09:31:00,16820.25,16835.00,16811.50,16829.75,5321\n",
            ),
            (
                "alpaca",
                "a.csv",
                "symbol,timestamp,open,high,low,close,volume,trade_count,vwap\nES,2024-01-16 09:30:00-05:00,1,2,1,2,5.0,3,1.5\n",
            ),
            (
                "dukascopy",
                "a.csv",
                "Gmt time,Open,High,Low,Close,Volume\n26.03.2025 00:00:00.000,1.07894,1.07894,1.07888,1.07888,9899.999999999998\n",
            ),
            (
                "metastock",
                "a.txt",
                "<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nCHFJPY,20010102,230100,71.55,71.55,71.55,71.55,4\n",
            ),
            (
                "generic",
                "a.csv",
                ",Open,High,Low,Close,Volume\n2017-04-19 09:00:00,1.0716,1.0722,1.07083,1.07219,1413\n",
            ),
            (
                "generic",
                "a.csv",
                "Timestamp;MidPrice;TradeVolume\n2015-01-01 00:01;4237.5;0\n2015-01-01 00:02;4237.5;0\n",
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
        let daily = text(of(
            "a.csv",
            ",Open,High,Low,Close\n2004-08-19,100,104,95,100\n",
        ));
        assert!(daily.contains("daily bars"), "{daily}");
        let quotes = "0,1,1,1,1,1,2,2,2,2,2\n60000,1,1,1,1,1,2,2,2,2,2\n";
        assert!(text(of("20131007_es_minute_quote_201312.csv", quotes)).contains("quotes of LEAN"));
        let dayless = text(of("lean.csv", "0,1,1,1,1,9\n60000,1,1,1,1,9\n"));
        assert!(dayless.contains("this name has none"), "{dayless}");
        assert!(
            text(of("a.csv", "time,open,high,low,close,volume\n")).contains("a header and no rows")
        );
        assert!(text(of("a.csv", "\n\n")).contains("only blank lines"));
        assert!(text(of("a.csv", "hello world\nfoo\n")).contains("no known dialect"));
        let kibot = text(forced("a", "1,2\n3,4\n", "kibot"));
        assert!(
            kibot.contains("not written in the dialect kibot"),
            "{kibot}"
        );
        assert!(text(forced("a", "1,2\n", "foo")).contains("\"foo\" is not a dialect"));
    }
}
