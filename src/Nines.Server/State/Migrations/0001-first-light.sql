CREATE TABLE aggregate (
  kind TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL,
  key1 TEXT, key2 TEXT, json TEXT NOT NULL,
  PRIMARY KEY (kind, id));
CREATE INDEX aggregate_key1 ON aggregate (kind, key1);
CREATE INDEX aggregate_key2 ON aggregate (kind, key2);

CREATE TABLE journal_head (one BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE fact (
  seq BIGINT PRIMARY KEY, occurred_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL,
  type TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, source TEXT NOT NULL,
  correlation TEXT NOT NULL, kind TEXT NOT NULL,
  payload BLOB, salt BLOB, payload_hash BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX fact_subject ON fact (subject, seq);
CREATE INDEX fact_type ON fact (type, seq);

CREATE TABLE alert (
  fingerprint TEXT PRIMARY KEY, firing BIGINT NOT NULL, updated_at BIGINT NOT NULL, json TEXT NOT NULL);
CREATE TABLE alert_transition (
  fingerprint TEXT NOT NULL, episode BIGINT NOT NULL, resolved BIGINT NOT NULL,
  at BIGINT NOT NULL, explanation TEXT NOT NULL,
  PRIMARY KEY (fingerprint, episode, resolved));
CREATE INDEX alert_transition_at ON alert_transition (at);

CREATE TABLE outbox (
  idempotency_key TEXT PRIMARY KEY, receiver TEXT NOT NULL, group_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  decided_at BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
  recorded BIGINT NOT NULL, detail TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX outbox_state ON outbox (state, decided_at);
CREATE INDEX outbox_decided_at ON outbox (decided_at);
CREATE TABLE attempt (
  idempotency_key TEXT NOT NULL, number BIGINT NOT NULL, started_at BIGINT NOT NULL,
  finished_at BIGINT, outcome TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (idempotency_key, number));
CREATE INDEX attempt_started_at ON attempt (started_at);

CREATE TABLE workspace_blob (hash TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE workspace_file (
  workspace TEXT NOT NULL, path TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (workspace, path));

INSERT INTO journal_head (one, seq, hash) VALUES (1, 0, {zeros});
