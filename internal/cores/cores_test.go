package cores

import (
	"os"
	"runtime"
	"testing"
)

func TestSpread(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Run("by itself", func(t *testing.T) {
		t.Setenv("GOMAXPROCS", "") // put back by the test
		if err := os.Unsetenv("GOMAXPROCS"); err != nil {
			t.Fatal(err)
		}
		restore := Spread()
		if n := runtime.GOMAXPROCS(0); n != before+beside {
			t.Errorf("%d places for goroutines, want %d", n, before+beside)
		}
		restore()
	})
	t.Run("told by the environment", func(t *testing.T) {
		t.Setenv("GOMAXPROCS", "1")
		restore := Spread()
		if n := runtime.GOMAXPROCS(0); n != before {
			t.Errorf("%d places for goroutines, want the %d of before", n, before)
		}
		restore()
	})
	if n := runtime.GOMAXPROCS(0); n != before {
		t.Errorf("%d places for goroutines afterwards, want %d", n, before)
	}
}
