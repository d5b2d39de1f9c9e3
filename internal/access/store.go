package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// FileName is the key file's name in the data folder.
const FileName = "keys.json"

// pollEvery is how often Watch looks at the key file.
const pollEvery = 250 * time.Millisecond

// Store is the key file and what of it is in memory. It may be used from many
// goroutines, and several processes may have one folder open.
type Store struct {
	path    string
	writing sync.Mutex // held by a writer of this process, which waits for those of others
	mu      sync.Mutex // held while the file is looked at; taken after writing
	seen    look
	active  atomic.Pointer[index]
}

// look is what the last look at the file found.
type look struct {
	at  stamp
	err error
}

// index is the active keys by the hash of their secret.
type index struct {
	byHash map[secretHash]*entry
	all    []Key
}

type entry struct {
	hash secretHash
	key  Key
}

// Open reads the key file of a data folder; none yet is no error. Errors:
// ErrInvalid when the file is no key file, fs errors, or a file that others may read.
func Open(dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, FileName)}
	s.active.Store(&index{})
	if err := s.reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Create adds a key and returns its secret, which is kept nowhere. A read
// token gets the role admin; CreateKey says more. Errors: ErrExists, ErrInvalid, fs errors.
func (s *Store) Create(kind Kind, name string) (secret string, key Key, err error) {
	k := Key{Kind: kind, Name: name}
	if kind == Read {
		k.Role = Admin
	}
	return s.CreateKey(k)
}

// CreateKey adds a key with the kind, name, role, origins and rate of k.
func (s *Store) CreateKey(k Key) (secret string, key Key, err error) {
	if err := check(&k); err != nil {
		return "", Key{}, err
	}
	secret = newSecret(k.Kind)
	err = s.change(func(keys []Key) ([]Key, error) {
		ids := map[uint32]bool{0: true}
		for i := range keys {
			ids[keys[i].ID] = true
			if keys[i].Name == k.Name && keys[i].Active() {
				return nil, fmt.Errorf("create key %q: %w", k.Name, ErrExists)
			}
		}
		if k.Name == "" {
			k.Name = freeName(keys, k.Kind)
		}
		for ids[k.ID] {
			k.ID = randomID()
		}
		sum := sha256.Sum256([]byte(secret))
		k.Hash = hex.EncodeToString(sum[:])
		k.Created = time.Now().UTC().Truncate(time.Millisecond)
		return append(keys, k), nil
	})
	if err != nil {
		return "", Key{}, err
	}
	return secret, k, nil
}

func check(k *Key) error {
	switch {
	case k.Kind != Write && k.Kind != Read:
		return fmt.Errorf("%w: kind must be write or read", ErrInvalid)
	case k.Kind == Read && !k.Role.May(Viewer):
		return fmt.Errorf("%w: role must be viewer, support or admin", ErrInvalid)
	case k.Kind == Write && k.Role != "":
		return fmt.Errorf("%w: a write key has no role", ErrInvalid)
	case len(k.Name) > 64:
		return fmt.Errorf("%w: the name is longer than 64 bytes", ErrInvalid)
	case !(k.EventsPerSecond >= 0 && k.EventsPerSecond <= 1e9): // NaN too
		return fmt.Errorf("%w: events per second must be at least 0 and at most a billion", ErrInvalid)
	case k.Kind == Read && (k.EventsPerSecond > 0 || len(k.Origins) > 0):
		return fmt.Errorf("%w: origins and a rate are of write keys", ErrInvalid)
	}
	for _, o := range k.Origins {
		if u, err := url.Parse(o); o != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != o) {
			return fmt.Errorf("%w: origin %q is not scheme and host alone, such as https://tv.example.com", ErrInvalid, o)
		}
	}
	for _, r := range k.Name {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("%w: the name has control characters", ErrInvalid)
		}
	}
	return nil
}

// freeName is write-1, write-2, … whichever is free.
func freeName(keys []Key, kind Kind) string {
	used := map[string]bool{}
	for i := range keys {
		used[keys[i].Name] = true
	}
	for n := 1; ; n++ {
		if name := string(kind) + "-" + strconv.Itoa(n); !used[name] {
			return name
		}
	}
}

func randomID() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	// 31 bits: an id survives languages without unsigned integers.
	return binary.LittleEndian.Uint32(b[:]) >> 1
}

// List is every key ever made, revoked ones too, in order of creation.
func (s *Store) List() []Key {
	all := s.active.Load().all
	out := make([]Key, len(all))
	copy(out, all)
	return out
}

// Revoke ends the key with this name or id. Errors: ErrUnknown, fs errors.
func (s *Store) Revoke(nameOrID string) (Key, error) {
	var out Key
	err := s.change(func(keys []Key) ([]Key, error) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		for _, byName := range []bool{true, false} {
			for i := range keys {
				k := &keys[i]
				match := k.Name == nameOrID
				if !byName {
					match = strconv.FormatUint(uint64(k.ID), 10) == nameOrID
				}
				if match && k.Active() {
					k.Revoked = &now
					out = *k
					return keys, nil
				}
			}
		}
		return nil, fmt.Errorf("revoke %q: %w", nameOrID, ErrUnknown)
	})
	return out, err
}

// Lookup finds the active key of a secret. The secret is hashed first and
// hashes are compared in constant time, so timing tells nothing of it. A secret
// that is not known makes the file be looked at once more, so that a key works
// from the moment when `keys create` printed it, for any number of requests at
// once. A flood of wrong secrets costs a stat each, less than their requests
// cost: the file is only read when it is another one.
func (s *Store) Lookup(secret string) (Key, bool) {
	if len(secret) < 8 || len(secret) > 256 {
		return Key{}, false
	}
	h := secretHash(sha256.Sum256([]byte(secret)))
	e, ok := s.active.Load().byHash[h]
	if !ok && s.refresh() == nil { // what is wrong with the file is Watch's to report
		e, ok = s.active.Load().byHash[h]
	}
	if !ok || subtle.ConstantTimeCompare(e.hash[:], h[:]) != 1 {
		return Key{}, false
	}
	return e.key, true
}

// Watch reads the key file anew within half a second of a change by another
// process, until ctx ends. A file that cannot be read leaves the keys as they
// were and is given to report, once for each change.
func (s *Store) Watch(ctx context.Context, report func(error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last string
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := s.refresh()
		switch {
		case err == nil:
			last = ""
		case err.Error() != last:
			last = err.Error()
			if report != nil {
				report(err)
			}
		}
	}
}

func (s *Store) reader(secret string) (Identity, bool) {
	k, ok := s.Lookup(secret)
	if !ok || k.Kind != Read {
		return Identity{}, false
	}
	return Identity{Role: k.Role, Name: k.Name, KeyID: k.ID}, true
}

func bearer(header string) (string, bool) {
	const scheme = "bearer "
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(header[len(scheme):]), true
}
