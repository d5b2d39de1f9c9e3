package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind is what a key opens.
type Kind string

// Kinds of keys.
const (
	Write Kind = "write" // sends events
	Read  Kind = "read"  // asks questions
)

// Role is what a reader may do.
type Role string

// Roles of readers, each with all that the ones before it may do.
const (
	// Viewer asks for figures.
	Viewer Role = "viewer"
	// Support looks at single events and viewers, to help one of them.
	Support Role = "support"
	// Admin changes what is set up.
	Admin Role = "admin"
)

// Roles are all roles, the least one first.
func Roles() []Role { return []Role{Viewer, Support, Admin} }

// May reports whether a reader of the role may do what needs at least the role
// least. What is no role may nothing, and nobody may what needs no role.
func (r Role) May(least Role) bool {
	have, need := slices.Index(Roles(), r), slices.Index(Roles(), least)
	return need >= 0 && have >= need
}

var (
	// ErrExists: a key of this name is in use.
	ErrExists = errors.New("a key of this name exists")
	// ErrUnknown: there is no such key.
	ErrUnknown = errors.New("no such key")
	// ErrInvalid: the key as asked for cannot be.
	ErrInvalid = errors.New("invalid key")
)

// Key is a write key or a read token without its secret.
type Key struct {
	// ID is stable, unique in the installation and never 0; events carry it.
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Role is of read tokens only.
	Role Role `json:"role,omitempty"`
	// Hash is the SHA-256 of the secret in hexadecimal.
	Hash string `json:"sha256"`
	// Origins are the browser origins that may use the key; none means all.
	Origins []string `json:"origins,omitempty"`
	// EventsPerSecond bounds what the key may send; 0 means no bound.
	EventsPerSecond float64    `json:"events_per_second,omitempty"`
	Created         time.Time  `json:"created"`
	Revoked         *time.Time `json:"revoked,omitempty"`
}

// Active reports whether the key was not revoked.
func (k *Key) Active() bool { return k.Revoked == nil }

// Allows reports whether a browser page of this origin may use the key. An
// empty origin (no browser) is always allowed.
func (k *Key) Allows(origin string) bool {
	if origin == "" || len(k.Origins) == 0 {
		return true
	}
	for _, o := range k.Origins {
		if o == "*" || o == origin {
			return true
		}
	}
	return false
}

const (
	secretChars = 36
	alphabet    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newSecret is a fresh secret of more than 200 random bits.
func newSecret(kind Kind) string {
	out := []byte("phw_")
	if kind == Read {
		out = []byte("phr_")
	}
	return string(append(out, randomText(secretChars)...))
}

// randomText is n characters of base62, each equally likely.
func randomText(n int) []byte {
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		_, _ = rand.Read(buf[:]) // crypto/rand.Read never fails
		for _, b := range buf {
			if b < 4*62 && len(out) < n { // 248: the rest would favour some
				out = append(out, alphabet[b%62])
			}
		}
	}
	return out
}

type secretHash [sha256.Size]byte

func (k *Key) secretHash() (h secretHash, err error) {
	n, err := hex.Decode(h[:], []byte(k.Hash))
	if err != nil || n != len(h) || len(k.Hash) != 2*len(h) {
		return h, fmt.Errorf("%w: key %d has no SHA-256", ErrInvalid, k.ID)
	}
	return h, nil
}
