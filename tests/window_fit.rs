//! Every page in every size: nothing lies where no scrolling leads, and pictures of them all for
//! people to look at.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui::{
    Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Rect, TouchPhase, Vec2, pos2, vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use holdout::app::Workbench;
use holdout::app::commands::Command;
use holdout::app::compliance::ComplianceCommand;
use holdout::app::context::{Page, RunState};
use holdout::app::examining::Subject;
use holdout::app::reporting::ReportCommand;
use holdout::app::theme::Mode;
use holdout_core::market::split::Part;

use crate::window::{Place, can_render, until};
use crate::window_report::{click, judged};

/// Width and height in points: a small screen, a large one, and 1920 by 1080 at twice the size.
const SIZES: [(f32, f32, f32); 3] = [
    (1_280.0, 800.0, 1.0),
    (1_920.0, 1_080.0, 1.0),
    (1_920.0, 1_080.0, 2.0),
];

fn resize(h: &mut Harness<'static, Workbench>, (width, height, zoom): (f32, f32, f32)) {
    let ctx = h.ctx.clone();
    // A size is in points, so it is set before these grow.
    h.state_mut().apply(&ctx, Command::Zoom(1.0));
    h.step();
    h.step();
    h.set_size(vec2(width, height));
    h.step();
    h.state_mut().apply(&ctx, Command::Zoom(zoom));
    for _ in 0..5 {
        h.step();
    }
    let points = ctx.content_rect().size();
    assert!(
        (points - vec2(width, height) / zoom).length() < 1.0,
        "{points}"
    );
}

fn go(h: &mut Harness<'static, Workbench>, page: Page) {
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::Go(page));
    // Panels take their sizes from the pass before.
    for _ in 0..4 {
        h.step();
    }
}

/// Its name, or what it says.
fn words(node: &egui_kittest::Node<'_>) -> String {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value()).unwrap_or_default()
}

/// What has a name or says something, by its number: role and words.
fn named(h: &Harness<'static, Workbench>) -> BTreeMap<u64, (Role, String)> {
    h.query_all(By::new())
        .map(|n| {
            let node = n.accesskit_node();
            (node.locate().0.0, (node.role(), words(&n)))
        })
        .filter(|(_, (_, words))| !words.trim().is_empty())
        .collect()
}

/// Where a widget is, and what of it is seen.
fn place(h: &Harness<'static, Workbench>, id: u64) -> Option<(Rect, Rect)> {
    let window = h.ctx.content_rect();
    h.ctx.viewport(|v| {
        let all = v.prev_pass.widgets.layers().flat_map(|(_, w)| w.iter());
        let of = |w: &egui::WidgetRect| (w.rect, w.interact_rect.intersect(window));
        all.filter(|w| w.id.value() == id).map(of).next()
    })
}

/// How much of a widget is not seen, to the side and up or down.
fn hidden(h: &Harness<'static, Workbench>, id: u64) -> Vec2 {
    place(h, id).map_or(Vec2::ZERO, |(rect, seen)| {
        (rect.size() - seen.size().max(Vec2::ZERO)).max(Vec2::ZERO)
    })
}

/// Turns the wheel with the pointer where the widget is, or as near to it as the window goes,
/// until all of it is seen; says whether that came about, or for a large one whether it moved.
fn wheel(h: &mut Harness<'static, Workbench>, id: u64, large: bool) -> bool {
    let Some((start, _)) = place(h, id) else {
        return true;
    };
    // Under the bars of window and page, above the one at the bottom.
    let window = h.ctx.content_rect();
    let inside = Rect::from_min_max(pos2(30.0, 150.0), window.max - vec2(30.0, 70.0));
    // What lies under the window is fetched by turning towards oneself, and so on.
    let at = start.center();
    let [down, right] = [at.y > window.center().y, at.x > window.center().x];
    let vertical = if down { Vec2::UP } else { Vec2::DOWN };
    let sideways = if right { Vec2::LEFT } else { Vec2::RIGHT };
    for way in [vertical, sideways, -vertical, -sideways] {
        for _ in 0..14 {
            let Some((rect, _)) = place(h, id) else {
                return true;
            };
            h.event(Event::PointerMoved(inside.clamp(rect.center())));
            h.event(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta: way * 120.0,
                phase: TouchPhase::Move,
                source: MouseWheelSource::Unknown,
                modifiers: Modifiers::NONE,
            });
            for _ in 0..3 {
                h.step();
            }
            let moved = place(h, id).is_none_or(|(now, _)| now.min.distance(start.min) > 5.0);
            if hidden(h, id).max_elem() <= SLACK || (large && moved) {
                return true;
            }
        }
    }
    false
}

/// Points that may be missing at an edge without anything being lost.
const SLACK: f32 = 2.0;

