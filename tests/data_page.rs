//! The Data page by the names that screen readers use: preview, overrides, quality, split.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use holdout::app::Workbench;

use crate::window::{Place, import, until};

/// Five-minute bars of three weekdays as a chart exports them: no offset, stamped in Chicago,
/// one price spiked, one row broken, one bar missing.
fn export(place: &Place) -> PathBuf {
    let mut text = String::from("Date,Time,Open,High,Low,Close,Volume\n");
    for day in 5..8 {
        for minute in (7 * 60..14 * 60).step_by(5) {
            let (h, m) = (minute / 60, minute % 60);
            if (day, minute) == (6, 600) {
                continue;
            }
            let base = 18_000.0 + f64::from(day) + f64::from(minute % 7) * 0.25;
            let high = if (day, minute) == (6, 720) {
                base * 1.5
            } else {
                base + 1.0
            };
            let volume = if (510..540).contains(&minute) {
                900
            } else {
                300
            };
            text += &format!(
                "2024-03-0{day},{h:02}:{m:02},{base},{high},{},{base},{volume}\n",
                base - 1.0
            );
        }
    }
    text += "2024-03-07,15:00,oops,1,1,1,1\n";
    let path = place.dir.path().join("NQ_chart.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn choose(h: &mut Harness<'static, Workbench>, field: &str, option: &str) {
    h.get_by_role_and_label(Role::ComboBox, field).click();
    h.step();
    h.step();
    h.get_by_label(option).click();
    h.step();
    h.step();
}

fn previewed(place: &Place) -> Harness<'static, Workbench> {
    let mut h = place.harness();
    place.picker.answer(Some(export(place)));
    h.get_by_label("Open file…").click();
    looked_through(&mut h);
    h
}

fn looked_through(h: &mut Harness<'static, Workbench>) {
    until(h, "the file was looked through", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.whole.is_some())
    });
}

#[test]
fn a_zone_that_the_file_does_not_tell_is_asked_for_and_chosen() {
    let place = Place::new();
    let mut h = previewed(&place);
    h.get_by_label("Recognised as");
    h.get_by_label("First rows of the file");
    h.get_by_label("Not usable");
    // What the answer can be read off is drawn before it is given.
    h.get_by_label_contains("Volume by time of day, clock of the file: ");
    h.get_by_label("Import").click();
    h.step();
    h.step();
    let market = &h.state().model.market;
    assert!(
        market.is_none(),
        "nothing is imported before the zone is said, but {:?}",
        market.as_ref().map(|m| (&m.options, &m.dataset.inspection))
    );
    choose(&mut h, "Zone", "America/Chicago");
    looked_through(&mut h);
    // 08:30 in Chicago is 09:30 in New York: the half hour after it has three times the volume.
    h.get_by_label_contains("Volume by time of day, New York: ");
    import(&mut h);
    let market = h.state().model.market.as_ref().unwrap();
    assert_eq!(market.options.zone.as_deref(), Some("America/Chicago"));
    assert_eq!(
        market.dataset.inspection.first.as_deref(),
        Some("2024-03-05T13:00:00Z")
    );
    h.get_by_label("Price chart");
}

#[test]
fn cancelling_a_preview_leaves_the_open_market_open() {
    let place = Place::new();
    let mut h = place.opened();
    let bars = h.state().model.market.as_ref().unwrap().dataset.bars.len();
    place.picker.answer(Some(export(&place)));
    h.get_by_label("Open file…").click();
    looked_through(&mut h);
    h.key_press(Key::Escape);
    h.step();
    h.step();
    let model = &h.state().model;
    assert!(model.draft.is_none());
    assert_eq!(model.market.as_ref().unwrap().dataset.bars.len(), bars);
    // A file that cannot be read leaves it open as well.
    place
        .picker
        .answer(Some(place.dir.path().join("nowhere.csv")));
    h.get_by_label("Open file…").click();
    until(&mut h, "the failure is told", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.failed.is_some())
    });
    h.get_by_label("Cancel").click();
    h.step();
    h.step();
    assert!(h.state().model.market.is_some());
}

#[test]
fn problems_open_to_examples_that_lead_to_the_bar_and_repairs_say_what_they_do() {
    let place = Place::new();
    let mut h = previewed(&place);
    choose(&mut h, "Zone", "America/Chicago");
    looked_through(&mut h);
    import(&mut h);
    let before = h.state().model.market.as_ref().unwrap().dataset.bars.len();
    h.get_by_label("spike, 1, error").click();
    h.step();
    h.step();
    let shown = |h: &Harness<'static, Workbench>| h.get_by_label("Price chart").value();
    let whole = shown(&h);
    h.get_by_label_contains("Show 2024-03-06 13:00").click();
    h.step();
    h.step();
    assert_ne!(shown(&h), whole, "the chart jumps to the bar");
    h.get_by_label("Drop 1 spikes").click();
    until(&mut h, "the repaired market is open", |b| {
        b.model.loading.is_none()
            && b.model
                .market
                .as_ref()
                .is_some_and(|m| m.dataset.bars.len() == before - 1)
    });
    h.get_by_label("Repair made: drop spikes");
    h.get_by_label("Take back").click();
    until(&mut h, "the repair is taken back", |b| {
        b.model
            .market
            .as_ref()
            .is_some_and(|m| m.dataset.bars.len() == before)
    });
}

