package privacy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const keySize = 32

// document is the ring as it is written.
type document struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	// Wrapping is the wrapping key, absent when it is kept outside.
	Wrapping *wrapping `json:"wrapping,omitempty"`
	// Sealed is nonce + AES-256-GCM(wrapping key, secret, additional data = ID).
	Sealed  []byte    `json:"sealed"`
	Rotated time.Time `json:"rotated"`
	// Rotations counts how often the secret was wrapped anew.
	Rotations int `json:"rotations"`
}

type wrapping struct {
	Created time.Time `json:"created"`
	Key     []byte    `json:"key"`
}

// store is where a ring is kept.
type store struct {
	mu      sync.Mutex
	path    string // "" when read only
	where   string
	doc     document
	outside [][]byte
	now     func() time.Time
}

func (s *store) loadOrCreate() error {
	err := s.load()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	secret := randomKey()
	defer clear(secret)
	r, err := newRing(secret, nil)
	if err != nil {
		return err
	}
	doc := document{Version: 1, ID: r.id, Created: s.now().UTC()}
	if err := s.seal(&doc, secret); err != nil {
		return err
	}
	if err := writeNew(s.path, doc); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return s.load() // another process was first
		}
		return fmt.Errorf("create the key ring: %w", err)
	}
	s.doc = doc
	return nil
}

func (s *store) load() error {
	if err := checkMode(s.path); err != nil {
		return err
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("read the key ring: %w", err)
	}
	if err := json.Unmarshal(data, &s.doc); err != nil {
		// The JSON error is left out: it could quote the file.
		return fmt.Errorf("read the key ring in %s: %w", s.where, ErrDamaged)
	}
	return nil
}

// secret unwraps the pseudonym secret. The caller clears it.
func (s *store) secret() ([]byte, error) {
	if s.doc.Version != 1 {
		return nil, fmt.Errorf("open the key ring in %s: version %d is not known to this program", s.where, s.doc.Version)
	}
	keys := s.outside
	if s.doc.Wrapping != nil {
		keys = append(keys[:len(keys):len(keys)], s.doc.Wrapping.Key)
	}
	for _, key := range keys {
		gcm, err := newGCM(key)
		if err != nil || len(s.doc.Sealed) < gcm.NonceSize() {
			continue
		}
		nonce, box := s.doc.Sealed[:gcm.NonceSize()], s.doc.Sealed[gcm.NonceSize():]
		if secret, err := gcm.Open(nil, nonce, box, []byte(s.doc.ID)); err == nil && len(secret) == keySize {
			return secret, nil
		}
	}
	return nil, fmt.Errorf("open the key ring in %s: %w", s.where, ErrDamaged)
}

// seal wraps secret into doc with a new wrapping key, or the outside one.
func (s *store) seal(doc *document, secret []byte) error {
	var key []byte
	if len(s.outside) > 0 {
		key, doc.Wrapping = s.outside[0], nil
	} else {
		key = randomKey()
		doc.Wrapping = &wrapping{Created: s.now().UTC(), Key: key}
	}
	gcm, err := newGCM(key)
	if err != nil {
		return err
	}
	nonce := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(secret)+gcm.Overhead())
	_, _ = rand.Read(nonce)
	doc.Sealed = gcm.Seal(nonce, nonce, secret, []byte(doc.ID))
	doc.Rotated = s.now().UTC()
	return nil
}

func (s *store) rotate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret, err := s.secret()
	if err != nil {
		return err
	}
	defer clear(secret)
	next := s.doc
	next.Rotations++
	if err := s.seal(&next, secret); err != nil {
		return err
	}
	if err := replace(s.path, next); err != nil {
		return fmt.Errorf("rotate the key ring: %w", err)
	}
	s.doc = next
	return nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the wrapping key: %w", err)
	}
	return cipher.NewGCM(block)
}

// checkMode refuses a secret file that the group or others may read.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open the key ring: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o; mend it with: chmod 600 %s", ErrMode, path, mode, path)
	}
	return nil
}

// writeNew writes doc where nothing is yet; fs.ErrExist when something is.
func writeNew(path string, doc document) error {
	tmp, err := writeTemp(path, doc)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	// A link, unlike a rename, does not replace what another process made.
	if err := os.Link(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func replace(path string, doc document) error {
	tmp, err := writeTemp(path, doc)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeTemp writes doc, synced and of mode 0600, beside path.
func writeTemp(path string, doc document) (name string, err error) {
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(append(data, '\n')); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
