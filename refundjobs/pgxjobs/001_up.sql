-- What a refund is, and how far it has come. Version is one more with each change, and
-- a row is written over the version before it only.
CREATE TABLE refundjobs (
	name            text PRIMARY KEY,            -- for ever: the same name is never a second refund
	version         bigint NOT NULL,
	plan            text NOT NULL DEFAULT '',
	plan_line       bigint NOT NULL DEFAULT 0,   -- where it stands in the plan
	kind            text NOT NULL DEFAULT 'refund', -- refund, transfer_reversal or application_fee_refund
	source          text NOT NULL DEFAULT '',    -- the transfer or fee that a row of another kind is of
	unwind          text NOT NULL DEFAULT '',    -- the refund that rows belong to, by its name
	step            bigint NOT NULL DEFAULT 0,   -- of those: all of a step have ended before the next
	account         text NOT NULL DEFAULT '',    -- the connected account; empty is the API key's own
	currency        text NOT NULL DEFAULT '',
	params          jsonb NOT NULL,              -- what is sent, unchanged each time
	charge          text GENERATED ALWAYS AS (coalesce(params ->> 'charge', '')) STORED,
	payment_intent  text GENERATED ALWAYS AS (coalesce(params ->> 'payment_intent', '')) STORED,
	amount          bigint GENERATED ALWAYS AS ((params ->> 'amount')::bigint) STORED, -- in the smallest unit; null: all that is left
	state           text NOT NULL,               -- requested approved sending sent succeeded failed needs_person canceled
	job_state       text NOT NULL,               -- waiting open made needs_person canceled: what the rules go by
	problem         text NOT NULL DEFAULT '',
	detail          text NOT NULL DEFAULT '',
	generation      bigint NOT NULL DEFAULT 0,   -- of the key
	idempotency_key text NOT NULL,
	first_sent      timestamptz,
	last_sent       timestamptz,
	sending_until   timestamptz,                 -- a worker is sending it now, at most until then
	due_at          timestamptz,                 -- when a worker looks at it next; null: none does
	open            boolean NOT NULL DEFAULT false, -- a send may have refunded
	look_up         boolean NOT NULL DEFAULT false,
	sends           bigint NOT NULL DEFAULT 0,
	absences        bigint NOT NULL DEFAULT 0,
	judged          jsonb NOT NULL DEFAULT '[]', -- refunds that a person said are not this one
	refund_id       text NOT NULL DEFAULT '',
	request_id      text NOT NULL DEFAULT '',
	refund_status   text NOT NULL DEFAULT '',
	refund_created  timestamptz,
	refund_amount   bigint NOT NULL DEFAULT 0, -- as it was made, in the smallest unit
	refund          json,                        -- the last snapshot, as it came: jsonb refuses some characters
	requested_by    text NOT NULL DEFAULT '',
	approved_by     text NOT NULL DEFAULT '',
	note            text NOT NULL DEFAULT '',
	labels          jsonb NOT NULL DEFAULT '{}',
	request_digest  text NOT NULL,               -- of params, account and currency
	created_at      timestamptz NOT NULL,
	approved_at     timestamptz,
	updated_at      timestamptz NOT NULL,
	pruned_at       timestamptz
) WITH (fillfactor = 80);
CREATE INDEX refundjobs_due ON refundjobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX refundjobs_state ON refundjobs (state, updated_at);
CREATE INDEX refundjobs_state_name ON refundjobs (state, name);
CREATE INDEX refundjobs_plan ON refundjobs (plan, state, plan_line) WHERE plan <> '';
CREATE INDEX refundjobs_unwind ON refundjobs (unwind, step) WHERE unwind <> '';
CREATE INDEX refundjobs_refund ON refundjobs (refund_id) WHERE refund_id <> '';
CREATE INDEX refundjobs_key ON refundjobs (idempotency_key);
CREATE INDEX refundjobs_charge ON refundjobs (charge) WHERE charge <> '';
CREATE INDEX refundjobs_payment_intent ON refundjobs (payment_intent) WHERE payment_intent <> '';
CREATE INDEX refundjobs_refund_created ON refundjobs (refund_created) WHERE refund_created IS NOT NULL;

-- What happened to each row; nothing is changed or removed here, but by pruning.
CREATE TABLE refundjobs_changes (
	name          text NOT NULL,
	version       bigint NOT NULL,
	at            timestamptz NOT NULL,
	what          text NOT NULL,             -- requested approved sending answered looked event resumed accepted judged canceled ...
	who           text NOT NULL DEFAULT '',
	why           text NOT NULL DEFAULT '',
	state         text NOT NULL,
	problem       text NOT NULL DEFAULT '',
	detail        text NOT NULL DEFAULT '',
	generation    bigint NOT NULL DEFAULT 0,  -- of the key
	due_at        timestamptz,
	refund_id     text NOT NULL DEFAULT '',
	refund_status text NOT NULL DEFAULT '',
	request_id    text NOT NULL DEFAULT '',
	book          text NOT NULL DEFAULT 'none', -- count, reverse: what the books must do
	PRIMARY KEY (name, version)
);
CREATE INDEX refundjobs_changes_at ON refundjobs_changes (at);

CREATE TABLE refundjobs_plans (
	name         text PRIMARY KEY,
	version      bigint NOT NULL,
	state        text NOT NULL,              -- draft approved running paused finished canceled
	why          text NOT NULL DEFAULT '',   -- why it is paused
	digest       text NOT NULL,              -- of its rows
	row_count    bigint NOT NULL,
	requested_by text NOT NULL DEFAULT '',
	approved_by  text NOT NULL DEFAULT '',
	created_at   timestamptz NOT NULL,
	approved_at  timestamptz,
	started_at   timestamptz,
	finished_at  timestamptz,
	updated_at   timestamptz NOT NULL
);

-- What a person approved alone, by day: for policies.
CREATE TABLE refundjobs_sums (
	day      date NOT NULL,
	who      text NOT NULL,
	currency text NOT NULL,
	amount   bigint NOT NULL,
	PRIMARY KEY (day, who, currency)
);

CREATE TABLE refundjobs_events (
	id text PRIMARY KEY,
	at timestamptz NOT NULL
);
CREATE INDEX refundjobs_events_at ON refundjobs_events (at);

-- When the next request may be sent, in microseconds since 1970: one row paces all
-- processes together.
CREATE TABLE refundjobs_pace (
	account text PRIMARY KEY,
	next_us bigint NOT NULL
) WITH (fillfactor = 50);

-- How far sweeps have come: of each account's events, and of the refunds that were sent.
CREATE TABLE refundjobs_cursors (
	what     text NOT NULL,
	account  text NOT NULL,
	at       timestamptz NOT NULL,             -- when the newest event was created
	swept_at timestamptz NOT NULL,             -- all until then is handled
	position text NOT NULL DEFAULT '', -- the event or the name to go on from
	PRIMARY KEY (what, account)
);
