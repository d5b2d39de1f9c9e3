// Package access says who may write and who may read: the key file, the
// one-time sign-in links and the sessions of signed-in browsers.
//
// It keeps hashes of secrets only, never a secret itself, and must not know
// what the keys are used for.
package access
