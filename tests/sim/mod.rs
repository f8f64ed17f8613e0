//! A simulator of providers and one user, on a virtual clock: the same outages, brown-outs, limits, cold
//! starts, prices and caches for every way of choosing. All chance is drawn from seeds and by what it is
//! about, so that two ways of choosing that ask the same provider at the same moment meet the same luck.

pub(crate) mod choosers;
pub(crate) mod run;
pub(crate) mod world;

/// Seeded numbers (splitmix64).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Chance for one thing, named by numbers.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mut state = 0x51_7c_c1_b7_27_22_0a_95;
        for part in parts {
            state = Self(state ^ part).next();
        }
        Self(state)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Time to the next of events that come every `mean` on average.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Log-normal with this median; `sigma` 0.3 is narrow, 1 is wide.
    pub(crate) fn around(&mut self, median: f64, sigma: f64) -> f64 {
        let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        median * (sigma * normal).exp()
    }
}
