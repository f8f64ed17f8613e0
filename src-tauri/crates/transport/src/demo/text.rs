//! What the demo models say. Written for this program; nothing in it pretends to be an AI.

use super::Answer;
use super::ask::{Ask, last_integer};
use std::fmt::Write as _;

/// Longest piece of the prompt that is shown back, in characters.
const SHOWN: usize = 160;

/// The prompt in one line, cut, with everything that Markdown might read escaped.
fn quoted(prompt: &str) -> String {
    let line = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    for character in line.chars().take(SHOWN) {
        if character.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(character);
    }
    if line.chars().count() > SHOWN {
        out.push('…');
    }
    out
}

/// What came with this request, and the number that was asked for. Both are read from the request's own
/// messages: each lane answers from what it was sent, so a lane that got less says less.
fn memory(ask: &Ask) -> String {
    let mut out = match ask.earlier.len() {
        0 => "No earlier message of yours came with this request.".to_owned(),
        1 => "One earlier message of yours came with this request.".to_owned(),
        n => format!("{n} earlier messages of yours came with this request."),
    };
    if ask.asks_for_number() {
        out.push(' ');
        match ask.remembered() {
            Some(number) => {
                // Writing into a String cannot fail.
                let _ = write!(out, "The last number in them is **{number}**.");
            }
            None if ask.earlier.is_empty() => out.push_str("So there is no number I could repeat."),
            None => out.push_str("There is no number in them that I could repeat."),
        }
    } else if let Some(number) =
        last_integer(&ask.prompt).filter(|_| ask.prompt.to_lowercase().contains("remember"))
    {
        let _ = write!(
            out,
            " I store nothing: I can name **{number}** later only if this message is sent along again."
        );
    }
    out
}

pub(super) fn quick(ask: &Ask) -> Answer {
    let opening = ask
        .pick(1, &["A short demo answer.", "The quick demo model here.", "Demo text, as fast as it comes."]);
    let aside = ask.pick(
        2,
        &[
            "Sent to several models, your words leave at the same moment; compare how soon each begins.",
            "Look at the time to the first word: this model is built to win that one.",
            "Short answers are cheap to read, which is why this model gives no others.",
        ],
    );
    let content = format!(
        "{opening} I am a program, **not an AI model**, and nothing left this computer.\n\n\
         You wrote: “{}”\n\n{}\n\n{aside}\n",
        quoted(&ask.prompt),
        memory(ask),
    );
    Answer { reasoning: String::new(), content }
}

const RUST: &str = r#"```rust
/// Rounds up, because half a token is still paid for.
fn tokens_at_most(bytes: u64, bytes_per_token: u64) -> u64 {
    bytes.div_ceil(bytes_per_token.max(1))
}

fn main() {
    let prompt = "How long is this?";
    println!("{}", tokens_at_most(prompt.len() as u64, 4));
}
```"#;

const PYTHON: &str = r#"```python
def slowest(lanes: dict[str, float]) -> str:
    """The lane that finished last, by name."""
    return max(lanes, key=lambda name: lanes[name])


