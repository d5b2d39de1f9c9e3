package clickhousetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestStartsAgainForATakenPort has a program find its port taken twice, and then have it.
func TestStartsAgainForATakenPort(t *testing.T) {
	port := FreePorts(t, 1)[0]
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	d := &daemon{t: t, name: "a server", dir: t.TempDir()}
	t.Cleanup(d.Stop)
	d.begin("sh", "-c", `echo x >> tries; if test $(wc -l < tries) -lt 3; then echo Address already in use; exit 70; fi; exec sleep 60`)
	go func() { // the port is served once the third stands
		for ; t.Context().Err() == nil; time.Sleep(20 * time.Millisecond) {
			if data, _ := os.ReadFile(d.file("tries")); bytes.Count(data, []byte("x")) < 3 {
				continue
			}
			if l, err := net.Listen("tcp", addr); err == nil {
				defer l.Close()
				_, _ = l.Accept() // who waits for it
			}
			return
		}
	}()
	if err := d.up(addr); err != nil {
		t.Fatal(err)
	}
}

// TestForeignListener: who answers at the port is somebody else, and the program ends for it.
func TestForeignListener(t *testing.T) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", FreePorts(t, 1)[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := &daemon{t: t, name: "a server", dir: t.TempDir()}
	d.begin("sh", "-c", "sleep 0.05; echo the port is not mine; exit 70")
	if err := d.up(l.Addr().String()); err == nil || !strings.Contains(err.Error(), "the port is not mine") {
		t.Errorf("it is said to be up: %v", err)
	}
}

func TestEndsForAnythingElse(t *testing.T) {
	d := &daemon{t: t, name: "a server", dir: t.TempDir()}
	d.begin("sh", "-c", "echo no such folder; exit 1")
	if err := d.up("127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "a server ended:\nno such folder") {
		t.Errorf("it is said to be up: %v", err)
	}
}
