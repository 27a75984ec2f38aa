//! The Report page, the reasons behind a trade, the player, tags and notes, and the layout of the
//! panes, without a display: by the names that screen readers use.

use std::fs;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use holdout::app::Workbench;
use holdout::app::commands::Command;
use holdout::app::context::{Page, RunState};
use holdout::report::document::DocumentFormat;
use holdout_core::market::split::Part;

use crate::window::{Place, until};

/// A window in which a small run was trained and judged on validation.
pub(crate) fn judged(place: &Place) -> Harness<'static, Workbench> {
    let mut h = place.opened();
    {
        let config = &mut h.state_mut().model.config;
        (config.eval_every, config.checkpoint_every) = (2, 2);
        (config.network.trunk, config.network.head) = (vec![16], 16);
        for phase in [&mut config.phase1, &mut config.phase2] {
            (phase.steps, phase.envs, phase.rollout) = (2_048, 8, 32);
        }
        config.device = "cpu".parse().unwrap();
    }
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::Start);
    until(&mut h, "training runs", |b| {
        b.model.run_state == RunState::Running
    });
    until(&mut h, "training ends", |b| {
        b.model.run_state == RunState::Idle
    });
    h.state_mut()
        .apply(&ctx, Command::ShowResults(Part::Validation));
    until(&mut h, "validation is judged", |b| {
        b.model.result(Part::Validation).is_some() && !b.model.runs.is_empty()
    });
    h
}

pub(crate) fn click(h: &mut Harness<'static, Workbench>, label: &str) {
    // What was just opened may still move to its place.
    for _ in 0..3 {
        h.step();
    }
    h.get_by_label(label).click();
    // A dialog is measured before it is shown.
    for _ in 0..4 {
        h.step();
    }
}

#[test]
fn a_report_is_put_together_reordered_and_written() {
    let place = Place::new();
    let mut h = judged(&place);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num9);
    h.step();
    h.step();
    assert_eq!(h.state().model.page, Page::Report);
    h.get_by_label("Not put together yet");
    click(&mut h, "Put it together");
    until(&mut h, "the report is there", |b| {
        b.model.report.view.is_some() && b.model.report.working.is_none()
    });
    h.get_by_label("Chart: Equity");
    h.get_by_label("Risk disclosure");
    click(&mut h, "Figures sooner");
    click(&mut h, "Section Trades");
    let shown = |h: &Harness<'static, Workbench>| -> Vec<String> {
        let view = h.state().model.report.view.as_ref().unwrap();
        view.document.chapters[0]
            .sections
            .iter()
            .map(|s| s.title.clone())
            .collect()
    };
    let titles = shown(&h);
    assert_eq!(titles[..3], ["Summary", "Figures", "The account"]);
    assert!(!titles.iter().any(|t| t == "Trades"));
    let field = "Title of Figures";
    h.get_by_role_and_label(Role::TextInput, field).focus();
    h.step();
    h.get_by_role_and_label(Role::TextInput, field)
        .type_text("What came out");
    h.step();
    h.key_press(Key::Enter);
    h.step();
    h.step();
    assert_eq!(shown(&h)[1], "What came out");
    for format in DocumentFormat::ALL {
        let out = place.dir.path().join(format!("r.{}", format.extension()));
        click(&mut h, &format.extension().to_uppercase());
        place.picker.answer(Some(out.clone()));
        click(&mut h, "Choose a place…");
        until(&mut h, "the document is written", |b| {
            b.model.report.working.is_none()
                && b.model
                    .report
                    .written
                    .as_ref()
                    .is_some_and(|w| w.path == out)
        });
        assert!(fs::metadata(&out).unwrap().len() > 1_000, "{format:?}");
    }
    let page = fs::read_to_string(place.dir.path().join("r.html")).unwrap();
    assert!(page.contains(">What came out</h2>") && !page.contains(">Trades</h2>"));
}

#[test]
fn the_player_steps_through_an_evaluation_and_says_why() {
    let place = Place::new();
    let mut h = judged(&place);
    click(&mut h, "Price and trades");
    click(&mut h, "Ask the policy again");
    until(&mut h, "the policy was asked", |b| {
        b.model.explain.view.is_some()
    });
    click(&mut h, "Why");
    h.get_by_label("Probabilities");
    h.get_by_label("Price chart");
    let row = |h: &Harness<'static, Workbench>| {
        let slider = h.get_by_role_and_label(Role::Slider, "Bar of the evaluation");
        slider.accesskit_node().numeric_value().unwrap()
    };
    assert_eq!(row(&h), 0.0);
    click(&mut h, "One bar on");
    h.key_press(Key::Period);
    h.step();
    h.step();
    assert_eq!(row(&h), 2.0);
    h.key_press(Key::Comma);
    h.step();
    h.step();
    assert_eq!(row(&h), 1.0);
    click(&mut h, "Play bars");
    for _ in 0..60 {
        h.step();
    }
    click(&mut h, "Pause bars");
    let there = row(&h);
    assert!(there > 1.0, "it went on: {there}");
    h.step();
    assert_eq!(row(&h), there, "and stands");
    let view = h.state().model.explain.view.clone().unwrap();
    let explained = &view.explained;
    assert_eq!(explained.disagreements, 0);
    if let Some(t) = explained.ledger.trades.first() {
        click(&mut h, "Next trade");
        h.step();
        let (decided, _, _) = explained.rows_of(t).unwrap();
        assert_eq!(
            row(&h),
            decided.unwrap() as f64,
            "the close that decided it"
        );
        h.get_by_label_contains("Trade 1, ");
        h.get_by_label("Did");
    }
}

