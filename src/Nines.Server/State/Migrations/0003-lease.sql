-- Who leads: the one server that works on this database. Times are the database's, in milliseconds since the Unix epoch.
CREATE TABLE lease (name TEXT PRIMARY KEY, epoch BIGINT NOT NULL, holder TEXT NOT NULL, expires_at BIGINT NOT NULL);
INSERT INTO lease (name, epoch, holder, expires_at) VALUES ('leader', 0, '', 0);