times = {"quick": 0.8, "steady": 6.9, "thinker": 4.4}
print(f"{slowest(times)} took {times[slowest(times)]:.1f} s")
```"#;

pub(super) fn steady(ask: &Ask) -> Answer {
    let title = ask.pick(1, &["A long demo answer", "One of everything", "A tour of an answer"]);
    let code = ask.pick(2, &[RUST, PYTHON]);
    let lead = ask.pick(
        3,
        &[
            "It is long on purpose, so that scrolling, folding and stopping have something to work on.",
            "It takes its time on purpose: stop it half way and the text so far stays.",
            "It is long on purpose; while it grows, the other columns keep their own pace.",
        ],
    );
    let fourth = ask.pick(
        4,
        &[
            "| Code | keeps its line breaks, scrolls sideways |",
            "| Links | shown with their target, opened by you alone |",
            "| Quotes | set apart from what the model says |",
        ],
    );
    let content = format!(
        "# {title}\n\n\
         I am a demo program, **not an AI model**. Nothing was sent over a network. {lead}\n\n\
         ## What came in\n\n> You wrote: “{}”\n\n{}\n\n\
         ## A table\n\n\
         | Part | What to look at |\n|:--|:--|\n\
         | Headings | three sizes, one outline |\n\
         | Tables | stay inside their column |\n\
         {fourth}\n\
         | Prices | a dollar sign is not a formula |\n\n\
         ## A list\n\n\
         1. Words arrive at about seventy a second.\n\
         2. Each finished block is drawn once and then left alone:\n   \
            - the block that is still growing is redrawn,\n   \
            - everything above it is not.\n\
         3. The last line tells who counted the tokens. Here the demo counted, by rule of thumb.\n\n\
         ## Some code\n\n{code}\n\n\
         ## A price in a sentence\n\n\
         If a model asked US$5 for a million tokens of output, an answer of this length would come to about \
         US$0.003; between $0.10 and $2.40 a million it would be far less. The demo itself costs nothing.\n\n\
         ### In the end\n\n\
         *Emphasis*, **weight**, `inline code` and ~~second thoughts~~ all end where they should. {}\n",
        quoted(&ask.prompt),
        memory(ask),
        ask.pick(
            5,
            &[
                "Send the same words again and you get the same answer; change one and parts of it change.",
                "The same words always give this same answer, so a difference between two tries is never luck.",
            ],
        ),
    );
    Answer { reasoning: String::new(), content }
}

pub(super) fn thinker(ask: &Ask) -> Answer {
    let words = ask.prompt.split_whitespace().count();
    let reasoning = format!(
        "First, what is there to work with: a message of {words} words, and {} before it. \
         I am a demo, so nothing is worked out here; this passage stands where a reasoning model would \
         show its notes. It comes in a channel of its own, is counted on its own, and is paid for like \
         any other output where a provider charges for it. \
         {} \
         What remains is to say plainly what came in, what can be read from it, and where this text ends. \
         {} That is enough to begin the answer itself.",
        match ask.earlier.len() {
            0 => "none".to_owned(),
            n => n.to_string(),
        },
        ask.pick(
            1,
            &[
                "A number might be asked for: then the messages that came along decide, not any memory of mine.",
                "Should a number be asked for, I look through the messages of this request and nowhere else.",
            ],
        ),
        ask.pick(
            2,
            &[
                "The answer should be shorter than these notes, as good answers often are.",
                "The notes fold away when the answer is done; the answer has to stand without them.",
            ],
        ),
    );
    let content = format!(
        "Those notes took about a second and a half; here is the answer. I am a demo program, \
         **not an AI model**, so the thinking was a show and nothing left this computer.\n\n\
         You wrote: “{}”\n\n{}\n\n\
         **What can be seen here**\n\n\
         - The notes arrived before this text and are kept apart from it.\n\
         - Notes cost time: the answer begins only when they end.\n\
         - The token count takes the notes as part of the output, because providers do.\n\n{}\n",
        quoted(&ask.prompt),
        memory(ask),
        ask.pick(
            3,
            &[
                "Compare this column with a faster one: waiting for notes is a price too, only not in dollars.",
                "If the notes are no use to you, a model without them answers sooner and is billed for less.",
                "Whether notes were worth the wait is for you to judge, side by side.",
            ],
        ),
    );
    Answer { reasoning, content }
}

pub(super) fn flaky(ask: &Ask) -> Answer {
    let content = format!(
        "I am a demo program, **not an AI model**, and I never finish. You wrote: “{}”\n\n{}\n\n\
         About here, half way, I break off with an error, as a provider does when its machine fails in the \
         middle of an answer. {} The text up to that point stays, marked as incomplete, and the other \
         columns go on as if nothing had happened.\n\n\
         What you should never see is this second half: the list of what would have followed, the closing \
         words, and the count of tokens that a finished answer carries. A program that shows a count for a \
         broken answer has made one up, unless it says that it is an estimate. And a program that tries \
         again by itself after you have read half an answer may charge you twice for one question. That is \
         why the choice is yours: try again, or go on with the columns that are complete.\n",
        quoted(&ask.prompt),
        memory(ask),
        ask.pick(
            1,
            &[
                "It happens every time, so that you can look at it calmly.",
                "It is no accident and no luck: the next try ends the same way.",
            ],
        ),
    );
    Answer { reasoning: String::new(), content }
}
