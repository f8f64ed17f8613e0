//! Myers' greedy diff (1986) with a bound: where two texts share next to nothing it settles for the furthest
//! way found so far and goes on from there, so the time grows with the length and not with its square.

/// A stretch of both sides: kept (equal lengths), or left out on the left, put in on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many are the same.
    Keep(usize),
    /// So many only on the left.
    Left(usize),
    /// So many only on the right.
    Right(usize),
}

/// After so many differences in a row the furthest way is taken.
const BOUND: usize = 256;

/// The steps that lead from `left` to `right`.
pub(super) fn steps(left: &[u32], right: &[u32]) -> Vec<Step> {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[head..], &right[head..]);
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - tail], &right[..right.len() - tail]);
    let mut made = Vec::new();
    add(&mut made, Step::Keep(head));
    let (mut x, mut y) = (0, 0);
    while x < left.len() || y < right.len() {
        let (dx, dy) = stretch(&left[x..], &right[y..], &mut made);
        x += dx;
        y += dy;
    }
    add(&mut made, Step::Keep(tail));
    made
}

/// Steps of at most [`BOUND`] differences from the beginning; how far they lead on each side.
fn stretch(left: &[u32], right: &[u32], made: &mut Vec<Step>) -> (usize, usize) {
    let (n, m) = (left.len(), right.len());
    if n == 0 || m == 0 {
        add(made, Step::Left(n));
        add(made, Step::Right(m));
        return (n, m);
    }
    let bound = BOUND.min(n + m);
    // `far[k + bound]`: how far left the way on diagonal k = x - y has come.
    let mut far = vec![0_usize; 2 * bound + 2];
    let mut trace: Vec<Vec<usize>> = Vec::new();
    let mut best = (0, 0, 0);
    'search: for d in 0..=bound {
        trace.push(far[bound - d..=bound + d + 1].to_vec());
        let reach = d as isize;
        for k in (-reach..=reach).step_by(2) {
            let place = (k + bound as isize) as usize;
            let mut x = if k == -reach || k != reach && far[place - 1] < far[place + 1] {
                far[place + 1]
            } else {
                far[place - 1] + 1
            };
            let y = x as isize - k;
            // A way that has left the rectangle goes nowhere.
            if x > n || y < 0 || y as usize > m {
                far[place] = x.min(n);
                continue;
            }
            let mut y = y as usize;
            while x < n && y < m && left[x] == right[y] {
                x += 1;
                y += 1;
            }
            far[place] = x;
            if x + y > best.0 + best.1 || d == 0 {
                best = (x, y, d);
            }
            if x >= n && y >= m {
                best = (x, y, d);
                break 'search;
            }
        }
    }
    back(&trace, best, made);
    (best.0, best.1)
}

/// Walks the trace back from `end` and writes the steps in order.
fn back(trace: &[Vec<usize>], end: (usize, usize, usize), made: &mut Vec<Step>) {
    let (mut x, mut y, last) = end;
    let mut reversed = Vec::new();
    for d in (1..=last).rev() {
        // The trace before step d holds diagonals -d..=d+1 around its middle d.
        let far = &trace[d];
        let k = x as isize - y as isize;
        let at = |k: isize| far[(k + d as isize) as usize];
        let reach = d as isize;
        let down = k == -reach || k != reach && at(k - 1) < at(k + 1);
        let before = if down { k + 1 } else { k - 1 };
        let bx = at(before);
        let by = (bx as isize - before) as usize;
        let kept = if down { x - bx } else { x - bx - 1 };
        reversed.push(Step::Keep(kept));
        reversed.push(if down { Step::Right(1) } else { Step::Left(1) });
        (x, y) = (bx, by);
    }
    reversed.push(Step::Keep(x));
    for step in reversed.into_iter().rev() {
        add(made, step);
    }
}

fn add(made: &mut Vec<Step>, step: Step) {
    match (made.last_mut(), step) {
        (_, Step::Keep(0) | Step::Left(0) | Step::Right(0)) => {}
        (Some(Step::Keep(n)), Step::Keep(more))
        | (Some(Step::Left(n)), Step::Left(more))
        | (Some(Step::Right(n)), Step::Right(more)) => *n += more,
        _ => made.push(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// Follows the steps: they must use up both sides, and what they keep must be equal.
    fn holds(left: &[u32], right: &[u32]) -> usize {
        let (mut x, mut y, mut changes) = (0, 0, 0);
        for step in steps(left, right) {
            match step {
                Step::Keep(n) => {
                    assert_eq!(left[x..x + n], right[y..y + n]);
                    (x, y) = (x + n, y + n);
                }
                Step::Left(n) => (x, changes) = (x + n, changes + n),
                Step::Right(n) => (y, changes) = (y + n, changes + n),
            }
        }
        assert_eq!((x, y), (left.len(), right.len()));
        changes
    }

    /// The fewest changes, by the quadratic table.
    fn fewest(left: &[u32], right: &[u32]) -> usize {
        let mut row: Vec<usize> = (0..=right.len()).collect();
        for (i, a) in left.iter().enumerate() {
            let mut corner = row[0];
            row[0] = i + 1;
            for (j, b) in right.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if a == b { corner } else { 1 + above.min(row[j]) };
                corner = above;
            }
        }
        row[right.len()]
    }

    proptest! {
        #[test]
        fn steps_lead_from_one_to_the_other_with_the_fewest_changes(
            left in vec(0_u32..6, 0..60), right in vec(0_u32..6, 0..60)
        ) {
            prop_assert_eq!(holds(&left, &right), fewest(&left, &right));
        }
    }

    #[test]
    fn two_long_texts_with_nothing_in_common_end_too() {
        let left: Vec<u32> = (0..5_000).collect();
        let right: Vec<u32> = (5_000..11_000).collect();
        assert_eq!(holds(&left, &right), 11_000);
        let mixed: Vec<u32> = (0..5_000).map(|n| if n % 7 == 0 { n } else { n + 20_000 }).collect();
        assert!(holds(&left, &mixed) < 10_000);
    }
}
