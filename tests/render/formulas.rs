//! What is a formula, what is money, and what becomes of each.

use crate::{growing, whole};

#[test]
fn prices_stay_prices() {
    assert_eq!(whole("US$5 and A$6"), "<p>US$5 and A$6</p>\n");
    assert_eq!(whole("from ~$5 to ~$6, ~7~"), "<p>from ~$5 to ~$6, ~7~</p>\n");
    for text in [
        "$5-$10",
        "$100k–$200k",
        "it costs $5 and then 10$ more",
        "$HOME:$PATH and $HOME/x",
        "$3/$4 each, $1.50/$2",
        "A$B$ C",
        "$ x $",
        "from $5, $ 6 to $7.",
        "$$$",
        "a \\$x\\$ b",
    ] {
        assert!(!whole(text).contains("<math"), "{text}: {}", whole(text));
    }
    let table = whole("| a | b |\n|---|---|\n| $5 | $6 |\n| A$ | B$ |");
    assert!(table.contains("<td>$5</td>") && !table.contains("<math"), "{table}");
    let code = whole("`$x$` and\n\n```\n$x^2$\n```\n");
    assert!(!code.contains("<math"), "{code}");
}

#[test]
fn formulas_are_set_and_kept_from_markdown() {
    let source = |latex: &str| format!("<annotation encoding=\"application/x-tex\">{latex}</annotation>");
    let inline = whole("so \\(a_{1} * b * c_{2}\\) holds");
    assert!(
        inline.starts_with("<p>so <math><semantics>") && inline.ends_with("</math> holds</p>\n"),
        "{inline}"
    );
    assert!(inline.contains(&source("a_{1} * b * c_{2}")), "{inline}");
    let display = whole("\\[\nx = \\frac{a}{b}\n- c | d\n\\]");
    assert!(display.contains("class=\"formula\"") && display.contains("<mfrac>"), "{display}");
    assert!(whole("| f |\n|---|\n| \\(a\\) |").contains("<td><math>"));
    for (text, latex) in [
        ("with $a_1$ and", "a_1"),
        ("$x$", "x"),
        ("($n$-th)", "n"),
        ("$$E = mc^2$$", "E = mc^2"),
        ("$$\na * b * c\n$$", "a * b * c"),
        ("costs $5$ units", "5"),
        ("> $$\n> x\n> $$", "x"),
    ] {
        assert!(whole(text).contains(&source(latex)), "{text}: {}", whole(text));
    }
    let two = whole("$a_1$ or $b_2$");
    assert_eq!(two.matches("<math>").count(), 2, "{two}");
    // What cannot be set is shown as it was written, and what is still being written is, too.
    assert_eq!(whole("$\\frac{a}$"), "<p><code class=\"math\">$\\frac{a}$</code></p>\n");
    assert!(growing("\\[\nx = 1").contains("<code class=\"math math-block\">"));
    assert_eq!(whole("\\[1\\] and \\(open"), "<p>[1] and (open</p>\n", "an escape without a formula");
    assert_eq!(whole("`\\(a\\)`"), "<p><code>\\(a\\)</code></p>\n");
    assert!(whole("[x](https://a.example/b_\\(c\\))").contains("href=\"https://a.example/b_(c)\""));
}
