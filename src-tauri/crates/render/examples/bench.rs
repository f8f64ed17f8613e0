//! How long rendering takes, beside pulldown-cmark's own unsanitised HTML of the same text:
//! `cargo run --release -p parallax-render --example bench`
#![allow(clippy::print_stdout, reason = "it is a program that prints")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use pulldown_cmark::{Options, Parser, html};
use render::{Markdown, code, render_whole};
use std::{hint::black_box, time::Instant};

/// Every figure is the best of this many: other work on the machine only ever adds.
const REPEATS: usize = 15;

/// An answer as models write them: headings, prose, lists, a table, code.
const SECTION: &str = "## Section of an answer\n\nSome **bold** prose with `inline code`, a [link](https://a.example/b?c=d) \
    and *emphasis*, long enough to wrap over a few lines of a column that is not very wide.\n\n- first item\n- second \
    item with `code`\n  - nested item\n\n| name | value |\n|------|------:|\n| one | 1 |\n| two | 22 |\n\n```rust\nfn \
    main() {\n    let answer: u64 = 6 * 7; // a comment\n    println!(\"{answer}\");\n}\n```\n\n";

fn main() {
    first_use();
    for size in [2_000, 20_000, 200_000] {
        growing(size);
    }
    hostile();
    highlighting();
}

/// What the first block and the first code block of a process cost: lists and grammars are made then.
fn first_use() {
    let text = nanoseconds(|| render_whole("text"));
    let grammar = nanoseconds(|| code("rust", "fn f() {}"));
    let again = nanoseconds(|| code("rust", "fn g() {}"));
    println!("first text {text} ns, first code {grammar} ns, second code {again} ns");
}

fn growing(size: usize) {
    let source = SECTION.repeat(size.div_ceil(SECTION.len()));
    let plain = best(|| {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        let mut out = String::new();
        html::push_html(&mut out, Parser::new_ext(&source, options));
        out
    });
    let whole = best(|| render_whole(&source));
    let start = source.len() - SECTION.len();
    // About what arrives in 33 ms at a thousand characters a second.
    let ends: Vec<usize> = (start..source.len()).step_by(33).collect();
    let mut steps = vec![u64::MAX; ends.len()];
    for _ in 0..REPEATS {
        let mut markdown = Markdown::new();
        markdown.update(&source[..start], true);
        for (step, end) in steps.iter_mut().zip(&ends) {
            *step = (*step).min(nanoseconds(|| markdown.update(&source[..*end], true)));
        }
    }
    steps.sort_unstable();
    let (p50, p95) = (steps[steps.len() / 2], steps[steps.len() * 95 / 100]);
    println!(
        "{size:>7} B: update p50 {p50} ns ({:.2} x plain), p95 {p95} ns; whole {whole} ns ({:.1} x plain); plain {plain} ns",
        ratio(p50, plain),
        ratio(whole, plain),
    );
}

/// Inputs that are slow where something is quadratic: twice the size must take about twice the time.
fn hostile() {
    for (name, piece) in [
        ("[", "["),
        ("![", "!["),
        ("[a](", "[a]("),
        ("*a _b", "*a _b "),
        ("**", "**"),
        ("`", "`"),
        ("` ``", "`a``b"),
        ("> ", "> "),
        ("- ", "- "),
        ("<", "<a "),
        ("&", "&a"),
        ("|", "|a"),
        ("| rows", "|a|b|c|\n|-|-|-|\n"),
        ("[x]: y", "[x]: y\n"),
        ("https://", "https://a"),
        ("hidden", "a\u{202e}"),
        ("$", "$a"),
        ("\\(", "\\(a "),
        ("\\(\\)", "\\(a\\) "),
        ("lines", "a\n"),
        ("paragraphs", "a\n\n"),
        ("fences", "```\n"),
        ("[^", "[^a]"),
        ("~~", "~~a"),
        ("<!--", "<!--"),
        ("1.", "1. a\n"),
        ("#", "# a\n"),
        ("\\", "\\\\"),
        ("tabs", "\t"),
        ("]", "a](b)"),
    ] {
        let time = |size: usize| {
            let source = piece.repeat(size / piece.len());
            best(|| {
                let mut markdown = Markdown::new();
                markdown.update(&source, true);
                markdown.update(&source, false)
            })
        };
        let (once, twice) = (time(100_000), time(200_000));
        println!(
            "{name:>12}: 100 kB {:.1} ms, 200 kB {:.1} ms ({:.1} x)",
            ms(once),
            ms(twice),
            ratio(twice, once)
        );
    }
}

fn highlighting() {
    for (language, line) in [
        ("rust", "    let value: Option<&str> = map.get(\"key\").copied(); // why\n"),
        ("python", "    value = {k: f\"{v!r}\" for k, v in items if k != 'x'}  # why\n"),
        ("ts", "  const value: Record<string, number> = await get<Type>(`a${b}`, { c: 1 });\n"),
        ("tsx", "  return <div className={style}>{items.map((i) => <Item key={i.id} />)}</div>;\n"),
        ("html", "<div class=\"a\" onclick=\"b()\"><script>let c = 1;</script></div>\n"),
        ("json", "{\"a\": [1, true, null, \"b\\n\"]},\n"),
        ("cpp", "  std::vector<std::pair<int, const char*>> v{{1, \"a\"}};\n"),
        ("bash", "for f in \"${a[@]}\"; do echo \"$(cat \"$f\" | wc -l)\"; done\n"),
        ("sql", "SELECT a.id, count(*) FROM t a JOIN u ON a.id = u.id WHERE x = 'y' GROUP BY 1;\n"),
        ("ts", "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n"),
        ("ts", "<a<b<c<d<e<f<g<h<i<j<k<l<m<n<o<p<q<r<s<t<u<v<w<x<y<z\n"),
        ("cpp", "a::b::c::d::e::f::g::h::i::j::k::l::m::n::o::p::q::r::s::t::u\n"),
    ] {
        let source = line.repeat(200);
        let time = best(|| code(language, &source));
        let html = code(language, &source).as_str().len();
        println!(
            "{language:>8}: 200 lines {:.1} ms, {:.1} x as long",
            ms(time),
            ratio(html as u64, source.len() as u64)
        );
    }
}

fn nanoseconds<T>(work: impl FnOnce() -> T) -> u64 {
    let start = Instant::now();
    black_box(work());
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The best of several: what the work costs when nothing else runs.
fn best<T>(mut work: impl FnMut() -> T) -> u64 {
    (0..REPEATS).map(|_| nanoseconds(&mut work)).min().unwrap_or(u64::MAX)
}

fn ms(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b.max(1) as f64
}
