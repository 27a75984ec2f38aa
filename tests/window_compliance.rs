//! The Compliance page without a display: from an empty page over a ledger to a document.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, HarnessBuilder};
use holdout::app::Workbench;
use holdout::app::commands::{Command, set_up};
use holdout::app::compliance::ComplianceCommand;
use holdout::app::context::Page;
use holdout::app::files::ScriptedPicker;
use holdout::app::theme::Mode;
use holdout_store::certificate::DocumentKind;

use crate::vector_ledger::{WEEK, Written};

const PATIENCE: Duration = Duration::from_secs(120);

fn harness(picker: &ScriptedPicker, runs: PathBuf) -> Harness<'static, Workbench> {
    let bench = Workbench::new(Box::new(picker.clone()), runs);
    HarnessBuilder::default()
        .with_size([1_280.0, 800.0])
        .with_max_steps(40)
        .with_context_setup(|ctx| set_up(ctx, Mode::Dark))
        .build_ui_state(
            |ui, bench: &mut Workbench| {
                bench.logic(ui.ctx());
                bench.ui(ui);
            },
            bench,
        )
}

fn until(
    h: &mut Harness<'static, Workbench>,
    what: &str,
    mut done: impl FnMut(&Workbench) -> bool,
) {
    let begun = Instant::now();
    loop {
        h.step();
        if done(h.state()) {
            break;
        }
        let problem = &h.state().model.compliance.problem;
        assert!(
            begun.elapsed() < PATIENCE,
            "not in time: {what}; {problem:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    h.step();
}

#[test]
fn from_an_empty_page_to_a_document() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    fs::create_dir_all(&ledger).unwrap();
    for (name, text) in Written::seed().days(&WEEK).files() {
        fs::write(ledger.join(name), text).unwrap();
    }
    let picker = ScriptedPicker::default();
    let mut h = harness(&picker, dir.path().join("runs"));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num8);
    h.step();
    h.step();
    assert_eq!(h.state().model.page, Page::Compliance);
    h.get_by_label("No account to check yet");
    picker.answer(Some(ledger));
    h.get_by_label("Open a ledger…").click();
    until(&mut h, "the ledger is judged", |b| {
        b.model.compliance.view.is_some() && b.model.compliance.working.is_none()
    });
    h.get_by_label("PASS");
    h.get_by_label("Worst moments");
    let view = h.state().model.compliance.view.clone().unwrap();
    assert!(view.firms.len() >= 16 && view.examined.worst.len() == 7);
    h.get_by_label("Show 2024-03-04").click();
    h.step();
    h.get_by_label("Firms side by side").click();
    h.step();
    h.step();
    h.get_by_label("topstep-50k");
    h.get_by_label("Chance of passing").click();
    h.step();
    h.step();
    h.get_by_label_contains("This rule set has no profit target");
    // Another firm: the same account, judged anew.
    h.get_by_role_and_label(Role::ComboBox, "Rule set");
    let choose = ComplianceCommand::Choose("topstep-50k".to_owned());
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::Compliance(choose));
    until(&mut h, "it is judged under another rule set", |b| {
        b.model
            .compliance
            .view
            .as_ref()
            .is_some_and(|v| v.examined.rules.id == "topstep-50k")
    });
    let out = dir.path().join("out");
    picker.answer(Some(out.clone()));
    h.get_by_label("Issue document…").click();
    for _ in 0..3 {
        h.step();
    }
    h.get_by_role_and_label(Role::TextInput, "Folder to write to");
    h.get_by_label("Choose a place…").click();
    until(&mut h, "the document is written", |b| {
        b.model.compliance.document.is_some()
    });
    h.step();
    h.get_by_label_contains("Written to");
    let file = holdout_store::certificate::CertificateFile::read(&out.join("certificate.json"));
    assert_eq!(file.unwrap().0.kind, DocumentKind::Certificate);
}

#[test]
fn the_form_names_what_is_wrong_and_keeps_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let picker = ScriptedPicker::default();
    let mut h = harness(&picker, dir.path().join("runs"));
    h.get_by_label("Compliance").click();
    h.step();
    h.step();
    h.get_by_label("Edit as own…").click();
    h.step();
    h.step();
    h.get_by_label("Rule set of your own");
    h.get_by_label("Keep rule set");
    let name = h.get_by_role_and_label(Role::TextInput, "Name");
    name.focus();
    h.step();
    h.get_by_role_and_label(Role::TextInput, "Name")
        .type_text(" with a space");
    h.step();
    h.step();
    h.get_by_label_contains("letters, digits and hyphens");
    h.get_by_label("Cancel").click();
    h.step();
    h.step();
    assert!(h.query_by_label("Rule set of your own").is_none());
}