#[test]
fn the_split_moves_by_dragging_by_date_by_keys_and_back() {
    let place = Place::new();
    let mut h = place.opened();
    let split = |h: &Harness<'static, Workbench>| h.state().model.split().unwrap();
    let first = split(&h);
    // Drag the begin of validation to the left.
    let grip = h.get_by_label_contains("Begin of validation, ").rect();
    h.hover_at(grip.center());
    h.step();
    h.drag_at(grip.center());
    h.step();
    h.hover_at(grip.center() - egui::vec2(90.0, 0.0));
    h.step();
    h.drop_at(grip.center() - egui::vec2(90.0, 0.0));
    h.step();
    h.step();
    let dragged = split(&h);
    assert!(dragged.validation.0 < first.validation.0, "{dragged:?}");
    assert_eq!(dragged.test, first.test, "the other bound stays");
    // One session to the right with the keyboard.
    h.get_by_label_contains("Begin of validation, ").focus();
    h.step();
    h.key_press(Key::ArrowRight);
    h.step();
    h.step();
    let keyed = split(&h);
    assert!(keyed.validation.0 > dragged.validation.0, "{keyed:?}");
    // By date, and what is no date is told.
    let field = "First day of test";
    for (text, told) in [("soon", true), ("2024-03-04", false)] {
        h.get_by_label(field).focus();
        h.step();
        h.key_press_modifiers(Modifiers::COMMAND, Key::A);
        h.step();
        h.get_by_label(field).type_text(text);
        h.step();
        h.key_press(Key::Enter);
        h.step();
        h.step();
        let says = h.query_by_label_contains("is not a date").is_some();
        assert_eq!(says, told, "{text}");
    }
    assert_eq!(split(&h).test.0.to_string(), "2024-03-04");
    // Undo takes the changes back.
    h.get_by_label("Undo split").click();
    h.step();
    h.step();
    assert_ne!(split(&h).test.0.to_string(), "2024-03-04");
}

#[test]
fn the_chart_is_moved_with_the_keyboard() {
    let place = Place::new();
    let mut h = place.opened();
    // What is shown, as a screen reader says it.
    let shown = |h: &Harness<'static, Workbench>| h.get_by_label("Price chart").value().unwrap();
    let whole = shown(&h);
    h.get_by_label("Price chart").focus();
    h.step();
    let press = |h: &mut Harness<'static, Workbench>, key| {
        h.key_press(key);
        h.step();
        h.step();
        shown(h)
    };
    let zoomed = press(&mut h, Key::Plus);
    assert_ne!(zoomed, whole);
    let panned = press(&mut h, Key::ArrowLeft);
    assert_ne!(panned, zoomed);
    assert_eq!(press(&mut h, Key::ArrowRight), zoomed);
    assert_eq!(press(&mut h, Key::Home), whole);
    h.get_by_label("1 day").click();
    h.step();
    h.step();
    assert_ne!(shown(&h), whole);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

#[test]
fn a_dropped_file_is_previewed_and_imported() {
    let place = Place::new();
    let mut h = place.harness();
    let file = std::sync::Arc::new(Dropped(place.market()));
    h.input_mut().dropped_files.push(file);
    h.step();
    import(&mut h);
    assert_eq!(
        h.state().model.market.as_ref().unwrap().dataset.market(),
        "NQ"
    );
}

#[test]
fn coarser_bars_are_written_beside_the_file_and_shown() {
    let place = Place::new();
    let mut h = place.opened();
    h.get_by_label("Make coarser bars…").click();
    h.step();
    h.step();
    choose(&mut h, "Length of the new bars", "30 min");
    h.get_by_label("Write and show").click();
    until(&mut h, "the new file is shown", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.whole.is_some())
    });
    import(&mut h);
    let market = h.state().model.market.as_ref().unwrap();
    assert_eq!(market.dataset.bars.interval_secs, 1_800);
    assert_eq!(market.dataset.name, "NQ_5m_30min.parquet");
}

