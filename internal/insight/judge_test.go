package insight

import (
	"math"
	"slices"
	"testing"
)

// TestJudgeAgreesWithAFirstLook: whoever looks every hour is told the same as
// somebody who comes now, but for what came in since a count was last weighed.
func TestJudgeAgreesWithAFirstLook(t *testing.T) {
	w := newCatalogue(3, 25)
	for c := range w.take[4] { // seen enough for an alarm
		w.speed[4][c] = 40
	}
	w.take[4][0] = expit(logit(w.level[4]) + math.Log(5))
	w.hours(200)
	usual := LearnUsual(w.sums)
	hourly := NewJudge(usual)
	weighed, looks := 0, 0
	for hour := range 60 {
		w.hours(1)
		before := hourly.weighings
		hourly.Weigh(w.sums)
		if hour == 0 {
			continue // all of them
		}
		weighed, looks = weighed+hourly.weighings-before, looks+stepCount*len(w.sums)
	}
	if weighed > looks/3 {
		t.Errorf("%d of %d steps of titles were weighed anew in an hour, want a few", weighed, looks)
	}
	now := NewJudge(usual)
	now.Weigh(w.sums)
	for tt := range now.titles {
		for c := range now.titles[tt].evidence {
			a, b := &hourly.titles[tt].evidence[c], &now.titles[tt].evidence[c]
			for _, f := range Families() {
				x, y := a.logE(f), b.logE(f)
				// Half of a standard error moves evidence of z standard errors by about z/2;
				// near an alarm it is an eighth.
				most := 1.5
				if min(x, y) > nearAlarm+0.5 {
					most = 0.15 * math.Sqrt(2*y) * 2
				}
				if math.Abs(x-y) > most && math.Max(x, y) > 0 {
					t.Errorf("title %d, creative %d, %s: log e-value %v instead of %v", tt, c, f, x, y)
				}
			}
		}
	}
	alarmed := func(j *Judge) map[Family]int {
		out := map[Family]int{}
		for _, f := range j.Findings(0.1) {
			if f.Alarm {
				out[f.Family]++
			}
		}
		return out
	}
	a, b := alarmed(hourly), alarmed(now)
	if a[TakeUp] != 1 || b[TakeUp] != 1 {
		t.Errorf("alarms of raised takes: %d and %d, want the one that is raised", a[TakeUp], b[TakeUp])
	}
	if list := now.Alarmed(); len(list) < len(b) {
		t.Errorf("alarmed are %v, findings say %v", list, b)
	}
}

// TestBeyondWhatIsUsual: a title unlike all that were learnt from is not taken for one
// whose creatives are all off; when it was learnt anew it is as any other.
func TestBeyondWhatIsUsual(t *testing.T) {
	w := newCatalogue(7, 25)
	w.hours(300)
	usual := LearnUsual(w.sums)
	another := []Funnel{{}, {}, {}, {}}
	for c := range another {
		taken, kept := 640+10*float64(c), 400+8*float64(c)
		another[c] = Funnel{Take: Count{K: taken, N: 900}, Keep: Count{K: kept, N: taken}, Effective: Count{K: kept, N: 900}}
	}
	all := append(slices.Clone(w.sums), another)
	off := func(usual Usual) (beyond bool, found int) {
		j := NewJudge(usual)
		j.Weigh(all)
		for _, f := range j.Findings(0.1) {
			if f.Title == len(w.sums) {
				found++
			}
		}
		return j.Beyond(), found
	}
	if beyond, found := off(usual); !beyond || found > 0 {
		t.Errorf("beyond: %v; %d creatives of the new title are off", beyond, found)
	}
	if beyond, found := off(LearnUsual(all)); beyond || found > 0 {
		t.Errorf("when it was learnt anew, beyond: %v; %d creatives of the new title are off", beyond, found)
	}
}

// TestJudgeForgets: what is kept is bounded, and another catalogue is weighed as if
// it were the first.
func TestJudgeForgets(t *testing.T) {
	w := newCatalogue(5, 12)
	w.hours(300)
	usual := LearnUsual(w.sums)
	j := NewJudge(usual)
	j.Weigh(w.sums)
	other := [][]Funnel{w.sums[7], w.sums[2], w.sums[3][:1]}
	j.Weigh(other)
	got, want := j.all(), Outliers(other, usual, 1)
	if len(got) != len(w.sums[7])+len(w.sums[2]) {
		t.Fatalf("%d creatives are judged, want those of two titles", len(got))
	}
	fresh := NewJudge(usual)
	fresh.Weigh(other)
	for i, e := range fresh.all() {
		for _, f := range Families() {
			if x, y := got[i].logE(f), e.logE(f); math.Abs(x-y) > 1e-9 {
				t.Errorf("creative %d, %s: %v instead of %v", i, f, x, y)
			}
		}
	}
	if len(j.Findings(1)) != len(want) {
		t.Errorf("%d findings, want %d", len(j.Findings(1)), len(want))
	}
	kept := 0
	for i := range j.titles {
		for s := range j.titles[i].steps {
			kept += len(j.titles[i].steps[s].own)
		}
	}
	if kept != j.kept {
		t.Errorf("%d likelihoods are kept, said are %d", kept, j.kept)
	}
}

func TestExpDown(t *testing.T) {
	for x := 0.0; x > -305; x -= 0.0137 {
		want := math.Exp(x)
		if x < -300 {
			want = 0
		}
		if got := expDown(x); math.Abs(got-want) > 4e-13*want {
			t.Fatalf("e^%v is %v, want %v", x, got, want)
		}
	}
}

// shapeOf folds any number into those that shapes of a distribution have.
func shapeOf(x float64) float64 {
	if x = math.Mod(math.Abs(x), 1e9); !(x > 1e-6) { // not a number, too
		return 1e-6
	}
	return x
}

// FuzzLogGammas: the sum of two is that of one and one.
func FuzzLogGammas(f *testing.F) {
	f.Add(0.01, 3.0)
	f.Add(6.0, 6.0)
	f.Add(1e6, 7.5)
	f.Fuzz(func(t *testing.T, x, y float64) {
		x, y = shapeOf(x), shapeOf(y)
		a, _ := math.Lgamma(x)
		b, _ := math.Lgamma(y)
		if got := logGammas(x, y); math.Abs(got-a-b) > 1e-8+1e-13*(math.Abs(a)+math.Abs(b)) {
			t.Errorf("log Γ(%v) + log Γ(%v) is %v, want %v", x, y, got, a+b)
		}
	})
}
