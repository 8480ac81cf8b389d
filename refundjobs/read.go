package refundjobs

import "context"

// Job returns the row of a name. The error is [ErrUnknown] if there is none.
func (j *Jobs[TTx]) Job(ctx context.Context, name string) (Job, error) {
	row, err := readJob(ctx, j.driver.Pool(), name, "")
	return row, failed("Job", name, err)
}
