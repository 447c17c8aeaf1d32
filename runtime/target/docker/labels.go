package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/filters"

	"github.com/pipelang/pipe/runtime/target"
)

// Labels of everything that is made on an engine. What carries no labelStore is never touched.
const (
	labelStore   = "pipe.store"   // which store's, on which machine
	labelRun     = "pipe.run"     // the run's id
	labelStep    = "pipe.step"    // the path of the step, or of the service
	labelAttempt = "pipe.attempt" // from 1
	labelPlan    = "pipe.plan"    // digest of the plan
	labelFolder  = "pipe.folder"  // the session's folder, whose lock says whether the run lives
	labelNonce   = "pipe.nonce"   // what separates sections in the output
	labelService = "pipe.service" // the name of a service
	labelUntil   = "pipe.until"   // when an attempt's time is over, in seconds since 1970
)

// owner is whose something is on an engine.
type owner struct {
	Store, Run, Plan, Folder string
	// States is the folder in which each run of the store has one as long as it may be gone on with.
	States string
}

// ownerOf says whose the things of a run are. A store is told from others by its path and the
// machine: an engine may serve several.
func ownerOf(run target.Run) owner {
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		name, _ := os.Hostname()
		machine = []byte(name)
	}
	state := realPath(filepath.Dir(run.State))
	sum := sha256.Sum256([]byte(strings.TrimSpace(string(machine)) + "\x00" + state))
	return owner{Store: hex.EncodeToString(sum[:8]), Run: run.ID, Plan: run.Plan, States: state}
}

// labels are those of one thing.
func (o owner) labels(step string, attempt int) map[string]string {
	out := map[string]string{labelStore: o.Store, labelRun: o.Run, labelStep: step, labelFolder: o.Folder}
	if o.Plan != "" {
		out[labelPlan] = o.Plan
	}
	if attempt > 0 {
		out[labelAttempt] = strconv.Itoa(attempt)
	}
	return out
}

// filter finds what a store has made.
func (o owner) filter() filters.Args {
	return filters.NewArgs(filters.Arg("label", labelStore+"="+o.Store))
}
