//! The form that changes a rule set into one of the user's own.
//!
//! Every change goes through the reader of rule sets, so the form allows what a file allows and
//! names what it does not. A changed rule set says so itself: nobody compared it with a source.

use egui::{ComboBox, DragValue, Grid, Label, Modal, RichText, ScrollArea, TextEdit, Ui};
use holdout_core::compliance::lock::Lock;
use holdout_core::compliance::ruleset::{
    AutomationPolicy, Confidence, DailyLoss, Enforcement, FloorBasis, HalfDay,
};
use holdout_core::compliance::{RuleSet, Severity, Stage};
use holdout_core::time::TimeOfDay;
use holdout_core::units::Usd;

use crate::app::commands::Command;
use crate::app::compliance::ComplianceCommand;
use crate::app::context::PanelCtx;
use crate::app::icons::Icon;
use crate::app::theme::semibold;
use crate::app::widgets::button;

/// The form, while it is open.
pub struct RuleSetForm {
    rules: RuleSet,
    base: String,
    flat_by: String,
    early_flat_by: String,
}

fn time_text(t: Option<TimeOfDay>) -> String {
    t.map_or_else(String::new, |t| t.to_string())
}

impl RuleSetForm {
    /// A form filled with a rule set.
    pub fn new(rules: &RuleSet) -> Self {
        let mut own = rules.clone();
        let ships = RuleSet::builtin_text(&own.id).is_some();
        if ships {
            own.id = format!("my-{}", own.id);
            own.version = 1;
        }
        Self {
            base: rules.id.clone(),
            flat_by: time_text(own.session.flat_by),
            early_flat_by: time_text(own.session.early_close_flat_by),
            rules: own,
        }
    }

    /// The rule set as it would be kept, or what is wrong with it.
    ///
    /// # Errors
    /// The sentence of the reader of rule sets.
    pub fn result(&self) -> Result<RuleSet, String> {
        let mut rules = self.rules.clone();
        let time = |name: &str, text: &str| match text.trim() {
            "" => Ok(None),
            t => t
                .parse::<TimeOfDay>()
                .map(Some)
                .map_err(|e| format!("{name}: {e}; leave it empty for none")),
        };
        rules.session.flat_by = time("Flat by", &self.flat_by)?;
        rules.session.early_close_flat_by = time("Flat by on half days", &self.early_flat_by)?;
        if RuleSet::builtin_text(&rules.id).is_some() {
            return Err(format!(
                "\"{}\" ships with the programme; give yours another name",
                rules.id
            ));
        }
        rules.confidence = Confidence::Low;
        let note = format!(
            "Changed by the user from {}; the figures were compared with no source.",
            self.base
        );
        if self.base != rules.id && !rules.notes.contains(&note) {
            rules.notes.push(note);
        }
        let text = rules.to_toml().map_err(|e| e.to_string())?;
        RuleSet::parse(&text).map_err(|e| e.to_string())
    }

