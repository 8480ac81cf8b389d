CREATE TABLE IF NOT EXISTS refunds (
	name    TEXT PRIMARY KEY, -- your own name for one refund, for ever
	version BIGINT NOT NULL,
	state   TEXT NOT NULL,
	due     BIGINT NOT NULL,  -- Unix seconds
	job     JSONB NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (state, due);
