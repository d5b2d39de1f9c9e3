package clickhouse

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// A start waits for a server that is started with it, and says so once.
func TestStartWaitsForServers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // it is refused from now on
	var out bytes.Buffer
	db := &DB{log: slog.New(slog.NewTextHandler(&out, nil))}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := db.contact(short, Address{Hosts: []string{address}}); err == nil || !strings.Contains(err.Error(), address) {
		t.Fatalf("error is %v, want one that names the server", err)
	}
	out.Reset()
	reached := make(chan error, 1)
	go func() { reached <- db.contact(t.Context(), Address{Hosts: []string{"127.0.0.1:1", address}}) }()
	time.Sleep(500 * time.Millisecond)
	if l, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := <-reached; err != nil {
		t.Fatal(err)
	}
	if log := out.String(); strings.Count(log, "does not answer yet") != 1 || !strings.Contains(log, address) {
		t.Errorf("log: %s", log)
	}
}
