//! The indicator table: raw indicators in points beside the scaled features, for comparison
//! with other libraries.

use super::adx::directional_movement;
use super::atr::wilder_atr_ticks;
use super::bollinger::bollinger;
use super::layout::FeatureSet;
use super::macd::{macd_line, macd_signal};
use super::matrix::{clip, scaled_columns};
use super::momentum::momentum;
use super::moving_average::{ema, sma};
use super::rsi::rsi;
use super::vwap::session_vwap_ticks;
use crate::market::{Bars, Sessions};

/// Every indicator and every scaled feature (`f_*`), by column name.
///
/// Prices and distances are in points. One value a bar; NaN means undefined and is to be
/// written as an empty cell.
pub fn indicator_table(
    bars: &Bars,
    sessions: &Sessions,
    flat_by_secs_since_roll: i64,
) -> Vec<(String, Vec<f64>)> {
    let close: Vec<f64> = bars.close.iter().map(|&c| f64::from(c)).collect();
    let tick = bars.instrument.tick_size;
    let points = |mut ticks: Vec<f64>| {
        ticks.iter_mut().for_each(|x| *x *= tick);
        ticks
    };
    let direction = directional_movement(bars, 14);
    let line = macd_line(&close, 12, 26);
    let signal = macd_signal(&line, 9);
    let (upper, lower) = bollinger(&close, 20, 2.0);
    let named = |name: &str, column: Vec<f64>| (name.to_owned(), column);
    let mut table = vec![
        named("atr_14", points(wilder_atr_ticks(bars, 14))),
        named("rsi_14", rsi(&close, 14)),
        named("adx_14", direction.adx),
        named("plus_di_14", direction.plus_di),
        named("minus_di_14", direction.minus_di),
        named("sma_5", points(sma(&close, 5))),
        named("sma_20", points(sma(&close, 20))),
        named("sma_200", points(sma(&close, 200))),
        named("ema_12", points(ema(&close, 12))),
        named("ema_26", points(ema(&close, 26))),
        named("macd", points(line)),
        named("macd_signal", points(signal)),
        named("bb_upper_20", points(upper)),
        named("bb_lower_20", points(lower)),
        named("vwap_session", points(session_vwap_ticks(bars, sessions))),
        named("momentum_10", points(momentum(&close, 10))),
        named("volume_sma_20", sma(&bars.volume, 20)),
    ];
    let set = FeatureSet::default();
    let scaled = scaled_columns(bars, sessions, flat_by_secs_since_roll, &set);
    for (name, column) in set.names().into_iter().zip(scaled) {
        let seen = column
            .into_iter()
            .map(|x| clip(x).map_or(f64::NAN, f64::from))
            .collect();
        table.push((format!("f_{name}"), seen));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeatureMatrix;
    use crate::features::matrix::walk;
    use crate::market::SessionCalendar;

    #[test]
    fn scaled_columns_are_those_of_the_matrix() {
        let bars = walk(600, 8);
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let table = indicator_table(&bars, &sessions, 82_740);
        let matrix = FeatureMatrix::compute(&bars, &sessions, 82_740);
        assert!(table.iter().all(|(_, column)| column.len() == 600));
        for (j, name) in matrix.names.iter().enumerate() {
            let (_, column) = table
                .iter()
                .find(|(n, _)| *n == format!("f_{name}"))
                .unwrap();
            for (i, &x) in column.iter().enumerate().skip(matrix.first_ready - 19) {
                assert_eq!(x, f64::from(matrix.row(i)[j]), "{name} at {i}");
            }
        }
        let (_, atr) = &table[0];
        assert!(atr[13].is_nan() && atr[14] > 0.0);
    }
}
