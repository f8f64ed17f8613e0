//! What routing rests on: the user's own policies, which one a conversation is under, how endpoints have
//! done lately, and the log of what left this machine.

use crate::{
    table::blind::HIDDEN,
    tx::{Cols, Key, Tx, int, json, opt_blob},
};
use domain::{
    AccountLabel, AttemptId, ConversationId, EndpointId, Failure, Policy, ProviderId, RoutingPrefs, Timestamp,
};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE policies (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    about TEXT NOT NULL,
    prefs TEXT NOT NULL CHECK (json_valid(prefs)),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_policies (
    conversation BLOB PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    policy TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE health (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    value TEXT NOT NULL CHECK (json_valid(value)),
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('chat', 'models', 'prices')),
    attempt BLOB CHECK (attempt IS NULL OR length(attempt) = 16),
    host TEXT NOT NULL,
    provider TEXT NOT NULL,
    account TEXT,
    endpoint TEXT,
    policy TEXT,
    origin TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    attachments INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
";

/// More reasons to ask somebody. The table is written anew, because its check names them.
pub(crate) const PURPOSES: &str = "
CREATE TABLE audit_anew (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('chat', 'models', 'prices', 'bill', 'token')),
    attempt BLOB CHECK (attempt IS NULL OR length(attempt) = 16),
    host TEXT NOT NULL,
    provider TEXT NOT NULL,
    account TEXT,
    endpoint TEXT,
    policy TEXT,
    origin TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    attachments INTEGER NOT NULL,
    app TEXT
) STRICT;
INSERT INTO audit_anew SELECT seq, at, purpose, attempt, host, provider, account, endpoint, policy, origin,
    bytes, messages, attachments, app FROM audit ORDER BY seq;
DROP TRIGGER audit_update;
DROP TRIGGER audit_delete;
DROP TABLE audit;
ALTER TABLE audit_anew RENAME TO audit;
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
";

/// The log is read by its numbers, whatever time is asked for, and since nothing is ever taken out of it they rise
/// without a table that keeps the highest: two pages less to write for every request. Written anew, because that
/// table belongs to its columns.
pub(crate) const LEANER: &str = "
CREATE TABLE audit_anew (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('chat', 'models', 'prices', 'bill', 'token')),
    attempt BLOB CHECK (attempt IS NULL OR length(attempt) = 16),
    host TEXT NOT NULL,
    provider TEXT NOT NULL,
    account TEXT,
    endpoint TEXT,
    policy TEXT,
    origin TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    attachments INTEGER NOT NULL,
    app TEXT
) STRICT;
INSERT INTO audit_anew SELECT seq, at, purpose, attempt, host, provider, account, endpoint, policy, origin,
    bytes, messages, attachments, app FROM audit ORDER BY seq;
DROP TRIGGER audit_update;
DROP TRIGGER audit_delete;
DROP TABLE audit;
ALTER TABLE audit_anew RENAME TO audit;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
";

/// One call that left this machine. Written before its first byte does; what it said is not in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// `chat`: a prompt; `models`: a list of models was asked for, also to test a key; `prices`: a public list
    /// of prices was; `bill`: what a provider charged; `token`: an access token, with what proves a key.
    pub purpose: &'static str,
    /// The attempt it is, for a prompt.
    pub attempt: Option<AttemptId>,
    /// `scheme://host:port` it went to.
    pub host: String,
    /// Whose that is.
    pub provider: ProviderId,
    /// Which key went along.
    pub account: Option<AccountLabel>,
    /// Which endpoint.
    pub endpoint: Option<EndpointId>,
    /// Id of the policy that permitted it.
    pub policy: Option<String>,
    /// What asked: `window`, `cli`, `gateway` …
    pub origin: String,
    /// The app that asked through the gateway.
    pub app: Option<String>,
    /// Length of the body.
    pub bytes: u64,
    /// Messages in it.
    pub messages: u64,
    /// Pictures and files in it.
    pub attachments: u64,
}

/// A line of the log with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRow {
    /// Rises by one from line to line.
    pub seq: u64,
    /// What was written.
    pub row: AuditRow,
}

/// Which lines of the log to read.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment; `None` = up to now.
    pub until: Option<Timestamp>,
    /// Of this provider.
    pub provider: Option<ProviderId>,
    /// Under a policy whose id holds this.
    pub policy: Option<String>,
    /// Older than this line.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

fn policy(cols: &Cols<'_>) -> Result<Policy, Failure> {
    Ok(Policy {
        id: cols.get("id")?,
        name: cols.get("name")?,
        about: cols.get("about")?,
        built_in: false,
        prefs: cols.json::<RoutingPrefs>("prefs")?,
    })
}

fn audit(cols: &Cols<'_>) -> Result<AuditRow, Failure> {
    let count = |name| cols.get::<i64>(name).map(|n| u64::try_from(n).unwrap_or(0));
    Ok(AuditRow {
        at: cols.time("at")?,
        purpose: match cols.get::<String>("purpose")?.as_str() {
            "models" => "models",
            "prices" => "prices",
            "bill" => "bill",
            "token" => "token",
            _ => "chat",
        },
        attempt: cols.opt_id("attempt")?,
        host: cols.get("host")?,
        provider: ProviderId::new(cols.get::<String>("provider")?),
        account: cols.get::<Option<String>>("account")?.map(AccountLabel::new),
        endpoint: cols.get::<Option<String>>("endpoint")?.map(EndpointId::new),
        policy: cols.get("policy")?,
        origin: cols.get("origin")?,
        app: cols.get("app")?,
        bytes: count("bytes")?,
        messages: count("messages")?,
        attachments: count("attachments")?,
    })
}

