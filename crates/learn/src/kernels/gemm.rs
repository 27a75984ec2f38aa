//! Single-precision matrix product of row-major matrices, one core.
//!
//! `C = A B` or `C += A B` with `B` packed once into column panels that fit the first-level
//! cache, so that a weight matrix is packed once and used for many row chunks. `A` is read in
//! place, or packed where it is the transpose of what lies in memory. The order of additions is
//! fixed by the sizes, so a row of the result does not depend on which others were computed with it.

use pulp::{Simd, WithSimd};

/// Instruction set in use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
    /// 256-bit vectors with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    /// Whatever the library offers for this processor.
    Other(pulp::Arch),
}

impl Level {
    /// The widest instruction set of this machine.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(v4) = pulp::x86::V4::try_new() {
                return Self::V4(v4);
            }
            if let Some(v3) = pulp::x86::V3::try_new() {
                return Self::V3(v3);
            }
        }
        Self::Other(pulp::Arch::new())
    }

    /// Runs an operation compiled for this instruction set.
    #[inline(always)]
    pub(crate) fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::V4(simd) => Simd::vectorize(simd, op),
            #[cfg(target_arch = "x86_64")]
            Self::V3(simd) => Simd::vectorize(simd, op),
            Self::Other(arch) => arch.dispatch(op),
        }
    }

    /// Floats per vector.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) -> usize {
                S::F32_LANES
            }
        }
        self.run(Lanes)
    }
}

/// Rows of one tile of the result.
const MR: usize = 6;
/// Depth of one pass, so that a panel of `B` stays in the first-level cache.
const KC: usize = 256;

/// The right side of a product, in column panels.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    level: Level,
    k: usize,
    n: usize,
    /// Vectors per panel row: 1, 2 or 4.
    nv: usize,
    /// Floats per panel row.
    nr: usize,
    data: Vec<f32>,
}

impl Packed {
    /// Storage for a `k x n` right side.
    pub(crate) fn new(level: Level, k: usize, n: usize) -> Self {
        let lanes = level.lanes();
        let nv = if n <= lanes {
            1
        } else if n <= 2 * lanes || lanes < 16 {
            2
        } else {
            4
        };
        let nr = nv * lanes;
        Self {
            level,
            k,
            n,
            nv,
            nr,
            data: vec![0.0; k * nr * n.div_ceil(nr)],
        }
    }

    /// Columns of the right side.
    pub(crate) fn width(&self) -> usize {
        self.n
    }

    /// Takes a row-major `k x n` matrix. `k` may be smaller than the storage's.
    pub(crate) fn fill(&mut self, b: &[f32], k: usize) {
        let (n, nr) = (self.n, self.nr);
        self.set_depth(k);
        for (panel, columns) in self.data.chunks_exact_mut(k * nr).zip((0..n).step_by(nr)) {
            let width = nr.min(n - columns);
            for (to, from) in panel.chunks_exact_mut(nr).zip(b.chunks_exact(n)) {
                to[..width].copy_from_slice(&from[columns..columns + width]);
            }
        }
    }

    /// Takes the transpose of a row-major `n x k` matrix.
    pub(crate) fn fill_transposed(&mut self, b: &[f32], k: usize) {
        let (n, nr) = (self.n, self.nr);
        self.set_depth(k);
        for (panel, columns) in self.data.chunks_exact_mut(k * nr).zip((0..n).step_by(nr)) {
            let width = nr.min(n - columns);
            for (j, from) in b[columns * k..(columns + width) * k]
                .chunks_exact(k)
                .enumerate()
            {
                for (to, &x) in panel[j..].iter_mut().step_by(nr).zip(from) {
                    *to = x;
                }
            }
        }
    }

    /// The columns past `n` in the last panel stay 0: they were set once and are never written.
    fn set_depth(&mut self, k: usize) {
        if k != self.k {
            self.k = k;
            self.data.clear();
            self.data
                .resize(k * self.nr * self.n.div_ceil(self.nr), 0.0);
        }
    }
}

/// The left side of a product: tells the sums of one tile of the result.
pub(crate) trait Left: Copy {
    /// Sums over `slab.len()` steps of depth from `depth` on, for the rows from `row` on. Rows
    /// past the last hold whatever; they are not stored.
    fn tile<S: Simd, const NV: usize>(
        self,
        simd: S,
        row: usize,
        depth: usize,
        slab: &[[S::f32s; NV]],
    ) -> [[S::f32s; NV]; MR];
}

/// A row-major `m x k` left side, where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    k: usize,
    data: &'a [f32],
}

impl<'a> Rows<'a> {
    pub(crate) fn new(data: &'a [f32], k: usize) -> Self {
        Self { k, data }
    }
}