#[test]
fn a_newer_export_that_differs_is_told_and_added_when_it_was_said_whose_bars_stand() {
    let place = Place::new();
    let mut h = place.opened();
    let bars = (*h.state().model.market.as_ref().unwrap().dataset.bars).clone();
    let n = bars.len();
    // The newer export: the last hundred bars, one of them finished only now, and ten more.
    let mut newer = bars.slice(n - 100..n);
    newer.volume[99] += 1.0;
    for i in 1..=10 {
        let (time, close) = (bars.open_time[n - 1] + 300 * i, bars.close[n - 1]);
        newer.push(time, [close; 4], 5.0);
    }
    let path = place.dir.path().join("newer.csv");
    holdout_store::canonical::write(&path, &newer).unwrap();
    h.get_by_label("Add a newer export…").click();
    h.step();
    h.step();
    h.get_by_role_and_label(Role::TextInput, "Newer export")
        .focus();
    h.step();
    h.get_by_role_and_label(Role::TextInput, "Newer export")
        .type_text(&path.display().to_string());
    h.step();
    h.get_by_label("Write and show").click();
    until(&mut h, "the difference is told", |b| {
        b.model.make_failed.is_some()
    });
    h.get_by_label_contains("1 bars differ");
    choose(
        &mut h,
        "Where they differ",
        "take the bars of the newer export",
    );
    h.get_by_label("Write and show").click();
    until(&mut h, "the new file is shown", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.whole.is_some())
    });
    import(&mut h);
    let after = &h.state().model.market.as_ref().unwrap().dataset.bars;
    assert_eq!(after.len(), n + 10);
    assert_eq!(after.volume[n - 1], bars.volume[n - 1] + 1.0);
}

#[test]
fn two_contracts_are_chosen_from_or_joined() {
    let place = Place::new();
    let mut text = String::from(
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n",
    );
    // March and June side by side; from the third day on June trades more.
    for day in 4..8 {
        for minute in 0..60 {
            for (symbol, id, base, volume) in [
                ("NQH4", 1, 18_000, if day < 6 { 90 } else { 10 }),
                ("NQM4", 2, 18_200, if day < 6 { 10 } else { 90 }),
            ] {
                text += &format!(
                    "2024-03-0{day}T15:{minute:02}:00.000000000Z,33,1,{id},{base},{},{},{base},{volume},{symbol}\n",
                    base + 2,
                    base - 2
                );
            }
        }
    }
    let path = place.dir.path().join("glbx.csv");
    std::fs::write(&path, text).unwrap();
    let mut h = place.harness();
    place.picker.answer(Some(path));
    h.get_by_label("Open file…").click();
    looked_through(&mut h);
    h.get_by_label("Contracts in the file");
    h.get_by_label_contains("NQH4  240 rows, volume ").click();
    h.step();
    looked_through(&mut h);
    let draft = |h: &Harness<'static, Workbench>| {
        h.state()
            .model
            .draft
            .as_ref()
            .unwrap()
            .whole
            .clone()
            .unwrap()
    };
    assert_eq!(draft(&h).market.as_ref().unwrap().dataset.bars.len(), 240);
    h.get_by_label("One continuous series").click();
    h.step();
    looked_through(&mut h);
    choose(&mut h, "Prices before a roll", "shifted by the difference");
    looked_through(&mut h);
    let whole = draft(&h);
    let bars = &whole.market.as_ref().unwrap().dataset.bars;
    assert_eq!(bars.len(), 240);
    assert_eq!(bars.rolls.len(), 1, "{:?}", whole.inspection);
    assert_eq!(
        bars.instrument.price(bars.close[0]),
        18_200.0,
        "March is lifted to June's level"
    );
    import(&mut h);
}

#[test]
fn what_cannot_be_joined_is_told_and_another_choice_is_still_there() {
    let place = Place::new();
    let mut text = String::from(
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n",
    );
    for minute in 0..30 {
        for (symbol, id, price) in [("NQM4", 1, 18_000), ("ESM4", 2, 5_200)] {
            text += &format!(
                "2024-03-12T15:{minute:02}:00.000000000Z,33,1,{id},{price},{price},{price},{price},7,{symbol}\n"
            );
        }
    }
    let path = place.dir.path().join("glbx.csv");
    std::fs::write(&path, text).unwrap();
    let mut h = place.harness();
    place.picker.answer(Some(path));
    h.get_by_label("Open file…").click();
    looked_through(&mut h);
    h.get_by_label("One continuous series").click();
    h.step();
    until(&mut h, "two markets are not joined", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.failed.is_some())
    });
    h.get_by_label_contains("ESM4  30 rows, volume 210").click();
    h.step();
    looked_through(&mut h);
    import(&mut h);
    assert_eq!(
        h.state().model.market.as_ref().unwrap().dataset.market(),
        "ES"
    );
}

#[test]
fn a_chart_is_exported_to_a_typed_path() {
    let place = Place::new();
    let mut h = place.harness();
    let chart = holdout::report::Chart::new(
        "Equity",
        holdout::report::Axis::new("USD", holdout::report::Unit::Usd),
        vec![],
    );
    let command = holdout::app::commands::Command::Export(
        Box::new(chart),
        holdout::app::widgets::chart_view::ExportFormat::Csv,
    );
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, command);
    h.step();
    h.step();
    let out = place.dir.path().join("equity.csv");
    h.get_by_label("File to write").focus();
    h.step();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.step();
    h.get_by_label("File to write")
        .type_text(&out.display().to_string());
    h.step();
    h.get_by_label("Export").click();
    h.step();
    h.step();
    assert!(out.is_file(), "{:?}", h.state().model.log);
}