#[test]
fn panes_keep_their_layout_and_go_back_to_the_usual_one() {
    let place = Place::new();
    let mut h = judged(&place);
    let usual = h.state().results_layout();
    click(&mut h, "Is it real?");
    let changed = h.state().results_layout();
    assert_ne!(changed, usual);
    let mut again = place.harness();
    again.state_mut().take_results_layout(&changed);
    assert_eq!(again.state().results_layout(), changed);
    again.state_mut().take_results_layout("nonsense");
    again.step();
    click(&mut h, "Reset the layout");
    assert_eq!(h.state().results_layout(), usual);
}

#[test]
fn what_was_on_the_desk_is_there_again() {
    let place = Place::new();
    let mut h = judged(&place);
    h.state_mut().model.config.sim.contracts = 2;
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    h.step();
    h.step();
    let text = h.state().kept();
    let kept = holdout::app::keeping::Kept::read(&text);
    let mut again = place.harness();
    let ctx = again.ctx.clone();
    again.state_mut().take_kept(&ctx, &kept);
    again.state_mut().lay_out_kept(&ctx, &kept);
    until(&mut again, "the market is open", |b| {
        b.model.market.is_some()
    });
    let (before, after) = (&h.state().model, &again.state().model);
    assert_eq!(after.page, Page::Results);
    assert_eq!(after.config, before.config);
    assert_eq!(after.selected_run, before.selected_run);
    // What was judged is on show again, from the ledger that the run keeps.
    until(&mut again, "the evaluation is on show", |b| {
        b.model.result(Part::Validation).is_some()
    });
    let (before, after) = (h.state(), again.state());
    let [a, b] = [before, after].map(|b| b.model.result(Part::Validation).cloned().unwrap());
    assert_eq!(a.figures, b.figures);
    assert_eq!((a.step, a.looks), (b.step, b.looks));
    // Nothing of a damaged one is taken, and nothing breaks.
    let nothing = holdout::app::keeping::Kept::read("{\"mode\": 7}");
    again.state_mut().take_kept(&ctx, &nothing);
    again.step();
}

#[test]
fn a_judged_test_part_is_shown_again_without_a_look() {
    let place = Place::new();
    let mut h = judged(&place);
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::OpenTest);
    let shown = |b: &Workbench| b.model.result(Part::Test).is_some();
    until(&mut h, "the test part is judged", shown);
    let looks = h.state().model.result(Part::Test).unwrap().looks;
    assert_eq!(looks, Some(1));
    h.state_mut().model.results.clear();
    h.state_mut().apply(&ctx, Command::ShowResults(Part::Test));
    until(&mut h, "it is shown again", shown);
    assert_eq!(h.state().model.result(Part::Test).unwrap().looks, looks);
    // What cannot be read is told, and to judge it anew is asked as ever.
    let run = h.state().model.selected_run.clone().unwrap();
    for kept in fs::read_dir(run.join("evaluations")).unwrap() {
        fs::write(kept.unwrap().path().join("equity.csv"), "gone").unwrap();
    }
    h.state_mut().model.results.clear();
    h.state_mut().apply(&ctx, Command::ShowResults(Part::Test));
    until(&mut h, "it cannot be read", |b| {
        b.model.evaluating.is_none()
    });
    h.step();
    h.get_by_label("Open test and count it");
    assert!(h.state().model.result(Part::Test).is_none());
}

#[test]
fn tags_and_notes_are_kept_and_found() {
    let place = Place::new();
    let mut h = judged(&place);
    let type_into = |h: &mut Harness<'static, Workbench>, label: &str, text: &str| {
        h.get_by_label(label).focus();
        h.step();
        h.get_by_label(label).type_text(text);
        h.step();
        h.get_by_label("Find runs").focus();
        h.step();
        h.step();
    };
    type_into(&mut h, "Tags of the run", "keep, night");
    until(&mut h, "the tags are kept", |b| {
        b.model.runs[0].labels.tags == ["keep", "night"]
    });
    type_into(&mut h, "Notes on the run", "wider stops");
    until(&mut h, "the note is kept", |b| {
        b.model.runs[0].labels.notes == "wider stops"
    });
    h.get_by_label("keep · night");
    h.get_by_label("Find runs").type_text("weather");
    h.step();
    h.step();
    h.get_by_label("No run fits.");
}

#[test]
fn about_tells_versions_and_keys() {
    let place = Place::new();
    let mut h = place.harness();
    click(&mut h, "About Holdout");
    until(&mut h, "devices were looked for", |b| {
        matches!(b.model.about, holdout::app::about::AboutState::Open(_))
    });
    h.get_by_label("Version");
    h.get_by_label("Made with burn");
    click(&mut h, "Close");
    assert!(h.query_by_label("About Holdout, keys").is_none());
    assert!(h.query_by_label("Made with burn").is_none());
}
