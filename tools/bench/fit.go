package main

import (
	"math"
	"slices"
	"time"
)

// sample is a value at a time since some beginning.
type sample struct {
	at    time.Duration
	value float64
}

// slope is by how much the values rise in a minute: least squares. 0 of fewer than two.
func slope(list []sample) float64 {
	points := make([][2]float64, len(list))
	for i, s := range list {
		points[i] = [2]float64{s.at.Minutes(), s.value}
	}
	_, b := line(points)
	return b
}

// after are the samples from a time on.
func after(list []sample, from time.Duration) []sample {
	for i, s := range list {
		if s.at >= from {
			return list[i:]
		}
	}
	return nil
}

// halves are the samples of the first and of the second half of their time.
func halves(list []sample) (early, late []sample) {
	if len(list) == 0 {
		return nil, nil
	}
	late = after(list, (list[0].at+list[len(list)-1].at)/2)
	return list[:len(list)-len(late)], late
}

func mean(list []sample) (m float64) {
	for _, s := range list {
		m += s.value / float64(len(list))
	}
	return m
}

// quantileOf is the value below which the share q of the samples lies, 0 of none.
func quantileOf(list []sample, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	values := make([]float64, len(list))
	for i, s := range list {
		values[i] = s.value
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}

// line is the straight line a + b·x through points by least squares.
func line(points [][2]float64) (a, b float64) {
	n := float64(len(points))
	if n < 2 {
		return 0, 0
	}
	var mx, my float64
	for _, p := range points {
		mx, my = mx+p[0]/n, my+p[1]/n
	}
	var sxx, sxy float64
	for _, p := range points {
		sxx, sxy = sxx+(p[0]-mx)*(p[0]-mx), sxy+(p[0]-mx)*(p[1]-my)
	}
	if sxx == 0 {
		return my, 0
	}
	b = sxy / sxx
	return my - b*mx, b
}

// exponent is the power of x that y grows with: the slope of the line through the
// logarithms. Points that are not above 0 have none.
func exponent(points [][2]float64) float64 {
	var logs [][2]float64
	for _, p := range points {
		if p[0] > 0 && p[1] > 0 {
			logs = append(logs, [2]float64{math.Log(p[0]), math.Log(p[1])})
		}
	}
	_, b := line(logs)
	return b
}

// sorting is the exponent that n log n seems to have between two sizes.
func sorting(from, to float64) float64 {
	return exponent([][2]float64{{from, from * math.Log(from)}, {to, to * math.Log(to)}})
}
