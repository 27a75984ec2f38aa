//! The Help page, and the pages that examine a run, without a display: by the names that screen
//! readers use.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use holdout::app::Workbench;
use holdout::app::commands::Command;
use holdout::app::context::Page;
use holdout_core::market::split::Part;

use crate::window::{Place, until};
use crate::window_report::{click, judged};

#[test]
fn help_opens_at_the_chapter_of_the_page_and_is_searched() {
    let place = Place::new();
    let mut h = place.harness();
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    h.step();
    h.step();
    assert_eq!(h.state().model.page, Page::Results);
    h.key_press(Key::F1);
    for _ in 0..4 {
        h.step();
    }
    assert_eq!(h.state().model.page, Page::Help);
    // The chapter is in sight, its end too: the window was scrolled to it.
    let at = h.get_by_role_and_label(Role::Label, "Results").rect();
    assert!((40.0..300.0).contains(&at.top()), "{at:?}");
    h.get_by_label("Troubleshooting");
    click(&mut h, "Risk disclosure");
    h.get_by_role_and_label(Role::TextInput, "Find in all documents")
        .focus();
    h.step();
    h.get_by_role_and_label(Role::TextInput, "Find in all documents")
        .type_text("stalled");
    for _ in 0..3 {
        h.step();
    }
    assert!(h.query_by_label("Nothing was found.").is_none());
    h.get_by_role_and_label(Role::TextInput, "Find in all documents")
        .type_text(" zzz");
    for _ in 0..3 {
        h.step();
    }
    h.get_by_label("Nothing was found.");
    // Back to where one came from.
    click(&mut h, "Back");
}

#[test]
fn links_between_documents_lead_to_their_chapters() {
    let place = Place::new();
    let mut h = place.harness();
    click(&mut h, "Help");
    h.get_by_label("Find in all documents");
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::Go(Page::Compliance));
    h.state_mut().apply(&ctx, Command::HelpHere);
    for _ in 0..4 {
        h.step();
    }
    h.get_by_role_and_label(Role::Link, "Rule sets, verdicts, certificates")
        .click();
    for _ in 0..4 {
        h.step();
    }
    let title = h.get_all_by_label("Rule sets, verdicts, certificates");
    assert!(title.count() >= 2, "in the contents and at the top");
}

/// Goes to a control and presses it as the keyboard does.
fn press(h: &mut Harness<'static, Workbench>, label: &str) {
    h.get_by_label(label).focus();
    h.step();
    h.key_press(Key::Enter);
    for _ in 0..3 {
        h.step();
    }
}

#[test]
fn a_run_is_examined_by_regime_checkpoint_and_market() {
    let place = Place::new();
    let mut h = judged(&place);
    click(&mut h, "Regimes");
    h.get_by_label("high volatility");
    press(&mut h, "Sort by Bars");
    let (most, fewest) = {
        let table = h.state().model.result(Part::Validation).unwrap();
        let cells = &table.regimes.as_ref().unwrap().single;
        let name = |c: &holdout_core::metrics::by_regime::RegimeCell| c.labels[0].replace('_', " ");
        let by = |c: &&holdout_core::metrics::by_regime::RegimeCell| c.bars;
        (
            name(cells.iter().max_by_key(by).unwrap()),
            name(cells.iter().min_by_key(by).unwrap()),
        )
    };
    let top = |h: &Harness<'static, Workbench>, name: &str| h.get_by_label(name).rect().top();
    assert!(top(&h, &most) < top(&h, &fewest));
    press(&mut h, "Sort by Bars");
    assert!(top(&h, &most) > top(&h, &fewest));
    click(&mut h, "Two labels crossed");
    click(&mut h, "Checkpoints");
    click(&mut h, "Judge all checkpoints");
    until(&mut h, "all checkpoints are judged", |b| {
        b.model.findings.checkpoints.is_some() && b.model.findings.busy.is_none()
    });
    h.get_by_label("The choice");
    let compare = h.get_by_label("Compare marked ones");
    assert!(compare.accesskit_node().is_disabled());
    let rows = |b: &Workbench| -> Vec<u64> {
        let view = b.model.findings.checkpoints.as_ref().unwrap();
        view.table.rows.iter().map(|r| r.step).collect()
    };
    let steps = rows(h.state());
    // By keyboard: the steps the other way round, and as they were.
    let first = format!("Mark step {}", steps[0]);
    let last = format!("Mark step {}", steps[steps.len() - 1]);
    assert!(top(&h, &first) < top(&h, &last));
    press(&mut h, "Sort by Step");
    assert!(top(&h, &first) > top(&h, &last));
    press(&mut h, "Sort by Step");
    assert!(top(&h, &first) < top(&h, &last));
    for step in &steps[..2] {
        click(&mut h, &format!("Mark step {step}"));
    }
    click(&mut h, "Compare 2 marked");
    until(&mut h, "they are compared", |b| {
        b.model.findings.comparison.is_some() && b.model.findings.busy.is_none()
    });
    h.get_by_label("Differences");
    let compared = h.state().model.findings.comparison.clone().unwrap();
    let run = h.state().model.runs[0].name.clone();
    assert_eq!(
        compared.chart.subtitle, run,
        "an exported chart names its run"
    );
    click(&mut h, "Back to all");
    click(&mut h, "Markets");
    click(&mut h, "Judge on the sample markets");
    until(&mut h, "the markets are judged", |b| {
        b.model.findings.markets.is_some() && b.model.findings.busy.is_none()
    });
    h.get_by_label("Correlation of daily profits");
    h.get_by_label_contains("YM and RTY");
}

#[test]
fn a_desktop_without_a_dialog_is_told_where_to_type() {
    let place = Place::new();
    let mut h = place.harness();
    place.picker.answer(None);
    click(&mut h, "Open file…");
    let said = h.state().model.log.last().map(|l| l.text.clone());
    assert!(
        said.as_deref()
            .is_some_and(|t| t.contains("no file dialog") && t.contains("type the path")),
        "{said:?}"
    );
}
