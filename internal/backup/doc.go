// Package backup carries an installation's files as one stream, and checks that all
// of them arrived: a tar archive whose last entry lists the others with their hashes.
//
// It must not know what the files are: whoever gathers them makes them fit together.
package backup
