//! The form that changes a rule set into one of the user's own.
//!
//! Every change goes through the reader of rule sets, so the form allows what a file allows and
//! names what it does not. A changed rule set says so itself: nobody compared it with a source.

use egui::{ComboBox, DragValue, Grid, Label, Modal, RichText, ScrollArea, TextEdit, Ui};
use holdout_core::compliance::lock::Lock;
use holdout_core::compliance::ruleset::{
    AutomationPolicy, Confidence, ConsistencyRule, DailyLoss, Enforcement, FloorBasis, HalfDay,
    HoldRule, MaeRule, OneDirectionRule, RiskRewardRule, SizeStep,
};
use holdout_core::compliance::{RuleSet, Severity, Stage};
use holdout_core::time::{TimeOfDay, TradingDay};
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
    verified_on: String,
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
            verified_on: own.verified_on.to_string(),
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
        rules.verified_on = self
            .verified_on
            .trim()
            .parse::<TradingDay>()
            .map_err(|e| format!("Compared with sources on: {e}"))?;
        if rules.verified_on > crate::jobs::certificate::today() {
            return Err("Compared with sources on: that day is still to come".to_owned());
        }
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

    #[expect(clippy::too_many_lines, reason = "a form, a field after the other")]
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
            text(ui, "Compared with sources on", &mut self.verified_on);
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
            if r.floor.strict_max_drawdown.is_some() {
                optional(
                    ui,
                    "Warning from",
                    &mut r.floor.strict_warning,
                    Usd::whole(2_200),
                );
            }
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
            minutes(
                ui,
                "Flat before an early close by",
                &mut r.session.early_close_offset_minutes,
            );
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
            optional(
                ui,
                "Profit that makes a day count",
                &mut r.days.minimum_profit,
                Usd::whole(50),
            );
            number(
                ui,
                "Calendar days allowed",
                &mut r.days.maximum_calendar,
                30,
            );
        });
        group(ctx, ui, "Size", |ui| {
            minis(ui, "Smallest size", &mut r.size.min_minis);
            minis(ui, "Largest size", &mut r.size.max_minis);
            ui.label("Micros to a mini");
            ui.add(DragValue::new(&mut r.size.micros_per_mini).range(1..=1_000))
                .accessible_name("Micros to a mini");
            ui.end_row();
            steps(ui, &mut r.size.steps);
        });
        group(ctx, ui, "Profit and trades", |ui| trades(ui, r));
        group(ctx, ui, "Automation", |ui| {
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

/// Rules about profit and single trades, each of which may be absent.
fn trades(ui: &mut Ui, r: &mut RuleSet) {
    let name = "Largest share of one day";
    let first = || ConsistencyRule {
        max_share: 0.5,
        touch_counts: true,
        severity: Severity::BlocksPayout,
        applies: None,
    };
    rule(ui, name, &mut r.consistency, first, |ui, c| {
        share(ui, "Share of the profit", &mut c.max_share);
        check(ui, "Exactly that share is too much", &mut c.touch_counts);
        meaning(ui, name, &mut c.severity, &mut c.applies);
    });
    let name = "Largest open loss (MAE)";
    let first = || MaeRule {
        share: 0.3,
        safety_net: Usd::whole(2_600),
        raised_share: 0.5,
        raised_above: Usd::whole(5_200),
        severity: Severity::Warning,
        applies: None,
    };
    rule(ui, name, &mut r.mae, first, |ui, m| {
        share(ui, "Share of drawdown or profit", &mut m.share);
        dollars(ui, "Of the profit from", &mut m.safety_net);
        share(ui, "Raised share", &mut m.raised_share);
        dollars(ui, "Raised above", &mut m.raised_above);
        meaning(ui, name, &mut m.severity, &mut m.applies);
    });
    let name = "Stop against target";
    let first = || RiskRewardRule {
        max_stop_to_target: 5.0,
        severity: Severity::Warning,
        applies: None,
    };
    rule(ui, name, &mut r.risk_reward, first, |ui, x| {
        ui.label("Stop at most");
        let drag = DragValue::new(&mut x.max_stop_to_target)
            .range(0.1..=1_000.0)
            .speed(0.1)
            .suffix(" times the target");
        ui.add(drag).accessible_name("Stop at most");
        ui.end_row();
        meaning(ui, name, &mut x.severity, &mut x.applies);
    });
    let name = "One direction at a time";
    let first = || OneDirectionRule {
        severity: Severity::Fail,
        applies: None,
    };
    rule(ui, name, &mut r.one_direction, first, |ui, o| {
        meaning(ui, name, &mut o.severity, &mut o.applies);
    });
    let name = "Trades held for a while";
    let first = || HoldRule {
        seconds: 10,
        share_above: 0.5,
        severity: Severity::BlocksPayout,
        applies: None,
    };
    rule(ui, name, &mut r.hold, first, |ui, h| {
        ui.label("Longer than");
        let drag = DragValue::new(&mut h.seconds)
            .range(1..=86_400)
            .suffix(" s");
        ui.add(drag).accessible_name("Longer than");
        ui.end_row();
        share(ui, "More than this share of them", &mut h.share_above);
        meaning(ui, name, &mut h.severity, &mut h.applies);
    });
}

/// Larger sizes that an end-of-day balance opens.
fn steps(ui: &mut Ui, steps: &mut Vec<SizeStep>) {
    let mut gone = None;
    for (i, step) in steps.iter_mut().enumerate() {
        let name = format!("Step {} above a day's end of", i + 1);
        ui.label(&name);
        ui.horizontal(|ui| {
            amount(ui, &name, &mut step.balance_above);
            let drag = DragValue::new(&mut step.max_minis)
                .range(0.1..=10_000.0)
                .speed(0.1)
                .suffix(" minis");
            ui.add(drag)
                .accessible_name(format!("Size of step {}", i + 1));
            if ui.button("Remove").clicked() {
                gone = Some(i);
            }
        });
        ui.end_row();
    }
    if let Some(i) = gone {
        steps.remove(i);
    }
    ui.label("Larger size by balance");
    if ui.button("Add a step").clicked() {
        let last = steps.last();
        steps.push(SizeStep {
            balance_above: last.map_or(Usd::whole(52_600), |s| s.balance_above),
            max_minis: last.map_or(2.0, |s| s.max_minis * 2.0),
        });
    }
    ui.end_row();
}

/// A rule that may be absent, with its fields under it.
fn rule<T>(
    ui: &mut Ui,
    name: &str,
    value: &mut Option<T>,
    first: impl FnOnce() -> T,
    edit: impl FnOnce(&mut Ui, &mut T),
) {
    let mut on = value.is_some();
    check(ui, name, &mut on);
    match (on, value.is_some()) {
        (true, false) => *value = Some(first()),
        (false, true) => *value = None,
        _ => {}
    }
    if let Some(v) = value {
        edit(ui, v);
    }
}

/// What breaking a rule means, and in which stage it holds.
fn meaning(ui: &mut Ui, rule: &str, severity: &mut Severity, applies: &mut Option<Stage>) {
    let all = [
        (Severity::Fail, "Ends the account"),
        (Severity::PauseDay, "Pauses the day"),
        (Severity::BlocksPayout, "Blocks the payout"),
        (Severity::Warning, "Is a warning"),
        (Severity::Information, "Is only told"),
    ];
    ui.label("Breaking it");
    pick(ui, &format!("{rule}: breaking it"), severity, &all);
    let stages = [
        (None, "At every stage"),
        (Some(Stage::Evaluation), "In an evaluation"),
        (Some(Stage::Funded), "In a funded account"),
    ];
    ui.label("Holds");
    pick(ui, &format!("{rule}: holds"), applies, &stages);
}

fn share(ui: &mut Ui, name: &str, value: &mut f64) {
    ui.label(name);
    let mut percent = *value * 100.0;
    let drag = DragValue::new(&mut percent)
        .range(0.1..=100.0)
        .speed(0.5)
        .max_decimals(2)
        .suffix("%");
    if ui.add(drag).accessible_name(name).changed() {
        // Two decimals of a percent: what the field shows is what is kept.
        *value = (percent * 100.0).round() / 10_000.0;
    }
    ui.end_row();
}

fn minutes(ui: &mut Ui, name: &str, value: &mut u32) {
    ui.label(name);
    ui.add(DragValue::new(value).range(0..=240).suffix(" min"))
        .accessible_name(name);
    ui.end_row();
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
        .min_col_width(205.0)
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
    pick(ui, name, value, all);
}

fn pick<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, &str)]) {
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
        type Change = fn(&mut RuleSetForm);
        let wrong: [(Change, &str); 6] = [
            (|f| f.verified_on = "soon".to_owned(), "Compared"),
            (|f| f.verified_on = "2090-01-01".to_owned(), "to come"),
            (|f| f.flat_by = "late".to_owned(), "Flat by"),
            (|f| f.rules.id = "apex-50k-seed".to_owned(), "ships"),
            (|f| f.rules.id = "with space".to_owned(), "id"),
            (|f| f.rules.floor.amount = Usd::ZERO, "floor.amount"),
        ];
        for (change, word) in wrong {
            let mut form = form();
            change(&mut form);
            let e = form.result().err().unwrap_or_default();
            assert!(e.contains(word), "{word}: {e}");
        }
    }
}
