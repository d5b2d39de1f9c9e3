// Package warehouse keeps what facts add up to: the port that a database
// implements, the Store that answers from the database and from the
// generations in memory as one, and the Loader that brings facts from the log
// to both.
//
// A fact is in exactly one place of every answer. Facts are applied in order to
// the open generation; now and then it is sealed and a new one is opened; sealed
// generations are handed to the database in order, each in one transaction with
// the offsets it reaches. A scan first lists the generations and then asks the
// database, which says in the same snapshot what offsets it has: a listed
// generation that ends at or before them is left out, any other is added.
//
// It must not know metrics, HTTP or how a fact came about; drivers live below it.
package warehouse
