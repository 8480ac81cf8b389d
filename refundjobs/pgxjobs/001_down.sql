-- A request that has not committed is not seen, and would go with the table.
LOCK TABLE refundjobs IN ACCESS EXCLUSIVE MODE;
DO $$ BEGIN
	IF EXISTS (SELECT 1 FROM refundjobs) THEN
		RAISE EXCEPTION 'there are refunds; without their names the same could be made again';
	END IF;
END $$;
DROP TABLE refundjobs_cursors;
DROP TABLE refundjobs_pace;
DROP TABLE refundjobs_events;
DROP TABLE refundjobs_sums;
DROP TABLE refundjobs_plans;
DROP TABLE refundjobs_changes;
DROP TABLE refundjobs;
