package pebblelog

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
)

// pebbleLogger passes what Pebble says on to slog and turns its fatal errors,
// which would end the process, into the failure of one log.
type pebbleLogger struct {
	log  *slog.Logger
	fail func(error)
}

func (l *pebbleLogger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("pebble: " + strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

func (l *pebbleLogger) Errorf(format string, args ...any) {
	l.log.Error("pebble: " + strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Fatalf must not return to Pebble, whose invariants no longer hold: the log
// is marked as failed and the calling goroutine ends. In the writer's own
// goroutine the deferred answers still reach the callers.
func (l *pebbleLogger) Fatalf(format string, args ...any) {
	// Pebble's errors have their stack below the first line.
	text, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fatal := &fatalError{text: text}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			fatal.cause = err
		}
	}
	l.fail(fatal)
	runtime.Goexit()
}

// fatalError is what Pebble said, with the error that it formatted into it.
type fatalError struct {
	text  string
	cause error
}

func (e *fatalError) Error() string { return e.text }
func (e *fatalError) Unwrap() error { return e.cause }