    /// Draws the form; says whether it stays open.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, egui: &egui::Context) -> bool {
        let mut open = true;
        let modal = Modal::new(egui::Id::unique("ruleset-form")).show(egui, |ui| {
            ui.set_width(560.0);
            ui.label(RichText::new("Rule set of your own").heading());
            let about = format!("Begins as {}. It is kept as a file in your configuration folder and can be named in every command.", self.base);
            ui.add(Label::new(RichText::new(about).color(ctx.theme.dim)).wrap());
            ui.add_space(6.0);
            ScrollArea::vertical().max_height(430.0).show(ui, |ui| self.fields(ctx, ui));
            ui.add_space(8.0);
            let result = self.result();
            if let Err(problem) = &result {
                ui.horizontal(|ui| {
                    crate::app::icons::show(ui, Icon::Warning, 14.0, ctx.theme.bad);
                    ui.add(Label::new(RichText::new(problem).color(ctx.theme.bad)).wrap());
                });
            }
            ui.horizontal(|ui| {
                let keep = ui.add_enabled_ui(result.is_ok(), |ui| {
                    button::primary(ui, ctx.theme, Icon::Check, "Keep rule set")
                });
                if keep.inner.clicked()
                    && let Ok(rules) = result
                {
                    let save = ComplianceCommand::SaveRuleSet(Box::new(rules));
                    ctx.send(Command::Compliance(save));
                    open = false;
                }
                if ui.button("Cancel").clicked() {
                    open = false;
                }
            });
        });
        open && !modal.should_close()
    }

    fn fields(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let r = &mut self.rules;
        group(ctx, ui, "Account", |ui| {
            text(ui, "Name", &mut r.id);
            text(ui, "Firm", &mut r.firm);
            text(ui, "Programme", &mut r.programme);
            choice(
                ui,
                "Stage",
                &mut r.stage,
                &[(Stage::Evaluation, "Evaluation"), (Stage::Funded, "Funded")],
            );
            dollars(ui, "Start balance", &mut r.account.start_balance);
            optional(
                ui,
                "Profit target",
                &mut r.account.profit_target,
                Usd::whole(3_000),
            );
        });
        group(ctx, ui, "Trailing drawdown", |ui| {
            dollars(ui, "Drawdown", &mut r.floor.amount);
            choice(
                ui,
                "Follows",
                &mut r.floor.basis,
                &[
                    (FloorBasis::Intraday, "Best equity inside the day"),
                    (FloorBasis::EodBalance, "Balance at the day's end"),
                    (FloorBasis::EodEquity, "Equity at the day's end"),
                    (FloorBasis::Static, "Nothing"),
                ],
            );
            let kinds = [
                (0, "Start balance plus"),
                (1, "Profit target"),
                (2, "Never"),
            ];
            let mut kind = match r.floor.lock {
                Lock::Above(_) => 0,
                Lock::ProfitTarget => 1,
                Lock::Never => 2,
            };
            let before = kind;
            choice(ui, "Stops at", &mut kind, &kinds);
            if kind != before {
                r.floor.lock = match kind {
                    0 => Lock::Above(Usd::whole(100)),
                    1 => Lock::ProfitTarget,
                    _ => Lock::Never,
                };
            }
            if let Lock::Above(usd) = &mut r.floor.lock {
                dollars(ui, "Stops above start by", usd);
            }
            choice(
                ui,
                "Enforced",
                &mut r.floor.enforcement,
                &[
                    (Enforcement::RealTime, "At every moment"),
                    (Enforcement::SessionClose, "At the session's close"),
                ],
            );
            check(ui, "Touching the floor counts", &mut r.floor.touch_counts);
            optional(
                ui,
                "Strict drawdown limit",
                &mut r.floor.strict_max_drawdown,
                Usd::whole(2_500),
            );
        });
        group(ctx, ui, "Day", |ui| {
            let mut limit = r.daily_loss.as_ref().map(|d| d.amount);
            optional(ui, "Daily loss limit", &mut limit, Usd::whole(1_000));
            let severity = r
                .daily_loss
                .as_ref()
                .map_or(Severity::PauseDay, |d| d.severity);
            r.daily_loss = limit.map(|amount| DailyLoss { amount, severity });
            if let Some(d) = &mut r.daily_loss {
                choice(
                    ui,
                    "Reaching it",
                    &mut d.severity,
                    &[
                        (Severity::PauseDay, "Pauses the day"),
                        (Severity::Fail, "Ends the account"),
                        (Severity::Warning, "Is a warning"),
                    ],
                );
            }
            text(ui, "Flat by (New York)", &mut self.flat_by);
            text(ui, "Flat by on half days", &mut self.early_flat_by);
            check(ui, "Overnight allowed", &mut r.session.overnight);
            choice(
                ui,
                "Half days",
                &mut r.session.half_day,
                &[
                    (HalfDay::Counts, "Count"),
                    (HalfDay::MergeNext, "Count with the next full day"),
                    (HalfDay::Ignored, "Do not count"),
                ],
            );
            number(ui, "Trading days needed", &mut r.days.minimum, 7);
            number(
                ui,
                "Calendar days allowed",
                &mut r.days.maximum_calendar,
                30,
            );
        });
        group(ctx, ui, "Size and automation", |ui| {
            minis(ui, "Smallest size", &mut r.size.min_minis);
            minis(ui, "Largest size", &mut r.size.max_minis);
            choice(
                ui,
                "Machines",
                &mut r.automation.policy,
                &[
                    (AutomationPolicy::Allowed, "Allowed"),
                    (AutomationPolicy::HumanConfirmed, "A person confirms"),
                    (AutomationPolicy::Prohibited, "Prohibited"),
                ],
            );
            text(ui, "The firm's line", &mut r.automation.line);
        });
    }
}

