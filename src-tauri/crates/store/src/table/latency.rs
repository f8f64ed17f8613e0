//! How long many answers took, in few bytes: counts in buckets whose width grows with the time, so that a
//! percentile is right to within two per cent, and two can be added.

use crate::error::bug;
use domain::{Failure, Millis};
use std::collections::BTreeMap;

/// Buckets of one octave. Below twice as many milliseconds each has a bucket of its own.
const STEPS: u64 = 32;

/// Counts of times by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency(BTreeMap<u32, u64>);

impl Latency {
    /// Adds one time.
    pub fn note(&mut self, time: Millis) {
        *self.0.entry(bucket(time.0)).or_default() += 1;
    }

    /// Adds all of another's.
    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// Takes away all of another's, which were added before.
    pub(crate) fn take_away(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            if let Some(own) = self.0.get_mut(bucket) {
                *own = own.saturating_sub(*count);
            }
        }
        self.0.retain(|_, count| *count > 0);
    }

    /// How many times there are.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The time that `percent` of all do not exceed, by the nearest rank; the middle of its bucket.
    /// `None` = there are no times.
    pub fn percentile(&self, percent: u64) -> Option<Millis> {
        let rank = (self.count().saturating_mul(percent).div_ceil(100)).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map(|(bucket, _)| Millis(middle(*bucket)))
    }

    /// Distance to the bucket before and count, each as few bytes as it needs.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut before = 0;
        for (bucket, count) in &self.0 {
            put(&mut out, u64::from(bucket - before));
            put(&mut out, *count);
            before = *bucket;
        }
        out
    }

    pub(crate) fn read(mut bytes: &[u8]) -> Result<Self, Failure> {
        let broken = || bug("A summary of times cannot be read.");
        let mut found = BTreeMap::new();
        let mut bucket = 0_u32;
        while !bytes.is_empty() {
            let step = take(&mut bytes).and_then(|step| u32::try_from(step).ok()).ok_or_else(broken)?;
            bucket = bucket.checked_add(step).ok_or_else(broken)?;
            found.insert(bucket, take(&mut bytes).ok_or_else(broken)?);
        }
        Ok(Self(found))
    }
}

/// Below 64 ms the time itself; from there on 32 buckets an octave.
fn bucket(time: u64) -> u32 {
    let octave = u64::from(time.checked_ilog2().unwrap_or(0)).saturating_sub(5);
    // At most 59 octaves of 32 buckets.
    u32::try_from(octave * STEPS + (time >> octave)).unwrap_or(u32::MAX)
}

fn middle(bucket: u32) -> u64 {
    let bucket = u64::from(bucket);
    let octave = (bucket / STEPS).saturating_sub(1);
    let from = (bucket - octave * STEPS) << octave;
    from + (1_u64 << octave) / 2
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let seven = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(seven);
            return;
        }
        out.push(seven | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_within_two_per_cent() {
        for scale in [1_u64, 7, 90, 1_300, 65_000] {
            let mut times = Latency::default();
            (1..=1_000_u64).for_each(|n| times.note(Millis(n * scale)));
            for percent in [1, 50, 95, 99, 100] {
                let exact = percent * 10 * scale;
                let found = times.percentile(percent).unwrap().0;
                assert!(
                    found.abs_diff(exact) * 50 <= exact.max(50),
                    "{scale} p{percent}: {found} for {exact}"
                );
            }
        }
        assert_eq!(Latency::default().percentile(50), None);
    }

    #[test]
    fn every_time_is_in_the_bucket_that_gives_it_back() {
        for time in (0..5_000).chain([u64::MAX / 3, u64::MAX]) {
            let back = middle(bucket(time));
            assert!(back.abs_diff(time) <= time / 32, "{time} comes back as {back}");
        }
    }

    #[test]
    fn it_survives_being_stored_and_added() {
        let (mut one, mut other) = (Latency::default(), Latency::default());
        [3, 900, 901, 90_000, u64::MAX].iter().for_each(|ms| one.note(Millis(*ms)));
        [3, 3, 70_000].iter().for_each(|ms| other.note(Millis(*ms)));
        assert_eq!(Latency::read(&one.bytes()).unwrap(), one);
        one.add(&other);
        assert_eq!(one.count(), 8);
        assert_eq!(one.percentile(1), Some(Millis(3)));
        assert!(Latency::read(&[0x80]).is_err() && Latency::read(&[1]).is_err());
    }
}
