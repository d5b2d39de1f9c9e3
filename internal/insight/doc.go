// Package insight says what the sums of the roll-ups mean, and how sure one can
// be: which artwork brings viewers in and keeps them, what is off from what its
// title and audience explain, what rises and fades, how audiences differ.
//
// Everything it says carries an interval, a sample size and a basis. A figure
// from forty impressions is pulled towards what is usual for its title; a
// finding is kept back until its evidence outweighs how often one looked.
//
// It is pure: it must not know where sums come from, a clock, a file or a
// network. Sums come in as values.
package insight
