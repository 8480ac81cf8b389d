package refundjobs

import "errors"

var errPruned = errors.New("its details were pruned: request the refund under a new name, if it must be made once more")
