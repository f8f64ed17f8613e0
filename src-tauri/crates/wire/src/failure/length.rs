//! Which of two is too long for a context, a prompt or the answer that was asked for.

/// The answer that was asked for is too long, and the prompt is not: it takes less than half of the context, so that
/// nothing is gained by shortening it. vLLM: "'max_tokens' is too large: 8192. This model's maximum context length is
/// 8192 tokens and your request has 50 input tokens"; OpenAI: "maximum context length is 8192 tokens. However, you
/// requested 8242 tokens (50 in the messages, 8192 in the completion)"; Anthropic: "input length and `max_tokens` exceed
/// context limit: 50 + 200000 > 200000".
pub(super) fn answer_too_long(message: &str) -> bool {
    let behind = |words: &str| message.split_once(words).map(|(_, rest)| rest.trim_start());
    let before = |words: &str| {
        let (rest, _) = message.split_once(words)?;
        rest.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok();
    let sum = behind("context limit:")
        .and_then(|sum| Some((number(sum)?, number(sum.split_once('>')?.1.trim_start())?)));
    let prompt = || [" input tokens", " in the messages", " in your prompt"].into_iter().find_map(before);
    let plain = || prompt().zip(behind("maximum context length is").and_then(number));
    sum.or_else(plain).is_some_and(|(prompt, context)| prompt < context / 2)
}
