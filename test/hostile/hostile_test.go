package hostile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mostMiB is what the server may ever take up in these tests: 128 MiB of bodies
// under way, the log's and the warehouse's memory, and Go's share.
const mostMiB = 640

// good sends well-formed batches until stopped, and fails the test when one is
// refused, when more than one in twenty takes longer than half of limit, or one
// longer than four times of it. What hostile clients cost is paid by most batches;
// a single late one is also what a busy disk does to an fsync.
func good(t *testing.T, s *server, key string, limit time.Duration) (stop func()) {
	t.Helper()
	done, ended := make(chan struct{}), make(chan struct{})
	others := watchMachine()
	var took []time.Duration
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			began := time.Now()
			got, err := s.try(http.MethodPost, "/v1/events", beats(fmt.Sprint("good", i), 20, ""), "Authorization", "Bearer "+key)
			if err != nil || got.accepted() != 20 {
				t.Errorf("a good client: %v %d %s", err, got.status, got.body)
				return
			}
			took = append(took, time.Since(began))
		}
	}()
	return func() {
		t.Helper()
		close(done)
		<-ended
		slices.Sort(took)
		sent := len(took)
		if sent == 0 {
			t.Error("a good client got nothing through")
			return
		}
		usual, worst := took[sent*19/20], took[sent-1]
		t.Logf("good client: %d batches, 19 in 20 within %s, slowest %s; server: %d MiB, at most %d MiB", sent, usual.Round(time.Millisecond), worst.Round(time.Millisecond), s.memory("VmRSS"), s.memory("VmHWM"))
		if by := others(); by > shared {
			t.Logf("others took %.0f %% of the processors: how long a batch takes says little", 100*by)
		} else if usual > limit/2 || worst > 4*limit {
			t.Errorf("a good client got %d batches through, 19 in 20 within %s, the slowest in %s", sent, usual, worst)
		}
		if most := s.memory("VmHWM"); most > mostMiB {
			t.Errorf("the server took up %d MiB, more than %d", most, mostMiB)
		}
	}
}

// dial opens a connection that lasts as long as the test.
func (s *server) dial() (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", s.addr, time.Minute)
	if err == nil {
		s.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

// Headers and bodies that come a byte at a time are cut off, and what came of
// them is bounded while they last.
func TestSlowClients(t *testing.T) {
	s := start(t)
	key := s.key("--write")
	stop := good(t, s, key, 2*time.Second)
	defer stop()
	const each = 150
	var cut atomic.Int64
	var clients sync.WaitGroup
	slow := func(opening string, first int) {
		conn, err := s.dial()
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := io.WriteString(conn, opening+strings.Repeat(" ", first)); err != nil {
			cut.Add(1)
			return
		}
		gone := make(chan struct{})
		clients.Go(func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, conn) // until the server hangs up
			cut.Add(1)
		})
		clients.Go(func() {
			for {
				select {
				case <-gone:
					return
				case <-time.After(500 * time.Millisecond):
					_, _ = io.WriteString(conn, " ") // cut off soon
				}
			}
		})
	}
	for range each {
		slow("POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Slow:", 0)
		slow(fmt.Sprintf("POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 5000000\r\n\r\n", key), 300_000)
	}
	began, others := time.Now(), watchMachine()
	finished := make(chan struct{})
	go func() { clients.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(3 * time.Minute):
		t.Fatalf("after three minutes only %d of %d slow clients were cut off", cut.Load(), 2*each)
	}
	if took := time.Since(began); took > 30*time.Second && others() <= shared {
		t.Errorf("the slow clients were cut off after %s", took)
	}
}

// A flood of tiny requests, most of them wrong, costs no memory.
func TestTinyRequests(t *testing.T) {
	s := start(t)
	key := s.key("--write")
	stop := good(t, s, key, 2*time.Second)
	defer stop()
	before := s.memory("VmRSS")
	requests := []string{
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer phw_%d-wrong-key\r\nContent-Length: 2\r\n\r\n[]",
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\nUser-Agent: agent %d\r\nContent-Length: 2\r\n\r\n{}",
		"POST /cmcd?k=" + key + "&v=viewer-%d HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n?",
		"GET /nothing/%d HTTP/1.1\r\nHost: x\r\n\r\n",
		"OPTIONS /v1/events?k=%d HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n",
	}
	const connections = 16
	var answered atomic.Int64
	var clients sync.WaitGroup
	until := time.Now().Add(10 * time.Second)
	for c := range connections {
		clients.Go(func() {
			conn, err := s.dial()
			if err != nil {
				t.Error(err)
				return
			}
			in := bufio.NewReader(conn)
			for i := c; time.Now().Before(until); i++ {
				// Sixteen at a time, to send as many as can be.
				var out bytes.Buffer
				for n := range 16 {
					fmt.Fprintf(&out, requests[(i+n)%len(requests)], i*16+n)
				}
				if _, err := conn.Write(out.Bytes()); err != nil {
					t.Error(err)
					return
				}
				for range 16 {
					resp, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body) // what it says does not matter
					resp.Body.Close()
					answered.Add(1)
				}
			}
		})
	}
	clients.Wait()
	t.Logf("%d tiny requests; %d MiB before, %d after", answered.Load(), before, s.memory("VmRSS"))
	if after := s.memory("VmRSS"); after > before+200 {
		t.Errorf("%d MiB before, %d after", before, after)
	}
}