fn group(ctx: &PanelCtx<'_>, ui: &mut Ui, name: &str, fill: impl FnOnce(&mut Ui)) {
    ui.add_space(6.0);
    ui.label(
        RichText::new(name)
            .font(semibold(13.0))
            .color(ctx.theme.dim),
    );
    Grid::new(name)
        .num_columns(2)
        .min_col_width(180.0)
        .spacing(egui::vec2(12.0, 5.0))
        .show(ui, fill);
}

fn text(ui: &mut Ui, name: &str, value: &mut String) {
    ui.label(name);
    ui.add(TextEdit::singleline(value).desired_width(330.0))
        .accessible_name(name);
    ui.end_row();
}

fn check(ui: &mut Ui, name: &str, value: &mut bool) {
    ui.label(name);
    ui.checkbox(value, if *value { "Yes" } else { "No" })
        .accessible_name(name);
    ui.end_row();
}

fn choice<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, &str)]) {
    ui.label(name);
    let shown = all
        .iter()
        .find(|(v, _)| v == value)
        .map_or("Other", |a| a.1);
    ComboBox::from_id_salt(name)
        .width(240.0)
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for (v, label) in all {
                ui.selectable_value(value, *v, *label);
            }
        })
        .response
        .accessible_name(name);
    ui.end_row();
}

fn amount(ui: &mut Ui, name: &str, value: &mut Usd) {
    let mut usd = value.dollars();
    let drag = DragValue::new(&mut usd)
        .prefix("$")
        .speed(25.0)
        .range(0.0..=1e9)
        .max_decimals(2);
    if ui.add(drag).accessible_name(name).changed() {
        *value = Usd::from_dollars(usd);
    }
}

fn dollars(ui: &mut Ui, name: &str, value: &mut Usd) {
    ui.label(name);
    amount(ui, name, value);
    ui.end_row();
}

/// A value that may be absent, with what it is when it is first switched on.
fn switch<T: Copy>(
    ui: &mut Ui,
    name: &str,
    value: &mut Option<T>,
    first: T,
    edit: impl FnOnce(&mut Ui, &mut T),
) {
    ui.label(name);
    ui.horizontal(|ui| {
        let mut on = value.is_some();
        let words = if on { "" } else { "None" };
        if ui
            .checkbox(&mut on, words)
            .accessible_name(format!("{name}: limited"))
            .changed()
        {
            *value = on.then_some(first);
        }
        if let Some(v) = value {
            edit(ui, v);
        }
    });
    ui.end_row();
}

fn optional(ui: &mut Ui, name: &str, value: &mut Option<Usd>, first: Usd) {
    switch(ui, name, value, first, |ui, v| amount(ui, name, v));
}

fn number(ui: &mut Ui, name: &str, value: &mut Option<u32>, first: u32) {
    switch(ui, name, value, first, |ui, v| {
        ui.add(DragValue::new(v).range(1..=1_000))
            .accessible_name(name);
    });
}

fn minis(ui: &mut Ui, name: &str, value: &mut Option<f64>) {
    switch(ui, name, value, 1.0, |ui, v| {
        let drag = DragValue::new(v)
            .range(0.0..=10_000.0)
            .speed(0.1)
            .suffix(" minis");
        ui.add(drag).accessible_name(name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> RuleSetForm {
        RuleSetForm::new(&RuleSet::builtin("apex-50k-seed").unwrap_or_else(|e| panic!("{e}")))
    }

    #[test]
    fn a_changed_rule_set_says_that_nobody_checked_it() {
        let own = form().result().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(own.id, "my-apex-50k-seed");
        assert_eq!(own.confidence, Confidence::Low);
        assert!(
            own.notes
                .iter()
                .any(|n| n.contains("compared with no source"))
        );
    }

    #[test]
    fn what_a_file_may_not_say_the_form_may_not_either() {
        let wrong: [(&dyn Fn(&mut RuleSetForm), &str); 4] = [
            (&|f| f.flat_by = "late".to_owned(), "Flat by"),
            (&|f| f.rules.id = "apex-50k-seed".to_owned(), "ships"),
            (&|f| f.rules.id = "with space".to_owned(), "id"),
            (&|f| f.rules.floor.amount = Usd::ZERO, "floor.amount"),
        ];
        for (change, word) in wrong {
            let mut form = form();
            change(&mut form);
            let e = form.result().err().unwrap_or_default();
            assert!(e.contains(word), "{word}: {e}");
        }
    }
}
