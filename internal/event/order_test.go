package event

import "testing"

func TestNumberOfAnID(t *testing.T) {
	id := Ref{0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 9, 10, 11, 12, 13, 14, 15, 16}
	for _, c := range []struct {
		n    int64
		f    Format
		want int64
	}{
		{Absent, FormatCMCD, Absent}, {0, FormatCMCD, 0}, {7, FormatCMCD, 7}, {MaxNumber, FormatCMCD, MaxNumber},
		{MaxNumber + 5, FormatCMCD, MaxNumber}, {7, FormatNative, Absent},
	} {
		got := id.WithNumber(c.n)
		if n := NumberOf(got.LowBits(c.f)); n != c.want {
			t.Errorf("%d as %v: %d, want %d", c.n, c.f, n, c.want)
		}
		if [8]byte(got[8:]) != [8]byte(id[8:]) {
			t.Errorf("%d: the rest of the id has changed", c.n)
		}
		if c.n >= 0 && [4]byte(got[:4]) != [4]byte(id[:4]) {
			t.Errorf("%d: the hash has changed", c.n)
		}
	}
	if n := NumberOf(id.LowBits(FormatNative)); n != Absent {
		t.Errorf("a native id has number %d", n)
	}
}
