package process

import (
	"testing"
	"time"
)

// SIGTERM ends the server in under five seconds, and a second start continues
// exactly: plays that were open go on, nothing is lost, nothing counts twice.
func TestStopAndContinue(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	first, second := aPlay(1, 10*time.Minute, 95*time.Second), aPlay(2, 10*time.Minute, 65*time.Second)

	s.send(key, marshal(t, first[:6]), nil) // play 1 stays open
	s.send(key, marshal(t, second), nil)
	s.eventually(token, map[string]float64{"plays": 2, "play_requests": 2})

	full := watchMachine()
	if took := s.stop(); took > 5*time.Second && full() {
		t.Logf("stopping took %s: the machine has more to do than it can", took)
	} else if took > 5*time.Second {
		t.Errorf("stopping took %s, more than 5 s", took)
	}
	s.start()
	s.eventually(token, map[string]float64{"plays": 2, "play_requests": 2})
	s.send(key, marshal(t, first[4:]), nil) // two of them again, then the rest
	want := (95*time.Second + 65*time.Second).Hours()
	s.eventually(token, map[string]float64{"plays": 2, "play_requests": 2, "watch_hours": want, "exits_before_video_start": 0})
}

// What was acknowledged survives a kill right after the acknowledgement.
func TestKillAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	for round := range 3 {
		s.send(key, marshal(t, aPlay(round, time.Hour, time.Minute)), nil)
		s.kill()
		s.start()
		plays := float64(round + 1)
		s.eventually(token, map[string]float64{"plays": plays, "watch_hours": plays / 60})
	}
}
