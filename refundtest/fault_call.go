package refundtest

import "runtime"

// CallFunc calls do when the request has arrived, before anything is done, or
// with [Fault.AfterWork] when the work is done and not yet answered. Then the
// request goes on. It is for what happens at just that moment: a key is revoked,
// a charge is disputed, a context ends. In process do runs on the goroutine of the
// client's call, over a socket on one of the server. It may call the server's
// methods.
func CallFunc(do func()) Fault {
	f := Fault{name: "function called", canFollow: true, act: func(f *Fault, x *exchange, next func() *answer) *answer {
		if !f.afterWork {
			do()
			return next()
		}
		a := next()
		do()
		return a
	}}
	return f.calling(do)
}

// EndCaller ends the goroutine that sent the request, as if its process had been
// killed: nothing is done, or with [Fault.AfterWork] everything, and nobody reads
// an answer. It calls [runtime.Goexit], which no recover stops, so run the code
// under test by [Ended]. Other than in a killed process, the functions that it has
// deferred are run.
//
// It happens in process only, because a server cannot end what is on the other
// side of a socket: [KillCaller] is for that.
func EndCaller() Fault {
	f := KillCaller(runtime.Goexit)
	f.name, f.inProcess = "caller ended", true
	return f
}

// KillCaller calls kill, which is to end the process that sent the request, and
// drops the connection: nothing is done, or with [Fault.AfterWork] everything. It
// should wait for the end of that process, or what comes next in the test may be
// too early. It may call os.Exit or panic where the test itself is to end; what
// the server has then ends with it.
func KillCaller(kill func()) Fault {
	f := instead("caller killed", func(*exchange) *answer {
		kill()
		return &answer{drop: true}
	})
	f.noBody = true
	return f.calling(kill)
}

func (f Fault) calling(do func()) Fault {
	if do == nil {
		return f.broken("its function is nil")
	}
	return f
}

// Ended runs do in a goroutine of its own, waits for its end, and reports whether
// it was ended, by [EndCaller] for instance, before it could return.
func Ended(do func()) bool {
	returned := make(chan bool, 1)
	go func() {
		whole := false
		defer func() { returned <- whole }()
		do()
		whole = true
	}()
	return !<-returned
}
