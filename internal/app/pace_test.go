package app

import (
	"testing"
	"time"
)

// machine is a server as the pacing sees it: what comes is appended, processed and
// loaded, each as fast as it goes, and committed a few times a second.
type machine struct {
	control   paceControl
	at        time.Time
	process   float64 // events a second that can be processed
	load      float64 // and loaded
	appended  float64
	processed float64 // of it
	loaded    float64
	seen      [2]int64
	times     []mark // how much was appended by when
	passed    []mark // and processed
	tokens    float64
	held      int64
	worst     time.Duration
}

type mark struct {
	at time.Time
	n  float64
}

func newMachine() *machine {
	return &machine{at: time.Unix(1_700_000_000, 0), process: 100_000, load: 1e9,
		control: paceControl{trail: 800 * time.Millisecond, done: make([]history, 2)}}
}

// waits is since when what comes after n has been there.
func waits(marks []mark, n float64, now time.Time) time.Duration {
	for _, m := range marks {
		if m.n > n {
			return now.Sub(m.at)
		}
	}
	return 0
}

// run lets time pass while so many events a second are offered.
func (m *machine) run(length time.Duration, offered float64) {
	const step = 10 * time.Millisecond
	for n := range int(length / step) {
		m.at = m.at.Add(step)
		dt := step.Seconds()
		in := offered * dt
		if rate := m.control.rate; m.control.paced {
			if m.tokens = min(m.tokens+rate*dt, rate*0.1); in > m.tokens {
				in = max(m.tokens, 0)
				m.held++
			}
			m.tokens -= in
		}
		m.appended += in
		m.processed = min(m.processed+m.process*dt, m.appended)
		m.loaded = min(m.loaded+m.load*dt, m.processed)
		m.times, m.passed = append(m.times, mark{m.at, m.appended}), append(m.passed, mark{m.at, m.processed})
		if n%20 == 19 { // they commit five times a second
			m.seen = [2]int64{int64(m.processed), int64(m.loaded)}
		}
		if n%10 == 9 {
			stood := []standing{
				{m.seen[0], int64(m.appended) - m.seen[0], waits(m.times, float64(m.seen[0])+0.5, m.at)},
				{m.seen[1], int64(m.processed) - m.seen[1], waits(m.passed, float64(m.seen[1])+0.5, m.at)},
			}
			m.control.next(m.at, stood, m.held)
		}
		m.worst = max(m.worst, waits(m.times, m.loaded+0.5, m.at))
	}
}

// TestPaceControl: whatever is offered, figures trail by no more than two or three seconds and the
// machine does what it can; nobody is held back who sends what it can do, nor when
// somebody is down.
func TestPaceControl(t *testing.T) {
	check := func(t *testing.T, m *machine, length time.Duration, offered, able float64) {
		t.Helper()
		m.worst = 0
		before := m.loaded
		m.run(length, offered)
		if done := (m.loaded - before) / length.Seconds(); done < 0.95*able || m.worst > 2500*time.Millisecond {
			t.Errorf("%.0f of %.0f events a second were done, the worst trailed by %s", done, able, m.worst)
		}
	}
	t.Run("three times, six times, less", func(t *testing.T) {
		m := newMachine()
		m.run(5*time.Second, 20_000)
		m.run(3*time.Second, 300_000) // to find out what it can do
		check(t, m, 30*time.Second, 300_000, 100_000)
		check(t, m, 30*time.Second, 600_000, 100_000)
		held := m.held
		m.run(5*time.Second, 50_000)
		held, was := m.held, held
		if held-was > 200 {
			t.Errorf("%d were held back long after there was less to do", held-was)
		}
		check(t, m, 10*time.Second, 50_000, 50_000)
		if m.held != held || m.control.paced {
			t.Errorf("%d were held back at half of what it can do", m.held-held)
		}
	})
	t.Run("the database is slower", func(t *testing.T) {
		m := newMachine()
		m.load = 60_000
		m.run(8*time.Second, 300_000)
		check(t, m, 30*time.Second, 300_000, 60_000)
		m.load = 90_000
		m.run(5*time.Second, 300_000)
		check(t, m, 30*time.Second, 300_000, 90_000)
	})
	t.Run("a second of standstill", func(t *testing.T) {
		m := newMachine()
		m.run(10*time.Second, 300_000)
		for range 5 {
			m.process = 0
			m.run(time.Second, 300_000)
			m.process = 100_000
			m.run(3*time.Second, 300_000)
			check(t, m, 6*time.Second, 300_000, 100_000)
		}
	})
	t.Run("a burst at little load", func(t *testing.T) {
		m := newMachine()
		for range 10 {
			m.run(5*time.Second, 500)
			m.run(200*time.Millisecond, 100_000)
		}
		if m.held > 0 {
			t.Errorf("%d were held back", m.held)
		}
	})
	t.Run("the database is down", func(t *testing.T) {
		m := newMachine()
		m.run(5*time.Second, 1500)
		m.load = 0
		m.run(30*time.Second, 1500)
		if m.held > 0 {
			t.Errorf("%d were held back who send less than anybody can process", m.held)
		}
		m.load = 1e9
		m.run(10*time.Second, 50_000)
		m.load = 0
		m.run(2*time.Second, 50_000) // until it is clear that it does not just write
		held := m.held
		m.run(time.Minute, 50_000)
		if m.held != held || m.control.paced {
			t.Errorf("%d were held back while the log could keep all", m.held-held)
		}
		m.load = 100_000
		m.run(5*time.Minute, 50_000) // what waited is caught up with, at no less than half
		if m.appended-m.loaded > 50_000 {
			t.Errorf("%.0f events still wait", m.appended-m.loaded)
		}
	})
	t.Run("off", func(t *testing.T) {
		m := newMachine()
		m.control.trail = 0
		m.run(5*time.Second, 300_000)
		if m.control.paced || m.appended != 1_500_000 {
			t.Errorf("%.0f were taken", m.appended)
		}
	})
}
