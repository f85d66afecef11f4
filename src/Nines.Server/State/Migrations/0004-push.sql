-- What was pushed: exact totals by set of labels, and the keys of the last days, so that an event that comes again counts once.
CREATE TABLE event_total (
  id TEXT PRIMARY KEY, labels TEXT NOT NULL, events BIGINT NOT NULL, value_count BIGINT NOT NULL, value_sum DOUBLE PRECISION NOT NULL, since BIGINT NOT NULL);
CREATE TABLE event_key (key TEXT PRIMARY KEY, at BIGINT NOT NULL);
CREATE INDEX event_key_at ON event_key (at);

-- How heartbeats stand, until when they could be heard, and each run as it was booked. Times are milliseconds since the Unix epoch.
CREATE TABLE heartbeat (name TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE heartbeat_heard (one BIGINT PRIMARY KEY, until BIGINT NOT NULL);
CREATE TABLE heartbeat_run (heartbeat TEXT NOT NULL, due BIGINT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (heartbeat, due));
