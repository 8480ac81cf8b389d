DROP TABLE refundjobs_cursors;
DROP TABLE refundjobs_pace;
DROP TABLE refundjobs_events;
DROP TABLE refundjobs_sums;
DROP TABLE refundjobs_plans;
DROP TABLE refundjobs_changes;
DROP TABLE refundjobs;
