// Package spell finds the name that somebody who misspelt it meant, for error
// messages. It is pure and knows nothing of what the names are.
package spell
