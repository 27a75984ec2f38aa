//! What holds of every state that can be reached, whoever decides and on whatever market.

use std::sync::Arc;

use proptest::prelude::*;

use super::env::End;
use super::scenarios::{nq, rough_market, rough_settings};
use super::step_out::StepSums;
use super::tape::{ENTRY_TIME, NEW_DAY, NEXT_LIVES};
use super::*;
use crate::compliance::TrailingFloor;
use crate::rng::Stream;
use crate::units::Usd;

fn rough_plan(seed: u64, settings: &SimSettings, missing: f64) -> EnvPlan<TrailingFloor> {
    let plan = settings.plan(&nq()).unwrap();
    let bars = rough_market(seed, 6, missing, false);
    let tape = Arc::new(Tape::new(Arc::new(bars), &plan));
    let n = tape.len();
    EnvPlan::new(plan, tape, TrailingFloor::from_settings(settings), 0..n, 40).unwrap()
}

/// Phase 2 at progress `p`, with forced positions and bonuses while `p` is small.
fn help(p: f64) -> CurriculumState {
    CurriculumSettings::default().state(Phase::Management, Usd::from_dollars(2.5), p)
}

fn legal(mask: ActionMask, rng: &mut Stream) -> Action {
    let allowed: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|&a| mask.allows(a))
        .collect();
    allowed[rng.below(allowed.len() as u64) as usize]
}