impl Left for Rows<'_> {
    #[inline(always)]
    fn tile<S: Simd, const NV: usize>(
        self,
        simd: S,
        row: usize,
        depth: usize,
        slab: &[[S::f32s; NV]],
    ) -> [[S::f32s; NV]; MR] {
        let last = self.data.len() / self.k - 1;
        let line = |i: usize| {
            let start = (row + i).min(last) * self.k + depth;
            &self.data[start..start + slab.len()]
        };
        let mut acc = [[simd.splat_f32s(0.0); NV]; MR];
        let pairs = line(0).iter().zip(line(1)).zip(line(2).iter().zip(line(3)));
        let columns = pairs.zip(line(4).iter().zip(line(5)));
        for ((((&a, &b), (&c, &d)), (&e, &f)), right) in columns.zip(slab) {
            rank_one(simd, &mut acc, &[a, b, c, d, e, f], right);
        }
        acc
    }
}

/// The transpose of a row-major matrix as left side, in row panels of the result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transposed {
    k: usize,
    data: Vec<[f32; MR]>,
}

impl Transposed {
    /// Takes a row-major `k x m` matrix.
    pub(crate) fn fill(&mut self, a: &[f32], k: usize, m: usize) {
        // Few rows at a time, so that both they and the places they go to stay in the cache.
        const BLOCK: usize = 16;
        self.k = k;
        self.data.resize(k * m.div_ceil(MR), [0.0; MR]);
        for (rows, first) in a[..k * m].chunks(BLOCK * m).zip((0..k).step_by(BLOCK)) {
            for (panel, column) in self.data.chunks_exact_mut(k).zip((0..m).step_by(MR)) {
                for (to, row) in panel[first..].iter_mut().zip(rows.chunks_exact(m)) {
                    match row[column..].first_chunk() {
                        Some(whole) => *to = *whole,
                        None => to[..m - column].copy_from_slice(&row[column..]),
                    }
                }
            }
        }
    }
}

impl Left for &Transposed {
    #[inline(always)]
    fn tile<S: Simd, const NV: usize>(
        self,
        simd: S,
        row: usize,
        depth: usize,
        slab: &[[S::f32s; NV]],
    ) -> [[S::f32s; NV]; MR] {
        let start = row / MR * self.k + depth;
        let mut acc = [[simd.splat_f32s(0.0); NV]; MR];
        for (column, right) in self.data[start..start + slab.len()].iter().zip(slab) {
            rank_one(simd, &mut acc, column, right);
        }
        acc
    }
}

/// `c = a b`, or `c += a b` with `add`; `c` is row-major with `m` rows of the packed width.
pub(crate) fn multiply(c: &mut [f32], m: usize, a: impl Left, b: &Packed, add: bool) {
    b.level.run(Product { c, m, a, b, add });
}

/// `out += x b` for one row `x`.
pub(crate) fn multiply_row(out: &mut [f32], x: &[f32], b: &Packed) {
    b.level.run(RowProduct { out, x, b });
}

struct RowProduct<'a> {
    out: &'a mut [f32],
    x: &'a [f32],
    b: &'a Packed,
}

impl WithSimd for RowProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.b.nv {
            1 => self.panels::<S, 1>(simd),
            2 => self.panels::<S, 2>(simd),
            _ => self.panels::<S, 4>(simd),
        }
    }
}

impl RowProduct<'_> {
    #[inline(always)]
    fn panels<S: Simd, const NV: usize>(self, simd: S) {
        // Four sums side by side hide the latency of one addition after the other.
        const WAYS: usize = 4;
        let Self { out, x, b } = self;
        for (panel, out) in b.data.chunks_exact(b.k * b.nr).zip(out.chunks_mut(b.nr)) {
            let rows = S::as_simd_f32s(panel).0.as_chunks::<NV>().0;
            let (rows, rows_rest) = rows.as_chunks::<WAYS>();
            let (xs, xs_rest) = x.as_chunks::<WAYS>();
            let mut acc = [[simd.splat_f32s(0.0); NV]; WAYS];
            let add = |sums: &mut [S::f32s; NV], x: f32, row: &[S::f32s; NV]| {
                let x = simd.splat_f32s(x);
                for (sum, &w) in sums.iter_mut().zip(row) {
                    *sum = simd.mul_add_e_f32s(x, w, *sum);
                }
            };
            for (rows, xs) in rows.iter().zip(xs) {
                for ((sums, &x), row) in acc.iter_mut().zip(xs).zip(rows) {
                    add(sums, x, row);
                }
            }
            for ((sums, &x), row) in acc.iter_mut().zip(xs_rest).zip(rows_rest) {
                add(sums, x, row);
            }
            let [mut total, others @ ..] = acc;
            for other in others {
                for (t, o) in total.iter_mut().zip(other) {
                    *t = simd.add_f32s(*t, o);
                }
            }
            store(simd, out, &total, true);
        }
    }
}