// TestHostileBodies sends what parsers die of. Each is answered within seconds,
// and never with more than a refusal.
func TestHostileBodies(t *testing.T) {
	s := start(t)
	key := s.key("--write")
	stop := good(t, s, key, 2*time.Second)
	defer stop()
	one := strings.TrimSuffix(beats("p", 1, ""), "}\n")
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	// accepted is how many events must be taken: -1 for a refusal of the whole, -2 for any answer.
	bodies := map[string]struct {
		body     string
		accepted int
	}{
		"arrays in arrays":        {strings.Repeat("[", 5_000_000), -1},
		"objects in objects":      {strings.Repeat(`{"a":`, 900_000), -1},
		"deep properties":         {one + `,"properties":` + strings.Repeat(`{"a":`, 400_000) + "1" + strings.Repeat("}", 400_000) + "}", -2},
		"deep unknown field":      {one + `,"x":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + "}", -2},
		"one key a million times": {one + strings.Repeat(`,"seq":1`, 500_000) + "}", -2},
		"many unknown keys":       {one + many(250_000, `,"k%d":0`) + "}", 1},
		"many traits":             {one + `,"traits":{"a":"b"` + many(200_000, `,"k%d":"v"`) + "}}", 0},
		"many experiments twice":  {one + `,"experiments":{"a":"b"` + strings.Repeat(`,"a":"b"`, 200_000) + "}}", -2},
		"giant numbers":           {many(3, one+`,"id":"g%d","position_ms":1e999999}`+"\n") + one + `,"duration_ms":` + strings.Repeat("9", 1_000_000) + "}\n" + one + "}\n", 1},
		"giant seq":               {one + `,"seq":` + strings.Repeat("9", 4_000_000) + "}", 0},
		"a giant string":          {one + `,"title_id":"` + strings.Repeat("x", 4_000_000) + `"}`, 0},
		"escapes only":            {one + `,"title_id":"` + strings.Repeat(`\u0041`, 800_000) + `"}`, 0},
		"zeros":                   {strings.Repeat("\x00", 5_000_000), -1},
		"ten thousand nothings":   {strings.Repeat("{}\n", 10_000), 0},
		"a million nothings":      {strings.Repeat("{}\n", 1_000_000), -1},
	}
	for name, c := range bodies {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			began, others := time.Now(), watchMachine()
			got, err := s.try(http.MethodPost, "/v1/events", c.body, "Authorization", "Bearer "+key)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 5*time.Second && others() <= shared {
				t.Errorf("answered after %s", took)
			}
			if got.status >= 500 || c.accepted >= -1 && got.accepted() != c.accepted {
				t.Errorf("%d, accepted %d, want %d: %.300s", got.status, got.accepted(), c.accepted, got.body)
			}
		})
	}
	for name, body := range map[string]string{
		"lists in lists": strings.Repeat("br=(", 1_000_000), "one member": "sid=\"" + strings.Repeat("x", 4_000_000),
		"many members": many(300_000, "k%d=1,"), "giant number": "ts=" + strings.Repeat("9", 4_000_000) + ",e=t", "many lines": strings.Repeat("e=t\n", 9_000),
	} {
		if got := s.do(http.MethodPost, "/cmcd?k="+key, body, "Content-Type", "application/cmcd"); got.status >= 500 {
			t.Errorf("CMCD, %s: %d %.300s", name, got.status, got.body)
		}
	}
}

// A header of 100 kB is refused; so is a small body that unpacks to a huge one.
func TestHugeHeadersAndBombs(t *testing.T) {
	s := start(t)
	key := s.key("--write")
	stop := good(t, s, key, 2*time.Second)
	defer stop()
	got, err := s.try(http.MethodPost, "/v1/events", "[]", "Authorization", "Bearer "+key, "X-Large", strings.Repeat("x", 100_000))
	if err == nil && got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 100 kB: %d", got.status)
	}
	if got := s.send(key, "[]", "X-Small", strings.Repeat("x", 30_000)); got.status != 200 {
		t.Errorf("a header of 30 kB: %d", got.status)
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 1024 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			got, err := s.try(http.MethodPost, "/v1/events", bomb.String(), "Authorization", "Bearer "+key, "Content-Encoding", "gzip")
			var reset *net.OpError
			if err != nil && !errors.As(err, &reset) || err == nil && got.status != http.StatusRequestEntityTooLarge && got.status != http.StatusTooManyRequests {
				t.Errorf("a gigabyte in %d bytes: %v %d %s", bomb.Len(), err, got.status, got.body)
			}
		})
	}
	clients.Wait()
	// Bodies that lie about their length, or that no one ends.
	for _, raw := range []string{
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nAuthorization: Bearer " + key + "\r\n\r\nfffffffffffffffff\r\n",
	} {
		conn, err := s.dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("%.80q: %v %v", raw, resp, err)
		}
	}
}