/// Names of what cannot be brought into sight, by the way of screen readers or with the wheel.
/// What is larger than a control may be larger than the area it is scrolled in: it has to move
/// there.
fn cut_off(h: &mut Harness<'static, Workbench>) -> Vec<String> {
    let mut lost = Vec::new();
    for (id, (role, label)) in named(h) {
        if hidden(h, id).max_elem() <= SLACK {
            continue;
        }
        let this = || By::new().predicate(move |n| n.locate().0.0 == id);
        for n in h.query_all(this()) {
            n.scroll_to_me();
        }
        h.step();
        h.step();
        // Rows of long tables are drawn only while they are seen; their numbers go to others.
        let same = h.query_all(this()).any(|n| words(&n) == label);
        let Some((rect, _)) = place(h, id).filter(|_| same) else {
            continue;
        };
        let gone = hidden(h, id);
        let large = rect.height() > 40.0 || rect.width() > 200.0;
        if gone.max_elem() > SLACK && !wheel(h, id, large) {
            lost.push(format!("{role:?} {label:?} {rect:?} lacks {gone:?}"));
        }
    }
    lost.sort();
    lost
}

/// Every page and what is behind its tabs: the tab to press, if any.
const VIEWS: [(Page, Option<&str>); 17] = [
    (Page::Data, None),
    (Page::Curriculum, None),
    (Page::Train, None),
    (Page::Results, None),
    (Page::Results, Some("Trades")),
    (Page::Results, Some("Is it real?")),
    (Page::Results, Some("Price and trades")),
    (Page::Regimes, None),
    (Page::Regimes, Some("Two labels crossed")),
    (Page::Checkpoints, None),
    (Page::Markets, None),
    (Page::Compliance, None),
    (Page::Compliance, Some("Firms side by side")),
    (Page::Compliance, Some("Chance of passing")),
    (Page::Compliance, Some("Rules and sources")),
    (Page::Report, None),
    (Page::Help, None),
];

fn show(h: &mut Harness<'static, Workbench>, page: Page, tab: Option<&str>) {
    go(h, page);
    let Some(tab) = tab else { return };
    if let Some(button) = h.query_all_by_role_and_label(Role::Button, tab).next() {
        button.click();
    }
    for _ in 0..4 {
        h.step();
    }
}

