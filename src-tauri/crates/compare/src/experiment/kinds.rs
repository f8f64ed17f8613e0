//! The names of checks: those that are run here, and those of promptfoo that are told and not run, each with the reason.

/// What is run, as it can stand in a table's `__expected`.
pub(super) const RUN: &[&str] = &[
    "contains",
    "icontains",
    "contains-any",
    "icontains-any",
    "contains-all",
    "icontains-all",
    "equals",
    "starts-with",
    "ends-with",
    "regex",
    "is-json",
    "contains-json",
    "number",
    "word-count",
    "cost",
    "latency",
    "levenshtein",
    "llm-rubric",
];

/// What is not run, by the reason. From promptfoo's reference of assertion types, 2026-11.
const NOT_RUN: &[(&str, &[&str])] = &[
    ("code from a file is not run", &["javascript", "python", "ruby", "webhook"]),
    (
        "it needs a judge of another kind than llm-rubric",
        &[
            "model-graded-closedqa",
            "model-graded-factuality",
            "factuality",
            "g-eval",
            "answer-relevance",
            "conversation-relevance",
            "context-faithfulness",
            "context-recall",
            "context-relevance",
            "select-best",
            "max-score",
            "pi",
            "search-rubric",
            "agent-rubric",
            "human",
        ],
    ),
    (
        "it needs a model for similarity or moderation, which is not asked here",
        &[
            "similar",
            "similar:cosine",
            "similar:dot",
            "similar:euclidean",
            "classifier",
            "moderation",
            "guardrails",
            "perplexity",
            "perplexity-score",
        ],
    ),
    (
        "it is not supported here",
        &[
            "rouge-n",
            "rouge-l",
            "rouge-s",
            "bleu",
            "gleu",
            "meteor",
            "is-sql",
            "contains-sql",
            "is-xml",
            "contains-xml",
            "is-html",
            "contains-html",
            "is-refusal",
            "is-valid-openai-tools-call",
            "is-valid-openai-function-call",
            "is-valid-function-call",
            "tool-call-f1",
            "finish-reason",
            "skill-used",
            "trace-error-spans",
            "trace-span-count",
            "trace-span-duration",
        ],
    ),
];

/// Beginnings of further names of promptfoo's that are not run.
const FAMILIES: &[&str] = &["promptfoo:", "trajectory:"];

/// Why a check of this name, without `not-`, is not run; `None` = it is, or nobody knows the name.
pub(super) fn not_run(name: &str) -> Option<&'static str> {
    if FAMILIES.iter().any(|family| name.starts_with(family)) {
        return Some("it is not supported here");
    }
    NOT_RUN.iter().find(|(_, names)| names.contains(&name)).map(|(why, _)| *why)
}

/// The known name that a text begins with, and the rest behind it: the end, `(` or `:`.
pub(super) fn named(text: &str) -> Option<(&'static str, &str)> {
    let known = RUN.iter().chain(NOT_RUN.iter().flat_map(|(_, names)| names.iter()));
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['(', ':']);
    let found = known.filter_map(|name| Some((*name, text.strip_prefix(name)?)));
    found.filter(|(_, rest)| ends(rest)).max_by_key(|(name, _)| name.len())
}
