//! Views for people who read the database with other programs. Their columns stay; tables behind them may
//! change. The command line's `SCHEMA.md` describes them.

/// An id as text, the way every other place writes it.
macro_rules! id {
    ($column:literal) => {
        concat!(
            "lower(substr(hex(",
            $column,
            "), 1, 8) || '-' || substr(hex(",
            $column,
            "), 9, 4) || '-' || ",
            "substr(hex(",
            $column,
            "), 13, 4) || '-' || substr(hex(",
            $column,
            "), 17, 4) || '-' || ",
            "substr(hex(",
            $column,
            "), 21))"
        )
    };
}

/// A time as text, UTC.
macro_rules! time {
    ($column:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%fZ', ", $column, " / 1000.0, 'unixepoch')")
    };
}

pub(crate) const SCHEMA: &str = concat!(
    "CREATE VIEW v_conversations AS SELECT ",
    id!("c.id"),
    " AS id, c.title AS title, ",
    time!("c.created_at"),
    " AS created_at, ",
    time!("c.updated_at"),
    " AS updated_at, ",
    "c.archived_at IS NOT NULL AS archived, c.deleted_at IS NOT NULL AS in_trash, ",
    "i.source AS imported_from ",
    "FROM conversations c LEFT JOIN imported i ON i.conversation = c.id;\n",
    "CREATE VIEW v_messages AS SELECT ",
    id!("m.id"),
    " AS id, ",
    id!("m.conversation"),
    " AS conversation, ",
    "CASE WHEN m.parent IS NULL THEN NULL ELSE ",
    id!("m.parent"),
    " END AS parent, ",
    "m.role AS role, ",
    time!("m.created_at"),
    " AS created_at, ",
    "CASE WHEN m.run IS NULL THEN NULL ELSE ",
    id!("m.run"),
    " END AS answer, ",
    "(SELECT group_concat(p.value ->> 'text', char(10) || char(10)) FROM json_each(c.parts) p ",
    "WHERE p.value ->> 'type' IN ('text', 'refusal')) AS text, ",
    "c.parts AS parts ",
    "FROM messages m JOIN contents c ON c.id = m.content;\n",
    "CREATE VIEW v_answers AS SELECT ",
    id!("r.id"),
    " AS id, ",
    id!("t.conversation"),
    " AS conversation, ",
    id!("r.turn"),
    " AS turn, ",
    id!("r.lane"),
    " AS lane, ",
    id!("r.message"),
    " AS message, ",
    "r.target ->> '$.model.model' AS model, ",
    "coalesce((SELECT a.provider FROM attempts a WHERE a.run = r.id ORDER BY a.n DESC LIMIT 1), ",
    "r.target ->> '$.model.provider') AS provider, ",
    "r.state AS state, r.finish_reason AS finish_reason, ",
    time!("r.started_at"),
    " AS started_at, ",
    "r.ttft AS ttft_ms, r.duration AS duration_ms, ",
    "r.usage ->> '$.input.total' AS input_tokens, r.usage ->> '$.output.total' AS output_tokens ",
    "FROM runs r JOIN turns t ON t.id = r.turn;\n",
    "CREATE VIEW v_spend AS SELECT e.seq AS seq, ",
    time!("e.at"),
    " AS at, ",
    "e.provider AS provider, e.model AS model, e.outcome AS outcome, ",
    "e.amount / 1e12 AS usd, e.basis AS basis, e.input AS input_tokens, e.output AS output_tokens, ",
    "CASE WHEN e.conversation IS NULL THEN NULL ELSE ",
    id!("e.conversation"),
    " END AS conversation, ",
    "NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id) AS counts ",
    "FROM ledger_entries e;\n",
);