fn all_fit(h: &mut Harness<'static, Workbench>, what: &str, sizes: &[(f32, f32, f32)]) {
    let mut wrong = Vec::new();
    for &size in sizes {
        resize(h, size);
        for (page, tab) in VIEWS {
            show(h, page, tab);
            let lost = cut_off(h);
            if !lost.is_empty() {
                wrong.push(format!("{what}, {size:?}, {page:?} {tab:?}: {lost:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everything_on_an_empty_page_can_be_brought_into_sight() {
    let place = Place::new();
    let mut h = place.harness();
    all_fit(&mut h, "empty", &SIZES);
}

/// Everything that pages examine of a judged run.
fn examined(h: &mut Harness<'static, Workbench>) {
    let ctx = h.ctx.clone();
    for subject in [Subject::Checkpoints, Subject::Markets] {
        h.state_mut().apply(&ctx, Command::Examine(subject));
        until(h, "it is examined", |b| b.model.findings.busy.is_none());
    }
    let first = |b: &Workbench| b.model.compliance.evaluations.first().cloned();
    go(h, Page::Compliance);
    if let Some(evaluation) = first(h.state()) {
        let judge = ComplianceCommand::Evaluation(evaluation);
        h.state_mut().apply(&ctx, Command::Compliance(judge));
        until(h, "the account is held against rules", |b| {
            b.model.compliance.view.is_some() && b.model.compliance.working.is_none()
        });
    }
    h.state_mut()
        .apply(&ctx, Command::Report(ReportCommand::Gather));
    until(h, "the report is there", |b| {
        b.model.report.view.is_some() && b.model.report.working.is_none()
    });
}

#[test]
#[ignore = "takes minutes: every word of every page is fetched; run by whoever changes a page"]
fn everything_on_a_full_page_can_be_brought_into_sight() {
    let place = Place::new();
    let mut h = judged(&place);
    examined(&mut h);
    // What fits the small window fits the large one.
    all_fit(&mut h, "full", &[SIZES[0], SIZES[2]]);
}

/// Zoomed to twice the size in a window of 1280 by 800, where even icons have to move together.
#[test]
fn the_bar_of_pages_fits_a_small_window_at_twice_the_size() {
    let place = Place::new();
    let mut h = place.harness();
    resize(&mut h, (1_280.0, 800.0, 2.0));
    let window = h.ctx.content_rect();
    let names = Page::ALL.map(Page::name);
    for name in names.into_iter().chain(["Light theme"]) {
        let rect = h.get_all_by_label(name).next().unwrap().rect();
        assert!(window.contains_rect(rect), "{name} {rect:?}");
    }
}

#[test]
fn a_narrow_window_gives_the_page_the_room_of_the_runs() {
    let place = Place::new();
    let mut h = place.harness();
    let listed =
        |h: &Harness<'static, Workbench>| h.query_by_label("Look for runs again").is_some();
    assert!(listed(&h), "there is room");
    resize(&mut h, SIZES[2]);
    assert!(!listed(&h), "the page needs it");
    click(&mut h, "Show the list of runs");
    assert!(listed(&h));
    h.key_press_modifiers(Modifiers::COMMAND, Key::B);
    for _ in 0..3 {
        h.step();
    }
    assert!(!listed(&h));
    resize(&mut h, SIZES[0]);
    assert!(listed(&h), "a wide window is another matter");
    click(&mut h, "Hide the list of runs");
    assert!(!listed(&h));
    // It stays away in the next session.
    let kept = holdout::app::keeping::Kept::read(&h.state().kept());
    let mut again = place.harness();
    let ctx = again.ctx.clone();
    again.state_mut().take_kept(&ctx, &kept);
    for _ in 0..3 {
        again.step();
    }
    assert!(!listed(&again));
}

fn picture(h: &mut Harness<'static, Workbench>, folder: &Path, name: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let image = h.render().unwrap();
    image.save(folder.join(format!("{name}.png"))).unwrap();
}

/// Draws every page in every size, theme and state. `HOLDOUT_GALLERY` names the folder to draw
/// into, `HOLDOUT_GALLERY_RUN` the folder of a finished run to show; without one a run of seconds
/// is trained on sample NQ.
#[test]
#[ignore = "draws pictures for people; CONTRIBUTING.md tells how"]
fn gallery() {
    let Some(out) = env::var_os("HOLDOUT_GALLERY").map(PathBuf::from) else {
        eprintln!("HOLDOUT_GALLERY names no folder: nothing is drawn");
        return;
    };
    if !can_render() {
        return;
    }
    let place = Place::new();
    let mut h = place.harness();
    draw(&mut h, &out, "empty");
    let mut h = match env::var_os("HOLDOUT_GALLERY_RUN") {
        None => trained(&place),
        Some(run) => opened(&place, Path::new(&run)),
    };
    let ctx = h.ctx.clone();
    h.state_mut()
        .apply(&ctx, Command::ShowResults(Part::Validation));
    until(&mut h, "validation is judged", |b| {
        b.model.result(Part::Validation).is_some()
    });
    examined(&mut h);
    go(&mut h, Page::Checkpoints);
    for mark in h.get_all_by_label_contains("Mark step").take(3) {
        mark.click();
    }
    h.step();
    draw(&mut h, &out, "full");
}

fn draw(h: &mut Harness<'static, Workbench>, out: &Path, state: &str) {
    let ctx = h.ctx.clone();
    for mode in [Mode::Dark, Mode::Light] {
        h.state_mut().apply(&ctx, Command::SetMode(mode));
        for size in SIZES {
            resize(h, size);
            let look = format!("{mode:?}").to_lowercase();
            let folder = out.join(format!("{state}-{look}-{}x{}@{}", size.0, size.1, size.2));
            for (page, tab) in VIEWS {
                if state == "empty" && tab.is_some() {
                    continue;
                }
                show(h, page, tab);
                let number = Page::ALL.iter().position(|p| *p == page).unwrap() + 1;
                let tab =
                    tab.map_or_else(String::new, |t| format!("-{}", t.replace([' ', '?'], "")));
                picture(h, &folder, &format!("{number:02}-{}{tab}", page.name()));
            }
        }
    }
}

/// A window with sample NQ open.
fn with_sample(place: &Place) -> Harness<'static, Workbench> {
    let mut h = place.harness();
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::OpenSample("NQ"));
    until(&mut h, "the market is open", |b| b.model.market.is_some());
    h
}

/// A window in which a run of seconds was trained.
fn trained(place: &Place) -> Harness<'static, Workbench> {
    let mut h = with_sample(place);
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::Preset("smoke"));
    h.state_mut().apply(&ctx, Command::Start);
    let begun = std::time::Instant::now();
    while h.state().model.run_state != RunState::Idle {
        h.step();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(begun.elapsed().as_secs() < 600, "training takes too long");
    }
    h
}

/// A window in which a run of an earlier day is chosen.
fn opened(place: &Place, run: &Path) -> Harness<'static, Workbench> {
    let mut h = with_sample(place);
    let ctx = h.ctx.clone();
    h.state_mut().model.runs_dir = run.parent().unwrap().to_owned();
    h.state_mut().apply(&ctx, Command::ReadRuns);
    until(&mut h, "the runs are listed", |b| !b.model.runs.is_empty());
    h.state_mut()
        .apply(&ctx, Command::SelectRun(run.to_owned()));
    h
}
