//! `holdout bench --ui`: how long the window's frames take.

use std::time::Instant;

use super::table::{facts, row, table};
use super::{Outcome, print_json};
use crate::app::frame_bench::{FrameBench, measure};
use crate::report::number::grouped;

pub(super) fn run(since: Instant, json: bool) -> Outcome {
    let t = measure(FrameBench::default(), since)?;
    if json {
        return print_json(&t);
    }
    let ms = |x: f64| format!("{} ms", grouped(x, 2));
    println!(
        "{}",
        facts(&[
            (
                "drawn",
                format!(
                    "{} bars, {} equity points, {} trades{}",
                    grouped(t.bars as f64, 0),
                    grouped(t.points as f64, 0),
                    grouped(t.trades as f64, 0),
                    if t.training {
                        ", a run training meanwhile"
                    } else {
                        ""
                    }
                )
            ),
            (
                "frame",
                format!(
                    "{} (median), {} (99%), {} (slowest of {})",
                    ms(t.frame_ms_median),
                    ms(t.frame_ms_p99),
                    ms(t.frame_ms_max),
                    t.frames
                )
            ),
            ("first frame after", ms(t.start_to_first_frame_ms)),
        ])
    );
    let mut by_page = table(&["page", "median", "99%", "slowest"]);
    for p in &t.pages {
        row(
            &mut by_page,
            &[p.page.to_owned(), ms(p.median), ms(p.p99), ms(p.max)],
        );
    }
    println!("\n{by_page}\n\nwithout the graphics card's part of a frame");
    Ok(())
}