struct Product<'a, A> {
    c: &'a mut [f32],
    m: usize,
    a: A,
    b: &'a Packed,
    add: bool,
}

impl<A: Left> WithSimd for Product<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.b.nv {
            1 => self.panels::<S, 1>(simd),
            2 => self.panels::<S, 2>(simd),
            _ => self.panels::<S, 4>(simd),
        }
    }
}

impl<A: Left> Product<'_, A> {
    #[inline(always)]
    fn panels<S: Simd, const NV: usize>(self, simd: S) {
        let (m, n, k, nr) = (self.m, self.b.n, self.b.k, self.b.nr);
        for (panel, columns) in self.b.data.chunks_exact(k * nr).zip((0..n).step_by(nr)) {
            let vectors = S::as_simd_f32s(panel).0.as_chunks::<NV>().0;
            let width = nr.min(n - columns);
            for depth in (0..k).step_by(KC) {
                let slab = &vectors[depth..k.min(depth + KC)];
                let add = self.add || depth > 0;
                for row in (0..m).step_by(MR) {
                    let rows = MR.min(m - row);
                    let tile = self.a.tile(simd, row, depth, slab);
                    for (i, sums) in tile.iter().enumerate().take(rows) {
                        let start = (row + i) * n + columns;
                        let out = &mut self.c[start..start + width];
                        store(simd, out, sums, add);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn store<S: Simd, const NV: usize>(simd: S, out: &mut [f32], sums: &[S::f32s; NV], add: bool) {
    let lanes = S::F32_LANES;
    if out.len() == NV * lanes {
        let out = S::as_mut_simd_f32s(out).0;
        for (o, &s) in out.iter_mut().zip(sums) {
            *o = if add { simd.add_f32s(*o, s) } else { s };
        }
    } else {
        for (part, &s) in out.chunks_mut(lanes).zip(sums) {
            let sum = if add {
                simd.add_f32s(simd.partial_load_f32s(part), s)
            } else {
                s
            };
            simd.partial_store_f32s(part, sum);
        }
    }
}

#[inline(always)]
fn rank_one<S: Simd, const NV: usize>(
    simd: S,
    acc: &mut [[S::f32s; NV]; MR],
    column: &[f32; MR],
    row: &[S::f32s; NV],
) {
    for (sums, &a) in acc.iter_mut().zip(column) {
        let a = simd.splat_f32s(a);
        for (sum, &b) in sums.iter_mut().zip(row) {
            *sum = simd.mul_add_e_f32s(a, b, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made_up(n: usize, salt: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 37 + salt * 11) % 23) as f32 / 23.0 - 0.5)
            .collect()
    }

    fn slow(
        a: impl Fn(usize, usize) -> f32,
        b: impl Fn(usize, usize) -> f32,
        m: usize,
        n: usize,
        k: usize,
    ) -> Vec<f32> {
        let cell = |i: usize, j: usize| {
            (0..k)
                .map(|p| f64::from(a(i, p)) * f64::from(b(p, j)))
                .sum::<f64>() as f32
        };
        (0..m * n).map(|x| cell(x / n, x % n)).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(m in 1_usize..40, n in 1_usize..70, k in 1_usize..300) {
            let level = Level::detect();
            let (a, b) = (made_up(m * k, 1), made_up(k * n, 2));
            let near = |x: &[f32], y: &[f32]| {
                let off = x.iter().zip(y).map(|(x, y)| (x - y).abs() / (1.0 + y.abs())).fold(0.0, f32::max);
                if off < 1e-5 { Ok(()) } else { Err(TestCaseError::fail(format!("off by {off}"))) }
            };
            let mut packed = Packed::new(level, k, n);

            packed.fill(&b, k);
            let mut c = vec![9.0; m * n];
            multiply(&mut c, m, Rows::new(&a, k), &packed, false);
            let expected = slow(|i, p| a[i * k + p], |p, j| b[p * n + j], m, n, k);
            near(&c, &expected)?;

            let mut one = vec![0.0; n];
            multiply_row(&mut one, &a[..k], &packed);
            near(&one, &expected[..n])?;

            packed.fill_transposed(&b, k);
            multiply(&mut c, m, Rows::new(&a, k), &packed, false);
            near(&c, &slow(|i, p| a[i * k + p], |p, j| b[j * k + p], m, n, k))?;

            let mut left = Transposed::default();
            left.fill(&a, k, m);
            packed.fill(&b, k);
            c.fill(1.0);
            multiply(&mut c, m, &left, &packed, true);
            let plus_one: Vec<f32> = slow(|i, p| a[p * m + i], |p, j| b[p * n + j], m, n, k).iter().map(|x| x + 1.0).collect();
            near(&c, &plus_one)?;
        }
    }
}
