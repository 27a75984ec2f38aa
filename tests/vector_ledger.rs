//! Small ledgers written line by line, the way any other program would write them.

use std::fmt::Write as _;

/// A ledger of one-minute bars in cents, and the text of its two files.
pub(crate) struct Written {
    start: i64,
    balance: i64,
    peak: i64,
    limit: i64,
    cap: i64,
    symbol: &'static str,
    equity: String,
    trades: String,
    open: Option<Open>,
    next_id: u32,
}

struct Open {
    side: i64,
    contracts: i64,
    entry: String,
    stop: i64,
    target: i64,
    mae: i64,
}

fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// `16:57` of a date as the UTC minute it is in New York, winter (5) or summer (4).
pub(crate) fn ny(date: &str, clock: &str, offset: i64) -> String {
    let (h, m) = clock.split_once(':').unwrap();
    let hour = h.parse::<i64>().unwrap() + offset;
    assert!(hour < 24, "the next UTC day: write it out");
    format!("{date}T{hour:02}:{m}:00Z")
}

impl Written {
    /// An account of whole dollars whose floor column trails by `limit` up to `lock` above start.
    pub(crate) fn new(start: i64, limit: i64, lock: i64) -> Self {
        Self {
            start: start * 100,
            balance: start * 100,
            peak: start * 100,
            limit: limit * 100,
            cap: (start + lock) * 100,
            symbol: "NQ",
            equity: "time,balance,equity_close,equity_best,equity_worst,peak,floor,position,stop,target,action,mask\n".to_owned(),
            trades: "id,side,contracts,entry_time,entry_price,stop_initial,target_initial,exit_time,exit_price,exit_reason,bars_held,gross_pnl,commission,net_pnl,mae,mfe,forced,symbol,note\n".to_owned(),
            open: None,
            next_id: 1,
        }
    }

    /// Under the default profile.
    pub(crate) fn seed() -> Self {
        Self::new(50_000, 2_500, 100)
    }

    pub(crate) fn market(mut self, symbol: &'static str) -> Self {
        self.symbol = symbol;
        self
    }

    /// A row; money in cents relative to the balance.
    fn row(&mut self, time: &str, close: i64, best: i64, worst: i64, floor_off: i64) {
        let b = self.balance;
        self.peak = self.peak.max(b + best);
        let floor = (self.peak - self.limit)
            .min(self.cap)
            .max(self.start - self.limit);
        let position = self.open.as_ref().map_or(0, |o| o.side * o.contracts);
        writeln!(
            self.equity,
            "{time},{},{},{},{},{},{},{position},,,hold,100000",
            money(b),
            money(b + close),
            money(b + best),
            money(b + worst),
            money(self.peak),
            money(floor + floor_off)
        )
        .unwrap();
    }

    /// A flat bar.
    pub(crate) fn flat(mut self, time: &str) -> Self {
        self.row(time, 0, 0, 0, 0);
        self
    }

    /// A flat bar whose floor column is off by cents.
    pub(crate) fn flat_with_floor_off(mut self, time: &str, cents: i64) -> Self {
        self.row(time, 0, 0, 0, cents);
        self
    }

    /// The next bar's position: side +1 or -1.
    pub(crate) fn enter(mut self, time: &str, side: i64, contracts: i64) -> Self {
        self.open = Some(Open {
            side,
            contracts,
            entry: time.to_owned(),
            stop: 100,
            target: 300,
            mae: 0,
        });
        self
    }

    /// Planned stop and target in ticks.
    pub(crate) fn planned(mut self, stop: i64, target: i64) -> Self {
        let o = self.open.as_mut().unwrap();
        (o.stop, o.target) = (stop, target);
        self
    }

    /// A bar with the position open after it; dollars relative to the balance.
    pub(crate) fn held(mut self, time: &str, close: i64, best: i64, worst: i64) -> Self {
        if let Some(o) = &mut self.open {
            o.mae = o.mae.max(-worst * 100);
        }
        self.row(time, close * 100, best * 100, worst * 100, 0);
        self
    }

    /// A bar at whose open the position is closed, with this net profit in dollars.
    pub(crate) fn exit(self, time: &str, net: i64) -> Self {
        self.exit_cents(time, net * 100)
    }

    pub(crate) fn exit_cents(mut self, time: &str, net: i64) -> Self {
        let commission = 500;
        let o = self.open.take().unwrap();
        let mae = o.mae.max(-net);
        self.trade_line(&o, time, net, commission, mae);
        self.balance += net;
        self.row(time, 0, 0, 0, 0);
        self
    }

    /// A closed trade without rows of its own; the balance follows at the next row.
    pub(crate) fn trade(mut self, entry: &str, exit: &str, side: i64, net: i64) -> Self {
        let o = Open {
            side,
            contracts: 1,
            entry: entry.to_owned(),
            stop: 100,
            target: 300,
            mae: 0.max(-net * 100),
        };
        let mae = o.mae;
        self.trade_line(&o, exit, net * 100, 500, mae);
        self.balance += net * 100;
        self
    }

    fn trade_line(&mut self, o: &Open, exit: &str, net: i64, commission: i64, mae: i64) {
        let price = |ticks: i64| format!("{}.{:02}", ticks / 4, ticks % 4 * 25);
        let entry = 72_000;
        writeln!(
            self.trades,
            "{},{},{},{},{},{},{},{exit},{},target,2,{},{},{},{},{},false,{},",
            self.next_id,
            if o.side > 0 { "long" } else { "short" },
            o.contracts,
            o.entry,
            price(entry),
            price(entry - o.side * o.stop),
            price(entry + o.side * o.target),
            price(entry),
            money(net + commission),
            money(commission),
            money(net),
            money(mae),
            money(net.max(0)),
            self.symbol
        )
        .unwrap();
        self.next_id += 1;
    }

    /// Adds to the balance without a trade: the fault that the identity check finds.
    pub(crate) fn found_money(mut self, cents: i64) -> Self {
        self.balance += cents;
        self
    }

    /// A winning trade of $10 at ten in the morning of each of these days (New York, UTC hour given).
    pub(crate) fn days(mut self, days: &[(&str, i64)]) -> Self {
        for (date, offset) in days {
            let (a, b) = (ny(date, "10:00", *offset), ny(date, "10:01", *offset));
            self = self.enter(&a, 1, 1).held(&a, 5, 10, -50).exit(&b, 10);
        }
        self
    }

    /// Text of `equity.csv` and `trades.csv`.
    pub(crate) fn files(self) -> [(&'static str, String); 2] {
        [("equity.csv", self.equity), ("trades.csv", self.trades)]
    }
}

/// Seven weekdays over the change of the clocks on 10 March 2024.
pub(crate) const WEEK: [(&str, i64); 7] = [
    ("2024-03-04", 5),
    ("2024-03-05", 5),
    ("2024-03-06", 5),
    ("2024-03-07", 5),
    ("2024-03-08", 5),
    ("2024-03-11", 4),
    ("2024-03-12", 4),
];
