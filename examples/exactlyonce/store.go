package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
	"go.etcd.io/bbolt"
)

// store is the database of jobs. What save has returned from survives the process.
type store struct{ db *bbolt.DB }

// jobsBucket is the one bucket of the database.
const jobsBucket = "jobs"

// openStore opens the database in a file, which it makes if it is not there. No
// other process may have it open.
func openStore(path string) (*store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the job store: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte(jobsBucket))
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &store{db}, nil
}

func (s *store) close() error { return s.db.Close() }

// add stores new jobs, all of them or none.
func (s *store) add(jobs ...refundkit.Job) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, job := range jobs {
			if tx.Bucket([]byte(jobsBucket)).Get([]byte(job.Name)) != nil {
				return fmt.Errorf("there is a job %s", job.Name)
			}
			if err := write(tx, job); err != nil {
				return err
			}
		}
		return nil
	})
}

// save writes a job over the version before it, and over no other.
func (s *store) save(_ context.Context, job refundkit.Job) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		var stored refundkit.Job
		if err := json.Unmarshal(tx.Bucket([]byte(jobsBucket)).Get([]byte(job.Name)), &stored); err != nil {
			return err
		}
		if stored.Version != job.Version-1 {
			return refundkit.ErrJobChanged
		}
		return write(tx, job)
	})
}

func write(tx *bbolt.Tx, job refundkit.Job) error {
	value, err := json.Marshal(job)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(jobsBucket)).Put([]byte(job.Name), value)
}

// all returns every job, in the order of the names.
func (s *store) all() (jobs []refundkit.Job, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(jobsBucket)).ForEach(func(_, value []byte) error {
			var job refundkit.Job
			if err := json.Unmarshal(value, &job); err != nil {
				return err
			}
			jobs = append(jobs, job)
			return nil
		})
	})
	return jobs, err
}