/// An environment after some random steps, none of which ended its episode.
fn reached(
    plan: &EnvPlan<TrailingFloor>,
    c: &CurriculumState,
    seed: u64,
    steps: usize,
) -> Env<TrailingFloor> {
    let mut rng = Stream::new(seed, "reach", 0);
    let mut env = Env::new(plan, c, seed, 0);
    for _ in 0..steps {
        let action = legal(env.mask(), &mut rng);
        if env.step(plan, action, c, &mut StepSums::default()).1 != End::Running {
            env.reset(plan, c);
        }
    }
    env
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Accounts in succession cover every bar once; each is one account of its own that begins with
    /// a trading day, and all but the last end with the day on which they were lost.
    #[test]
    fn a_lost_account_is_followed_by_a_fresh_one(seed in any::<u64>(), missing in 0.0..0.6) {
        let settings = SimSettings { drawdown_limit: Usd::whole(400), ..rough_settings(seed) };
        let bars = rough_market(seed, 8, missing, false);
        let plan = settings.plan(&bars.instrument).unwrap();
        let tape = Tape::new(Arc::new(bars), &plan);
        let n = tape.len();
        let referee = TrailingFloor::from_settings(&settings);
        // Decides by bar and mask alone, so that an account does not depend on the one before.
        let decide = |m: &Moment<'_, TrailingFloor>| {
            legal(m.mask, &mut Stream::new(seed, "by bar", m.bar as u64))
        };
        let accounts = replay_renewed(&tape, &plan, referee, 0..n, decide);
        let mut at = 0;
        for (k, ledger) in accounts.iter().enumerate() {
            let end = at + ledger.rows.len();
            let alone = replay(&tape, &plan, referee, at..end, decide);
            prop_assert_eq!(&alone.rows, &ledger.rows);
            prop_assert_eq!(&alone.trades, &ledger.trades);
            prop_assert_eq!(alone.lost(), ledger.lost());
            prop_assert!(k == 0 || tape.rows[at].has(NEW_DAY));
            if end < n {
                let lost = ledger.lost().expect("lost before the last bar");
                let day = tape.sessions.day(at + ledger.rows.iter().position(|r| r.time == lost).unwrap());
                let next = tape.sessions.day(end).unwrap();
                prop_assert!(day.is_none_or(|d| d.day < next.day));
                let early = (at..end).find(|&i| tape.bars.open_time[i] > lost && tape.rows[i].has(NEW_DAY));
                prop_assert_eq!(early, None);
            }
            at = end;
        }
        prop_assert_eq!(at, n);
    }

    /// What the mask allows takes effect, what it forbids is HOLD to the last bit.
    #[test]
    fn the_mask_is_what_executes(seed in any::<u64>(), steps in 0_usize..400, p in 0.0..1.0) {
        let settings = rough_settings(seed);
        let plan = rough_plan(seed, &settings, 0.05);
        let c = help(p);
        let env = reached(&plan, &c, seed, steps);
        let after = |action| {
            let mut env = env.clone();
            let result = env.step(&plan, action, &c, &mut StepSums::default());
            (env, result)
        };
        let held = after(Action::Hold);
        for action in Action::ALL {
            if !env.mask().allows(action) {
                prop_assert_eq!(&after(action), &held);
            }
        }
        let side = |action| {
            let mut sums = StepSums::default();
            let mut env = env.clone();
            env.step(&plan, action, &c, &mut sums);
            sums.totals().entries
        };
        let tape_row = &plan.tape.rows[env.bar()];
        for action in [Action::Buy, Action::Sell] {
            let fills = env.mask().allows(action) && tape_row.has(NEXT_LIVES);
            prop_assert_eq!(side(action), u64::from(fills));
        }
        if let Some(before) = &env.account().position {
            let decided = |action| {
                let mut account = env.account().clone();
                account.decide(action, tape_row, &plan.sim);
                account.position.unwrap()
            };
            if env.mask().allows(Action::SlToBe) {
                let p = decided(Action::SlToBe);
                prop_assert!(p.be_moved && p.stop == p.entry + settings.be_offset_ticks && p.stop > before.stop);
            }
            if env.mask().allows(Action::TrailOn) {
                prop_assert!(decided(Action::TrailOn).trailing && !before.trailing);
            }
            if env.mask().allows(Action::TrailOff) {
                prop_assert!(!decided(Action::TrailOff).trailing && before.trailing);
            }
        }
    }

    /// Whoever goes on deciding, and however: the episode ends.
    #[test]
    fn from_every_reachable_state_an_episode_ends(seed in any::<u64>(), steps in 0_usize..600, cap in 0.05..1.0) {
        let settings = SimSettings { entry_drawdown_cap: cap, ..rough_settings(seed) };
        let plan = rough_plan(seed, &settings, 0.2);
        let c = help(0.0);
        let env = reached(&plan, &c, seed, steps);
        let mut rng = Stream::new(seed, "on", 0);
        for policy in 0..3 {
            let mut env = env.clone();
            let ended = (0..=plan.range.len()).any(|_| {
                let action = match policy {
                    0 => Action::Hold,
                    1 => legal(env.mask(), &mut rng),
                    // Enters whenever it may, and never manages.
                    _ if env.mask().allows(Action::Sell) => Action::Sell,
                    _ => Action::Hold,
                };
                env.step(&plan, action, &c, &mut StepSums::default()).1 != End::Running
            });
            prop_assert!(ended, "policy {} goes on for ever", policy);
        }
    }

    /// After a trade the account is that of someone who never made it and had its money.
    #[test]
    fn nothing_of_a_closed_trade_is_left(seed in any::<u64>(), steps in 1_usize..400) {
        let settings = SimSettings {
            // Commission as in the forced start, so that the two accounts pay alike.
            commission_per_side: Some(Usd::from_dollars(0.25)),
            ..rough_settings(seed)
        };
        let plan = rough_plan(seed, &settings, 0.05);
        let c = help(0.0);
        let mut rng = Stream::new(seed, "trade", 0);
        let mut env = Env::new(&plan, &c, seed, 0);
        let mut seen = 0;
        for _ in 0..steps {
            let action = legal(env.mask(), &mut rng);
            if env.step(&plan, action, &c, &mut StepSums::default()).1 != End::Running {
                env.reset(&plan, &c);
                continue;
            }
            let used = env.account();
            if used.position.is_some() || used.n_trades == 0 {
                continue;
            }
            seen += 1;
            let mut fresh = Account::new(&plan.sim, used.referee);
            (fresh.balance, fresh.referee, fresh.n_trades) = (used.balance, used.referee, used.n_trades);
            prop_assert_eq!(used, &fresh);
        }
        prop_assume!(seen > 0 || steps < 50);
    }

    /// The same bits whatever the number of threads: rewards, ends, final observations and sums.
    #[test]
    fn a_batch_does_not_depend_on_its_threads(seed in any::<u64>()) {
        let settings = SimSettings { episode_sessions: 1, ..rough_settings(seed) };
        let plan = rough_plan(seed, &settings, 0.05);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut batch = BatchEnv::new(plan.clone(), help(0.1), 700, seed);
                let mut rng = Stream::new(seed, "act", 0);
                let mut out = StepOut::default();
                let mut trace = Vec::new();
                for _ in 0..60 {
                    let actions: Vec<u8> = (0..700).map(|_| rng.below(6) as u8).collect();
                    batch.step(0..batch.n_envs(), &actions, &mut out);
                    let bits: Vec<u32> = out.rewards.iter().chain(&out.final_account).map(|x| x.to_bits()).collect();
                    trace.push((bits, out.terminated.clone(), out.truncated.clone(), out.final_bars.clone(), out.final_envs.clone(), out.totals));
                }
                (trace, batch.envs().to_vec())
            })
        };
        let one = run(1);
        for threads in [2, 3] {
            prop_assert!(one == run(threads), "{} threads differ from one", threads);
        }
    }

    /// An episode's changes of equity add up to what its account gained, to the cent.
    #[test]
    fn the_equity_terms_of_an_episode_add_up(seed in any::<u64>(), p in 0.0..1.0) {
        let settings = rough_settings(seed);
        let plan = rough_plan(seed, &settings, 0.1);
        let c = help(p);
        let mut env = Env::new(&plan, &c, seed, 0);
        let mut rng = Stream::new(seed, "sum", 0);
        let start = env.equity();
        let mut sums = StepSums::default();
        for _ in 0..=plan.range.len() {
            let action = legal(env.mask(), &mut rng);
            let (_, end) = env.step(&plan, action, &c, &mut sums);
            let gained = (env.equity() - start).dollars();
            prop_assert!((sums.totals().equity_change_usd - gained).abs() < 1e-9);
            if end != End::Running {
                let account = env.account();
                prop_assert!(account.position.is_some() || account.balance == env.equity());
                return Ok(());
            }
        }
        prop_assert!(false, "the episode did not end");
    }
}

