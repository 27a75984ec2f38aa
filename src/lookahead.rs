//! Decisions of one account, many bars at a time.
//!
//! Which observation comes next depends on what was decided before, so an account is asked bar
//! by bar. But most answers are HOLD: the account is played ahead under HOLD, the observations
//! on that way are answered in one batch, and the answers stand up to the first that is not
//! HOLD. A row of a batch does not depend on the others, and an answer is only used when its
//! observation is the one that really came; so what is decided is what would have been.

use holdout_core::compliance::TrailingFloor;
use holdout_core::sim::account::BarEquity;
use holdout_core::sim::observation::{N_ACCOUNT, observe_account};
use holdout_core::sim::{Account, Action, Moment, SimPlan, Tape};

use crate::ensemble::{Decider, DeciderError};

/// Observations asked at once after a change of course, and at most.
const FEWEST: usize = 4;
const MOST: usize = 256;
/// Bars played ahead for each observation wanted, so that a night does not cost a replay.
const BARS_AHEAD: usize = 8;

/// Plays ahead, asks, and answers.
pub(crate) struct Lookahead<'a> {
    tape: &'a Tape,
    plan: &'a SimPlan,
    first_ready: usize,
    end: usize,
    decider: &'a mut dyn Decider,
    want: usize,
    next: usize,
    bars: Vec<u32>,
    masks: Vec<u8>,
    numbers: Vec<f32>,
    answers: Vec<u8>,
}

impl<'a> Lookahead<'a> {
    /// Nothing is known before the first question.
    pub(crate) fn new(
        tape: &'a Tape,
        plan: &'a SimPlan,
        first_ready: usize,
        end: usize,
        decider: &'a mut dyn Decider,
    ) -> Self {
        Self {
            tape,
            plan,
            first_ready,
            end,
            decider,
            want: FEWEST,
            next: 0,
            bars: Vec::new(),
            masks: Vec::new(),
            numbers: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// The decision at this moment.
    pub(crate) fn decide(&mut self, m: &Moment<'_, TrailingFloor>) -> Result<Action, DeciderError> {
        // Where HOLD is the only choice there is nothing to ask, and before the first full window nothing to see.
        if m.mask.count() == 1 || m.bar < self.first_ready {
            return Ok(Action::Hold);
        }
        if !self.known(m) {
            self.ask(m)?;
        }
        let answer = Action::from_index(usize::from(self.answers[self.next]));
        self.next += 1;
        if answer != Action::Hold {
            // Half way to how far the answers held, so that few are asked for in vain.
            self.want = self.want.midpoint(self.next + 1).clamp(FEWEST, MOST);
            self.forget();
        }
        Ok(answer)
    }

    fn forget(&mut self) {
        self.next = 0;
        self.bars.clear();
        self.masks.clear();
        self.numbers.clear();
        self.answers.clear();
    }

    /// Whether the next answer was given to exactly this observation.
    fn known(&self, m: &Moment<'_, TrailingFloor>) -> bool {
        let k = self.next;
        if self.bars.get(k) != Some(&(m.bar as u32)) || self.masks[k] != m.mask.0 {
            return false;
        }
        let now = observe_account(m.account, m.mask, self.tape, m.bar, self.plan);
        self.numbers[k * N_ACCOUNT..(k + 1) * N_ACCOUNT] == now
    }

    fn ask(&mut self, m: &Moment<'_, TrailingFloor>) -> Result<(), DeciderError> {
        if self.next > 0 {
            self.want = (2 * self.want).min(MOST);
        }
        self.forget();
        let mut account: Account<TrailingFloor> = m.account.clone();
        let mut equity = BarEquity {
            best: m.equity,
            worst: m.equity,
            close: m.equity,
        };
        for i in m.bar..self.end.min(m.bar + self.want * BARS_AHEAD) {
            let at = self.tape.at(i);
            if i > m.bar {
                equity = account.open_bar(at, self.plan).0.equity;
            }
            if account.dead {
                break;
            }
            let mask = account.mask(at.row, self.plan);
            if mask.count() > 1 && i >= self.first_ready {
                let numbers = observe_account(&account, mask, self.tape, i, self.plan);
                self.bars.push(i as u32);
                self.masks.push(mask.0);
                self.numbers.extend_from_slice(&numbers);
                if self.bars.len() == self.want {
                    break;
                }
            }
            account.decide(Action::Hold, at.row, self.plan);
            account.close_bar(at, self.plan, &mut equity);
        }
        self.decider
            .decide(&self.bars, &self.numbers, &self.masks, &mut self.answers)
    }
}
