//! Our way of choosing beside those that others publish, in a few hundred simulated hours. The whole table:
//! `cargo xtask prove router`.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "sim/mod.rs"]
mod sim;

use domain::Sort;
use sim::{
    choosers::{Chooser, Ours},
    run::{self, Figures},
    world::{Request, World},
};

#[test]
fn the_everyday_policy_is_best_or_tied_on_every_figure() {
    let worlds = [World::new(1, 200.0), World::new(2, 200.0)];
    let mut all: Vec<Figures> = Vec::new();
    for mut chooser in run::all() {
        let parts: Vec<Figures> = worlds.iter().map(|world| run::play(world, &mut *chooser)).collect();
        let mean = |figure: fn(&Figures) -> f64| parts.iter().map(figure).sum::<f64>() / parts.len() as f64;
        all.push(Figures {
            name: parts[0].name,
            success: mean(|f| f.success),
            p50: mean(|f| f.p50),
            p99: mean(|f| f.p99),
            dollars: mean(|f| f.dollars),
            regret: mean(|f| f.regret),
            attempts: mean(|f| f.attempts),
        });
    }
    let (everyday, cheapest, fastest) = (&all[0], &all[1], &all[2]);
    let others = &all[3..];
    assert_eq!(others.len(), 4);
    for other in others {
        assert!(everyday.success >= other.success - 0.000_5, "{everyday:?} answers less than {other:?}");
        assert!(everyday.p50 <= other.p50 * 1.05, "{everyday:?} is slower than {other:?}");
        assert!(everyday.p99 <= other.p99 * 1.1, "{everyday:?} has a slower tail than {other:?}");
        assert!(everyday.dollars <= other.dollars * 1.02, "{everyday:?} costs more than {other:?}");
        assert!(everyday.regret < other.regret, "{everyday:?} regrets more than {other:?}");
        assert!(fastest.p50 < other.p50 && fastest.p99 < other.p99, "{fastest:?} is slower than {other:?}");
        assert!(cheapest.dollars < other.dollars, "{cheapest:?} costs more than {other:?}");
    }
    assert!(everyday.attempts < 1.1, "{everyday:?}");
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let play = || {
        let world = World::new(3, 20.0);
        run::all().iter_mut().map(|chooser| run::play(&world, &mut **chooser).regret).collect::<Vec<_>>()
    };
    assert_eq!(play(), play());
}

/// The simulated clock begins at 08:00 UTC; the author is cheap from 16:30 on, "coldish" dear above 16,000 tokens.
#[test]
fn a_price_list_is_followed_by_the_hour_and_by_the_length_of_the_prompt() {
    let world = World::new(1, 1.0);
    let order = |prompt, hour: f64| {
        let now = hour * 3_600_000.0;
        let request = Request { at: now, conversation: 1, number: 1, prompt, before: 0, answer: 400 };
        let order = Ours::new("", Some(Sort::Price)).order(&world, &request, now);
        let name = |at: usize| world.servers[at].endpoint.provider.to_string();
        order.into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(order(2_500, 0.0)[0], "shaky");
    assert_eq!(order(2_500, 9.0)[0], "author", "at 17:00");
    assert_eq!(order(2_500, 17.0)[0], "shaky", "at 01:00 of the next day");
    let before = |order: Vec<String>, a: &str, b: &str| {
        let place = |name| order.iter().position(|other| other == name);
        place(a) < place(b)
    };
    assert!(before(order(15_000, 0.0), "coldish", "bargain"));
    assert!(before(order(17_000, 0.0), "bargain", "coldish"));
}
