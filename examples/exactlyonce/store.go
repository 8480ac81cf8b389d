package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// job is one business refund, as the database keeps it. What is needed to find
// out after a crash whether the customer has the money is in it before anything
// is sent: the key, and when it was sent first and last.
type job struct {
	ID     string // the shop's own name for this refund
	Charge string
	Amount int64

	Key        string
	Generation int       // of the key: a new one after the refund was surely not made
	FirstSent  time.Time // with this key; zero if it was not used yet
	LastSent   time.Time // with any key
	Open       bool      // a call may have made the refund, and nobody knows
	LookUp     bool      // repeating the key can't tell any more

	Refund   string // how it ended: the refund's ID,
	SetAside string // or why a person must look

	ClosedByKey    int // open outcomes that were closed by repeating the key
	ClosedByLookUp int
}

func (j job) ended() bool { return j.Refund != "" || j.SetAside != "" }

// store is the database of jobs. What put has returned from survives the
// process.
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

// put stores jobs as they are now, all of them or none.
func (s *store) put(jobs ...job) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, j := range jobs {
			value, err := json.Marshal(j)
			if err != nil {
				return err
			}
			if err := tx.Bucket([]byte(jobsBucket)).Put([]byte(j.ID), value); err != nil {
				return err
			}
		}
		return nil
	})
}

// all returns every job, in the order of their IDs.
func (s *store) all() (jobs []job, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(jobsBucket)).ForEach(func(_, value []byte) error {
			var j job
			if err := json.Unmarshal(value, &j); err != nil {
				return err
			}
			jobs = append(jobs, j)
			return nil
		})
	})
	return jobs, err
}
