//go:build unix

package trial

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a worker that lives, or did.
type process struct {
	id      string
	url     string // of its webhook endpoint
	command *exec.Cmd
	stdin   io.Closer // its end ends the worker, also when this program dies
	words   bytes.Buffer
	ended   chan struct{} // closed then
	mu      sync.Mutex
	killed  bool
	stopped bool
}

// startProcess starts this program as a worker.
func startProcess(w worker) (*process, error) {
	settings, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{id: w.ID, command: exec.Command(self), ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), workerVariable+"="+string(settings))
	p.command.Stderr = &p.words
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	line, failure := bufio.NewReader(stdout).ReadString('\n') // its address, or it ends
	p.url = strings.TrimSpace(line)
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	if failure != nil {
		<-p.ended
		return nil, fmt.Errorf("worker %s did not start: %w: %s", p.id, failure, p.words.String())
	}
	return p, nil
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// kill ends the worker by SIGKILL, and waits for that.
func (p *process) kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	_ = p.signal(syscall.SIGKILL)
	<-p.ended
	_ = p.stdin.Close()
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

func (p *process) stop() error {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	return p.signal(syscall.SIGSTOP)
}

func (p *process) goOn() error {
	p.mu.Lock()
	p.stopped = false
	p.mu.Unlock()
	return p.signal(syscall.SIGCONT)
}

func (p *process) isStopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped
}

// alive reports whether the process is there, stopped or not.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end asks the worker to end after what it is doing.
func (p *process) end() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(90 * time.Second):
		p.kill()
		return fmt.Errorf("worker %s did not end when it was told to", p.id)
	}
	return p.failure()
}

// endedByRiver reports whether the worker is dead of a panic that River 0.47 has, with
// these words, when a job is taken from it just while it stores how that ended: the
// query that stores it waits for the other's lock, changes nothing, and returns the job
// as it was, running. For the refunds that is one more crash.
func (p *process) endedByRiver() bool {
	return !p.alive() && !p.wasKilled() && strings.Contains(p.words.String(), "received a job that wasn't finalized, river bug")
}

// failure is how a worker ended that nobody killed; nil if that was in order.
func (p *process) failure() error {
	if p.alive() || p.wasKilled() || p.command.ProcessState.Success() || p.endedByRiver() {
		return nil
	}
	return fmt.Errorf("worker %s ended by itself: %s: %s", p.id, p.command.ProcessState, p.words.String())
}
