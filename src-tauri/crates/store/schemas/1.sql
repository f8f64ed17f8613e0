-- A database as the first schema left it: one turn with three demo models and a provider of the user's own.
PRAGMA foreign_keys = OFF;
PRAGMA application_id = 1349285937;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE attempts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    run BLOB REFERENCES runs (id),
    n INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    origin TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    first_byte INTEGER,
    first_content INTEGER,
    duration INTEGER,
    outcome TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
    upstream TEXT CHECK (upstream IS NULL OR json_valid(upstream)),
    usage TEXT CHECK (usage IS NULL OR json_valid(usage)),
    cost TEXT CHECK (cost IS NULL OR json_valid(cost))
) STRICT;
INSERT INTO "attempts" VALUES(X'01A1FEBE11CA7124BFEBDC7C33F91914',X'01A1FEBE11C674B7B34D9B678F9B58A5',1,'demo/quick','demo','demo/quick','quick','cli',1795275231690,0,121,571,'{"type":"completed","finish_reason":"stop"}','{"provider":"demo","status":200,"code":null,"message":null,"param":null,"request_id":null,"retry_after":null}','{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":81,"reasoning":0,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":81,\"completion_tokens_details\":{\"reasoning_tokens\":0},\"prompt_tokens\":9,\"total_tokens\":90}"}','{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":81,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}');
INSERT INTO "attempts" VALUES(X'01A1FEBE11CA7447B5EBCD9444AD9A57',X'01A1FEBE11C676E2BFA9CB0B36523EC0',1,'demo/flaky','demo','demo/flaky','flaky','cli',1795275231690,0,301,2268,'{"type":"failed","failure":{"kind":"upstream.internal","message":"The provider failed while answering. Try again: This demo model broke off on purpose, to show what a provider''s failure looks like.","upstream":{"provider":"demo","status":200,"code":"demo_interrupted","message":"This demo model broke off on purpose, to show what a provider''s failure looks like.","param":null,"request_id":null,"retry_after":null}}}','{"provider":"demo","status":200,"code":"demo_interrupted","message":"This demo model broke off on purpose, to show what a provider''s failure looks like.","param":null,"request_id":null,"retry_after":null}',NULL,'{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":104,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}');
INSERT INTO "attempts" VALUES(X'01A1FEBE11CA7D93A6EB142A7179D922',X'01A1FEBE11C67D2F93DDDF12A6FB948B',1,'demo/thinker','demo','demo/thinker','thinker','cli',1795275231690,0,251,3784,'{"type":"completed","finish_reason":"stop"}','{"provider":"demo","status":200,"code":null,"message":null,"param":null,"request_id":null,"retry_after":null}','{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":318,"reasoning":155,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":318,\"completion_tokens_details\":{\"reasoning_tokens\":155},\"prompt_tokens\":9,\"total_tokens\":327}"}','{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":163,"rate":"0.000000","amount":"0.000000"},{"meter":"output_reasoning","units":155,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}');
CREATE TABLE contents (
    id TEXT PRIMARY KEY,
    parts TEXT NOT NULL CHECK (json_valid(parts))
) STRICT;
INSERT INTO "contents" VALUES('bb4ff7e4f397b9d1bbb036fd6b6b7cdf94f0708ff5b6284eb7e10639d39789b1','[{"type":"text","text":"Hello from the first schema"}]');
INSERT INTO "contents" VALUES('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945','[]');
INSERT INTO "contents" VALUES('10042163e57dfb8e4f413b5111b2741b5ab2f55b89a995db4bd60ad5f6d68783','[{"type":"text","text":"A short demo answer. I am a program, **not an AI model**, and nothing left this computer.\n\nYou wrote: “Hello from the first schema”\n\nNo earlier message of yours came with this request.\n\nSent to several models, your words leave at the same moment; compare how soon each begins.\n"}]');
INSERT INTO "contents" VALUES('cb2fdc6035e6c06313c96b2be477d0b5af9670f557c949e1f7bf9fb157cdab80','[{"type":"text","text":"I am a demo program, **not an AI model**, and I never finish. You wrote: “Hello from the first schema”\n\nNo earlier message of yours came with this request.\n\nAbout here, half way, I break off with an error, as a provider does when its machine fails in the middle of an answer. It happens every time, so that you can look at it calmly. The text up to that point stays, marked as incomplete, and the other columns go on as if nothin"}]');
INSERT INTO "contents" VALUES('69a9b9dcaa9f9e1b8b14bec1e23c81fb4c705a2ffa0f9d34a0237340eb524b80','[{"type":"reasoning","text":"First, what is there to work with: a message of 5 words, and none before it. I am a demo, so nothing is worked out here; this passage stands where a reasoning model would show its notes. It comes in a channel of its own, is counted on its own, and is paid for like any other output where a provider charges for it. A number might be asked for: then the messages that came along decide, not any memory of mine. What remains is to say plainly what came in, what can be read from it, and where this text ends. The answer should be shorter than these notes, as good answers often are. That is enough to begin the answer itself.","signature":"reasoning_content","issuer":"demo/thinker"},{"type":"text","text":"Those notes took about a second and a half; here is the answer. I am a demo program, **not an AI model**, so the thinking was a show and nothing left this computer.\n\nYou wrote: “Hello from the first schema”\n\nNo earlier message of yours came with this request.\n\n**What can be seen here**\n\n- The notes arrived before this text and are kept apart from it.\n- Notes cost time: the answer begins only when they end.\n- The token count takes the notes as part of the output, because providers do.\n\nIf the notes are no use to you, a model without them answers sooner and is billed for less.\n"}]');
CREATE TABLE conversations (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;
INSERT INTO "conversations" VALUES(X'01A1FEBE11C5737DB9D9AA0581788709','Hello from the first schema',1795275231685,1795275235476,NULL);
CREATE TABLE custom_providers (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (json_valid(provider))
) STRICT;
INSERT INTO "custom_providers" VALUES('mine','{"id":"mine","name":"mine","dialect":"openai-chat","base_url":"http://127.0.0.1:9/v1","auth":{"scheme":"bearer"},"quirks":{"max_tokens_field":null,"system_role":null,"stream_usage":"ask","usage_paths":[],"drop_params":[],"extra_headers":[],"path":null,"cancel_stops_billing":null,"effort_models":[]},"models_path":"/models","data_policy":{"trains":null,"retention_days":null,"zdr":null,"source":null,"checked":null},"docs_url":null,"keys_url":null,"key_prefixes":[],"local":false,"unverified":true,"custom":true}');
CREATE TABLE holds (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    amount INTEGER CHECK (amount >= 0),
    placed_at INTEGER NOT NULL,
    process BLOB NOT NULL CHECK (length(process) = 16)
) STRICT;
CREATE TABLE journal (
    run BLOB NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    chunk TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE lanes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    target TEXT NOT NULL CHECK (json_valid(target)),
    head BLOB REFERENCES messages (id),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT;
INSERT INTO "lanes" VALUES(X'01A1FEBE11C57864B8231397D8342833',X'01A1FEBE11C5737DB9D9AA0581788709',0,'{"model":{"model":"demo/quick"},"system":null,"params":{}}',X'01A1FEBE11C674A59DA626D27FF4ACC1',0);
INSERT INTO "lanes" VALUES(X'01A1FEBE11C57CC5B0DE15D160445FD3',X'01A1FEBE11C5737DB9D9AA0581788709',1,'{"model":{"model":"demo/thinker"},"system":null,"params":{}}',X'01A1FEBE11C677EB8317F0026DE8FC34',0);
INSERT INTO "lanes" VALUES(X'01A1FEBE11C57BB9BC7B210800E9579E',X'01A1FEBE11C5737DB9D9AA0581788709',2,'{"model":{"model":"demo/flaky"},"system":null,"params":{}}',X'01A1FEBE11C67A81A6C1D62D322CEC62',0);
CREATE TABLE ledger_entries (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    attempt BLOB NOT NULL CHECK (length(attempt) = 16),
    conversation BLOB CHECK (conversation IS NULL OR length(conversation) = 16),
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    origin TEXT NOT NULL,
    outcome TEXT NOT NULL,
    usage TEXT CHECK (usage IS NULL OR json_valid(usage)),
    input INTEGER,
    output INTEGER,
    cost TEXT NOT NULL CHECK (json_valid(cost)),
    amount INTEGER,
    basis TEXT NOT NULL CHECK (basis IN ('reported', 'computed', 'estimated', 'unknown')),
    price_sheet BLOB REFERENCES price_sheets (id),
    adjusts BLOB REFERENCES ledger_entries (id),
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "ledger_entries" VALUES(1,X'01A1FEBE14067B4989B8FCE7533276F4',X'01A1FEBE11CA7124BFEBDC7C33F91914',X'01A1FEBE11C5737DB9D9AA0581788709',1795275231690,'demo','demo/quick','demo/quick','quick','cli','stop','{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":81,"reasoning":0,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":81,\"completion_tokens_details\":{\"reasoning_tokens\":0},\"prompt_tokens\":9,\"total_tokens\":90}"}',9,81,'{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":81,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}',0,'computed',X'229AE7B11ABFAD4884BD4E6291849A13DAED41AD9182A877018CB2EE7BC4F6F4',NULL,X'0000000000000000000000000000000000000000000000000000000000000000',X'6472E42688ABF630CE6593DC242449F70925948634C83F3092EC716FD2D0E08A');
INSERT INTO "ledger_entries" VALUES(2,X'01A1FEBE1AA879CBA512EBDEF3F31074',X'01A1FEBE11CA7447B5EBCD9444AD9A57',X'01A1FEBE11C5737DB9D9AA0581788709',1795275231690,'demo','demo/flaky','demo/flaky','flaky','cli','upstream.internal','{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":104,"reasoning":null,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"estimated","raw":null}',9,104,'{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":104,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}',0,'computed',X'229AE7B11ABFAD4884BD4E6291849A13DAED41AD9182A877018CB2EE7BC4F6F4',NULL,X'6472E42688ABF630CE6593DC242449F70925948634C83F3092EC716FD2D0E08A',X'161803756769C81F37238599DC1442A0C80B436D75DF83453DF4FA634942987B');
INSERT INTO "ledger_entries" VALUES(3,X'01A1FEBE20947CAE87FB3F66CD007DB1',X'01A1FEBE11CA7D93A6EB142A7179D922',X'01A1FEBE11C5737DB9D9AA0581788709',1795275231690,'demo','demo/thinker','demo/thinker','thinker','cli','stop','{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":318,"reasoning":155,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":318,\"completion_tokens_details\":{\"reasoning_tokens\":155},\"prompt_tokens\":9,\"total_tokens\":327}"}',9,318,'{"total":"0.000000","lines":[{"meter":"input","units":9,"rate":"0.000000","amount":"0.000000"},{"meter":"output","units":163,"rate":"0.000000","amount":"0.000000"},{"meter":"output_reasoning","units":155,"rate":"0.000000","amount":"0.000000"}],"basis":"computed"}',0,'computed',X'229AE7B11ABFAD4884BD4E6291849A13DAED41AD9182A877018CB2EE7BC4F6F4',NULL,X'161803756769C81F37238599DC1442A0C80B436D75DF83453DF4FA634942987B',X'45EE909E10409D277A346C7C9C23981F0B9D5B273AD911F455EDBABF27EF918E');
CREATE TABLE marks (
    slot INTEGER PRIMARY KEY CHECK (slot BETWEEN 1 AND 8),
    model TEXT NOT NULL UNIQUE,
    used_at INTEGER NOT NULL
) STRICT;
INSERT INTO "marks" VALUES(1,'demo/quick',1795275231685);
INSERT INTO "marks" VALUES(2,'demo/thinker',1795275231685);
INSERT INTO "marks" VALUES(3,'demo/flaky',1795275231685);
CREATE TABLE messages (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    parent BLOB REFERENCES messages (id),
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    content TEXT NOT NULL REFERENCES contents (id),
    run BLOB CHECK (run IS NULL OR length(run) = 16),
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "messages" VALUES(X'01A1FEBE11C6793488C513D042B85597',X'01A1FEBE11C5737DB9D9AA0581788709',NULL,'user','bb4ff7e4f397b9d1bbb036fd6b6b7cdf94f0708ff5b6284eb7e10639d39789b1',NULL,1795275231686);
INSERT INTO "messages" VALUES(X'01A1FEBE11C674A59DA626D27FF4ACC1',X'01A1FEBE11C5737DB9D9AA0581788709',X'01A1FEBE11C6793488C513D042B85597','assistant','10042163e57dfb8e4f413b5111b2741b5ab2f55b89a995db4bd60ad5f6d68783',X'01A1FEBE11C674B7B34D9B678F9B58A5',1795275231686);
INSERT INTO "messages" VALUES(X'01A1FEBE11C67E0DADD7B3106CCCF9DD',X'01A1FEBE11C5737DB9D9AA0581788709',NULL,'user','bb4ff7e4f397b9d1bbb036fd6b6b7cdf94f0708ff5b6284eb7e10639d39789b1',NULL,1795275231686);
INSERT INTO "messages" VALUES(X'01A1FEBE11C677EB8317F0026DE8FC34',X'01A1FEBE11C5737DB9D9AA0581788709',X'01A1FEBE11C67E0DADD7B3106CCCF9DD','assistant','69a9b9dcaa9f9e1b8b14bec1e23c81fb4c705a2ffa0f9d34a0237340eb524b80',X'01A1FEBE11C67D2F93DDDF12A6FB948B',1795275231686);
INSERT INTO "messages" VALUES(X'01A1FEBE11C6721FB9D8FE94A5AD96A5',X'01A1FEBE11C5737DB9D9AA0581788709',NULL,'user','bb4ff7e4f397b9d1bbb036fd6b6b7cdf94f0708ff5b6284eb7e10639d39789b1',NULL,1795275231686);
INSERT INTO "messages" VALUES(X'01A1FEBE11C67A81A6C1D62D322CEC62',X'01A1FEBE11C5737DB9D9AA0581788709',X'01A1FEBE11C6721FB9D8FE94A5AD96A5','assistant','cb2fdc6035e6c06313c96b2be477d0b5af9670f557c949e1f7bf9fb157cdab80',X'01A1FEBE11C676E2BFA9CB0B36523EC0',1795275231686);
CREATE TABLE price_sheets (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    sheet TEXT NOT NULL CHECK (json_valid(sheet))
) STRICT;
INSERT INTO "price_sheets" VALUES(X'229AE7B11ABFAD4884BD4E6291849A13DAED41AD9182A877018CB2EE7BC4F6F4','{"source":{"origin":"demo","source":"demo","checked":"2026-11-21"},"rules":[{"when":{},"rates":{"input":"0.000000","output":"0.000000"}}]}');
CREATE TABLE processes (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
CREATE TABLE provider_states (
    provider TEXT PRIMARY KEY,
    key_origin TEXT,
    last_four TEXT CHECK (last_four IS NULL OR length(last_four) <= 4),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    test TEXT CHECK (test IS NULL OR json_valid(test)),
    listed_models TEXT CHECK (listed_models IS NULL OR json_valid(listed_models))
) STRICT;
CREATE TABLE runs (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    turn BLOB NOT NULL REFERENCES turns (id),
    lane BLOB NOT NULL REFERENCES lanes (id),
    position INTEGER NOT NULL,
    target TEXT NOT NULL CHECK (json_valid(target)),
    user_message BLOB NOT NULL REFERENCES messages (id),
    message BLOB NOT NULL REFERENCES messages (id),
    process BLOB NOT NULL CHECK (length(process) = 16),
    state TEXT NOT NULL CHECK (state IN
        ('pending', 'connecting', 'streaming', 'done', 'failed', 'cancelled', 'interrupted')),
    saw TEXT NOT NULL CHECK (json_valid(saw)),
    route TEXT NOT NULL CHECK (json_valid(route)),
    retry_of BLOB REFERENCES runs (id),
    finish_reason TEXT,
    failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
    notices TEXT NOT NULL CHECK (json_valid(notices)),
    started_at INTEGER,
    ttft INTEGER,
    duration INTEGER,
    usage TEXT CHECK (usage IS NULL OR json_valid(usage))
) STRICT;
INSERT INTO "runs" VALUES(X'01A1FEBE11C674B7B34D9B678F9B58A5',X'01A1FEBE11C6747A8B21C360DC197D9D',X'01A1FEBE11C57864B8231397D8342833',0,'{"model":{"model":"demo/quick"},"system":null,"params":{}}',X'01A1FEBE11C6793488C513D042B85597',X'01A1FEBE11C674A59DA626D27FF4ACC1',X'01A1FEBE1167749F8169C90BA0982001','done','{"type":"prompt_only"}','{"planned":[{"endpoint":"demo/quick","because":["only_one"]}],"rejected":[]}',NULL,'stop',NULL,'[]',1795275231686,121,572,'{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":81,"reasoning":0,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":81,\"completion_tokens_details\":{\"reasoning_tokens\":0},\"prompt_tokens\":9,\"total_tokens\":90}"}');
INSERT INTO "runs" VALUES(X'01A1FEBE11C67D2F93DDDF12A6FB948B',X'01A1FEBE11C6747A8B21C360DC197D9D',X'01A1FEBE11C57CC5B0DE15D160445FD3',1,'{"model":{"model":"demo/thinker"},"system":null,"params":{}}',X'01A1FEBE11C67E0DADD7B3106CCCF9DD',X'01A1FEBE11C677EB8317F0026DE8FC34',X'01A1FEBE1167749F8169C90BA0982001','done','{"type":"prompt_only"}','{"planned":[{"endpoint":"demo/thinker","because":["only_one"]}],"rejected":[]}',NULL,'stop',NULL,'[]',1795275231686,251,3786,'{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":318,"reasoning":155,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"reported","raw":"{\"completion_tokens\":318,\"completion_tokens_details\":{\"reasoning_tokens\":155},\"prompt_tokens\":9,\"total_tokens\":327}"}');
INSERT INTO "runs" VALUES(X'01A1FEBE11C676E2BFA9CB0B36523EC0',X'01A1FEBE11C6747A8B21C360DC197D9D',X'01A1FEBE11C57BB9BC7B210800E9579E',2,'{"model":{"model":"demo/flaky"},"system":null,"params":{}}',X'01A1FEBE11C6721FB9D8FE94A5AD96A5',X'01A1FEBE11C67A81A6C1D62D322CEC62',X'01A1FEBE1167749F8169C90BA0982001','failed','{"type":"prompt_only"}','{"planned":[{"endpoint":"demo/flaky","because":["only_one"]}],"rejected":[]}',NULL,'error','{"kind":"upstream.internal","message":"The provider failed while answering. Try again: This demo model broke off on purpose, to show what a provider''s failure looks like.","upstream":{"provider":"demo","status":200,"code":"demo_interrupted","message":"This demo model broke off on purpose, to show what a provider''s failure looks like.","param":null,"request_id":null,"retry_after":null}}','[]',1795275231686,301,2269,'{"input":{"total":9,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null,"image":null,"audio":null},"output":{"total":104,"reasoning":null,"audio":null,"image":null},"web_searches":null,"unexplained":null,"reported_cost":null,"service_tier":null,"source":"estimated","raw":null}');
CREATE TABLE schema_history (
    version INTEGER PRIMARY KEY,
    program TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO "schema_history" VALUES(1,'0.1.0',1795275231594);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','ledger_by_conversation','3 3');
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','ledger_by_time','3 3');
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','ledger_by_attempt','3 1');
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','ledger_adjusted_once','0 0');
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','ledger_once','3 1');
INSERT INTO "sqlite_stat1" VALUES('ledger_entries','sqlite_autoindex_ledger_entries_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('price_sheets','sqlite_autoindex_price_sheets_1','1 1');
INSERT INTO "sqlite_stat1" VALUES('lanes','lanes_by_head','3 1');
INSERT INTO "sqlite_stat1" VALUES('lanes','lanes_by_conversation','3 3 3 1');
INSERT INTO "sqlite_stat1" VALUES('lanes','sqlite_autoindex_lanes_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_unfinished','0 0');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_by_retry','3 3');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_by_user_message','3 1');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_by_message','3 1');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_by_lane','3 1');
INSERT INTO "sqlite_stat1" VALUES('runs','runs_by_turn','3 3 1 1');
INSERT INTO "sqlite_stat1" VALUES('runs','sqlite_autoindex_runs_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('messages','messages_by_content','6 2');
INSERT INTO "sqlite_stat1" VALUES('messages','messages_by_parent','6 2');
INSERT INTO "sqlite_stat1" VALUES('messages','messages_by_conversation','6 6');
INSERT INTO "sqlite_stat1" VALUES('messages','sqlite_autoindex_messages_1','6 1');
INSERT INTO "sqlite_stat1" VALUES('turns','turns_by_prompt','1 1');
INSERT INTO "sqlite_stat1" VALUES('turns','turns_by_conversation','1 1');
INSERT INTO "sqlite_stat1" VALUES('turns','sqlite_autoindex_turns_1','1 1');
INSERT INTO "sqlite_stat1" VALUES('contents','sqlite_autoindex_contents_1','5 1');
INSERT INTO "sqlite_stat1" VALUES('conversations','conversations_by_update','1 1 1');
INSERT INTO "sqlite_stat1" VALUES('conversations','sqlite_autoindex_conversations_1','1 1');
INSERT INTO "sqlite_stat1" VALUES('marks','sqlite_autoindex_marks_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('attempts','attempts_by_run','3 1 1');
INSERT INTO "sqlite_stat1" VALUES('attempts','sqlite_autoindex_attempts_1','3 1');
INSERT INTO "sqlite_stat1" VALUES('custom_providers','sqlite_autoindex_custom_providers_1','1 1');
CREATE TABLE turns (
    place INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    prompt TEXT NOT NULL REFERENCES contents (id),
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "turns" VALUES(1,X'01A1FEBE11C6747A8B21C360DC197D9D',X'01A1FEBE11C5737DB9D9AA0581788709','bb4ff7e4f397b9d1bbb036fd6b6b7cdf94f0708ff5b6284eb7e10639d39789b1',1795275231685);
CREATE INDEX conversations_by_update ON conversations (updated_at DESC, id DESC);
CREATE INDEX messages_by_conversation ON messages (conversation);
CREATE INDEX messages_by_parent ON messages (parent);
CREATE INDEX messages_by_content ON messages (content);
CREATE INDEX lanes_by_conversation ON lanes (conversation, removed, position);
CREATE INDEX lanes_by_head ON lanes (head);
CREATE INDEX turns_by_conversation ON turns (conversation);
CREATE INDEX turns_by_prompt ON turns (prompt);
CREATE INDEX runs_by_turn ON runs (turn, position, id);
CREATE INDEX runs_by_lane ON runs (lane);
CREATE INDEX runs_by_message ON runs (message);
CREATE INDEX runs_by_user_message ON runs (user_message);
CREATE INDEX runs_by_retry ON runs (retry_of);
CREATE INDEX runs_unfinished ON runs (process) WHERE state IN ('pending', 'connecting', 'streaming');
CREATE UNIQUE INDEX attempts_by_run ON attempts (run, n) WHERE run IS NOT NULL;
CREATE TRIGGER price_sheets_update BEFORE UPDATE ON price_sheets
    BEGIN SELECT RAISE(ABORT, 'price sheets are never changed'); END;
CREATE TRIGGER price_sheets_delete BEFORE DELETE ON price_sheets
    BEGIN SELECT RAISE(ABORT, 'price sheets are never deleted'); END;
CREATE UNIQUE INDEX ledger_once ON ledger_entries (attempt) WHERE adjusts IS NULL;
CREATE UNIQUE INDEX ledger_adjusted_once ON ledger_entries (adjusts) WHERE adjusts IS NOT NULL;
CREATE INDEX ledger_by_attempt ON ledger_entries (attempt);
CREATE INDEX ledger_by_time ON ledger_entries (at);
CREATE INDEX ledger_by_conversation ON ledger_entries (conversation) WHERE conversation IS NOT NULL;
CREATE TRIGGER ledger_entries_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END;
CREATE TRIGGER ledger_entries_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END;
CREATE TRIGGER ledger_entries_insert BEFORE INSERT ON ledger_entries
    WHEN NEW.seq IS NOT 1 + ifnull((SELECT max(seq) FROM ledger_entries), 0)
        OR NEW.prev_hash IS NOT ifnull(
            (SELECT hash FROM ledger_entries ORDER BY seq DESC LIMIT 1), zeroblob(32))
        OR EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a ledger entry must follow the last one'); END;
COMMIT;