/// A position that the curriculum gives comes from real bars, at a price that was traded there.
#[test]
fn forced_positions_are_entered_at_real_opens_and_have_lived_to_the_start() {
    let settings = SimSettings::default();
    let plan = rough_plan(3, &settings, 0.02);
    let c = CurriculumState {
        forced_share: 1.0,
        ..help(0.0)
    };
    let (mut long, mut forced, mut ages) = (0, 0, [0; 21]);
    for index in 0..2_000 {
        let env = Env::new(&plan, &c, 1, index);
        let Some(p) = &env.account().position else {
            continue;
        };
        forced += 1;
        long += u32::from(p.side > 0);
        assert!(p.forced);
        let at = p.entry_bar as usize;
        ages[env.bar() - at] += 1;
        assert_eq!(
            p.side * p.entry,
            plan.tape.rows[at].open,
            "no offset is made up"
        );
        let decided = &plan.tape.rows[at - 1];
        assert!(decided.has(ENTRY_TIME) && decided.has(NEXT_LIVES));
        assert_eq!(p.entry - p.stop, decided.stop_ticks);
        assert_eq!(p.target - p.entry, 3 * decided.stop_ticks);
        for row in &plan.tape.rows[at..=env.bar()] {
            let ends = [p.side * row.low, p.side * row.high];
            assert!(
                ends.iter().all(|&x| p.stop < x && x < p.target),
                "it would have been closed"
            );
        }
    }
    assert!(forced > 1_900, "{forced} of 2 000 starts");
    assert!(
        (850..1_150).contains(&(long * 2_000 / forced)),
        "{long} long of {forced}"
    );
    assert!(ages[0] == 0 && ages[1..].iter().all(|&n| n > 0), "{ages:?}");
}

/// Flat-by is not an end: the account lives on to the next session, and the length is in sessions.
#[test]
fn an_episode_lasts_its_sessions_and_then_is_cut_off() {
    for sessions in [1, 2] {
        let settings = SimSettings {
            episode_sessions: sessions,
            ..SimSettings::default()
        };
        let plan = rough_plan(4, &settings, 0.0);
        let c = help(1.0);
        for index in 0..50 {
            let mut env = Env::new(&plan, &c, 4, index);
            let day = |env: &Env<TrailingFloor>| plan.tape.rows[env.bar()].day();
            let first = day(&env);
            assert_eq!(
                (env.equity(), env.account().n_trades),
                (Usd::whole(50_000), 0)
            );
            let mut end = End::Running;
            while end == End::Running {
                assert!(day(&env) < first + sessions);
                end = env
                    .step(&plan, Action::Hold, &c, &mut StepSums::default())
                    .1;
            }
            assert_eq!(end, End::Truncated);
            let mut later = plan.tape.rows[env.bar() + 1..].iter();
            let no_choice_left = !later.any(|row| row.has(ENTRY_TIME));
            assert!(day(&env) == first + sessions || no_choice_left);
        }
    }
}