impl Tx<'_> {
    /// The user's own policies, by id.
    pub fn own_policies(&self) -> Result<Vec<Policy>, Failure> {
        self.all("SELECT * FROM policies ORDER BY id", [], policy)
    }

    /// Adds or changes a policy of the user's own.
    pub fn put_policy(&mut self, policy: &Policy, now: Timestamp) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO policies (id, name, about, prefs, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, about = excluded.about,
                 prefs = excluded.prefs, changed_at = excluded.changed_at",
            params![policy.id, policy.name, policy.about, json(&policy.prefs)?, now.0],
        )
        .map(|_| ())
    }

    /// How many chats, lanes in a line-up and app keys that are good are under a policy.
    pub fn policy_users(&self, id: &str) -> Result<u32, Failure> {
        let users = self.one(
            "SELECT (SELECT count(*) FROM conversation_policies WHERE policy = ?1)
                 + (SELECT count(*) FROM lanes WHERE NOT removed AND target ->> '$.policy' = ?1)
                 + (SELECT count(*) FROM app_keys WHERE revoked_at IS NULL AND policy = ?1) AS n",
            [id],
            |cols| cols.get("n"),
        )?;
        Ok(users.unwrap_or(0))
    }

    /// Removes a policy of the user's own; false = there was none.
    pub fn remove_policy(&mut self, id: &str) -> Result<bool, Failure> {
        self.exec("DELETE FROM policies WHERE id = ?1", [id]).map(|rows| rows > 0)
    }

    /// The policy a conversation is under; `None` = the usual one.
    pub fn conversation_policy(&self, conversation: ConversationId) -> Result<Option<String>, Failure> {
        self.one(
            "SELECT policy FROM conversation_policies WHERE conversation = ?1",
            [conversation.blob()],
            |c| c.get("policy"),
        )
    }

    /// Puts a conversation under a policy, or with `None` under the usual one.
    pub fn set_conversation_policy(
        &mut self,
        conversation: ConversationId,
        policy: Option<&str>,
    ) -> Result<(), Failure> {
        match policy {
            Some(policy) => self.exec(
                "INSERT INTO conversation_policies (conversation, policy) VALUES (?1, ?2)
                 ON CONFLICT (conversation) DO UPDATE SET policy = excluded.policy",
                params![conversation.blob(), policy],
            ),
            None => {
                self.exec("DELETE FROM conversation_policies WHERE conversation = ?1", [conversation.blob()])
            }
        }
        .map(|_| ())
    }

    /// Health as it was last stored, JSON of `router::Health`.
    pub fn health(&self) -> Result<Option<String>, Failure> {
        self.one("SELECT value FROM health WHERE one = 1", [], |c| c.get("value"))
    }

    /// Stores health; the newest of several processes wins.
    pub fn put_health(&mut self, value: &str, now: Timestamp) -> Result<(), Failure> {
        self.exec_told(
            "INSERT INTO health (one, value, at) VALUES (1, ?1, ?2)
             ON CONFLICT (one) DO UPDATE SET value = excluded.value, at = excluded.at",
            params![value, now.0],
        )
        .map(|_| ())
    }

    /// Writes down that a call leaves. To be committed before its first byte does.
    pub fn append_audit(&mut self, a: &AuditRow) -> Result<(), Failure> {
        self.exec_told(
            "INSERT INTO audit (at, purpose, attempt, host, provider, account, endpoint, policy, origin, bytes,
                 messages, attachments, app)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                a.at.0,
                a.purpose,
                opt_blob(a.attempt),
                a.host,
                a.provider.as_str(),
                a.account.as_ref().map(AccountLabel::as_str),
                a.endpoint.as_ref().map(EndpointId::as_str),
                a.policy,
                a.origin,
                int(a.bytes)?,
                int(a.messages)?,
                int(a.attachments)?,
                a.app,
            ],
        )
        .map(|_| ())
    }

    /// Lines of the log, newest first.
    pub fn audit_page(&self, wanted: &AuditFilter) -> Result<Vec<LoggedRow>, Failure> {
        let before = wanted.before.map(int).transpose()?;
        let hidden = self.without_hidden();
        let sql = format!(
            "SELECT * FROM audit
             WHERE at >= ?1 AND (?2 IS NULL OR at < ?2) AND (?3 IS NULL OR provider = ?3)
                 AND (?4 IS NULL OR instr(policy, ?4) > 0) AND (?5 IS NULL OR seq < ?5) {hidden}
             ORDER BY seq DESC LIMIT ?6"
        );
        self.all(
            &sql,
            params![
                wanted.from.0,
                wanted.until.map(|until| until.0),
                wanted.provider.as_ref().map(ProviderId::as_str),
                wanted.policy,
                before,
                wanted.limit
            ],
            |cols| {
                let seq = cols.get::<i64>("seq").map(|n| u64::try_from(n).unwrap_or(0))?;
                Ok(LoggedRow { seq, row: audit(cols)? })
            },
        )
    }

    /// What left since then, oldest first.
    pub fn audit(&self, since: Timestamp) -> Result<Vec<AuditRow>, Failure> {
        let sql = format!("SELECT * FROM audit WHERE at >= ?1 {} ORDER BY seq", self.without_hidden());
        self.all(&sql, [since.0], audit)
    }

    /// Leaves out what was sent for answers whose names are hidden, where that was asked for.
    fn without_hidden(&self) -> String {
        if self.leaves_out_hidden() {
            format!("AND (attempt IS NULL OR attempt NOT IN ({HIDDEN}))")
        } else {
            String::new()
        }
    }
}
