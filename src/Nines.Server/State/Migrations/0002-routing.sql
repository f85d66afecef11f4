CREATE TABLE silence (id TEXT PRIMARY KEY, ends_at BIGINT NOT NULL, json TEXT NOT NULL);
CREATE INDEX silence_ends_at ON silence (ends_at);
CREATE TABLE group_notice (
  receiver TEXT NOT NULL, kind TEXT NOT NULL, number BIGINT NOT NULL, group_key TEXT NOT NULL,
  at BIGINT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (group_key, receiver, kind, number));
CREATE INDEX group_notice_at ON group_notice (at);

-- Messages tell of groups from here on; what fires is told again in the new form.
DROP TABLE outbox;
CREATE TABLE outbox (
  idempotency_key TEXT PRIMARY KEY, receiver TEXT NOT NULL, kind TEXT NOT NULL, number BIGINT NOT NULL, group_key TEXT NOT NULL,
  decided_at BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
  recorded BIGINT NOT NULL, detail TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX outbox_state ON outbox (state, decided_at);
CREATE INDEX outbox_decided_at ON outbox (decided_at);
DELETE FROM attempt;
