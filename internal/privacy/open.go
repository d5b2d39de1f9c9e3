package privacy

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FileName is the ring's name in the data folder.
const FileName = "ring.json"

var (
	// ErrReadOnly: the ring came from a variable and cannot be rewritten.
	ErrReadOnly = errors.New("the key ring comes from a variable and cannot be changed here")
	// ErrMode: the file may be read by others.
	ErrMode = errors.New("the key ring can be read by others")
	// ErrDamaged: the ring is not what was written, or its wrapping key is not the one it was wrapped with.
	ErrDamaged = errors.New("the key ring is damaged or does not fit its wrapping key")
)

// Options say where a ring is when it is not simply in the data folder.
type Options struct {
	// File is a ring file that the operator keeps elsewhere. It must exist:
	// a misspelt path must not silently begin a new identity.
	File string
	// Env names a variable that holds the whole ring as JSON; it is read only.
	Env string
	// WrapFile and WrapEnv name a file or a variable with the wrapping keys
	// (32 bytes each in hexadecimal or base64, one a line, the current one
	// first). Without them the wrapping keys lie in the ring.
	WrapFile, WrapEnv string
	// Now stamps what is written; time.Now when nil.
	Now func() time.Time
}

// OpenRing opens the ring that opts name, or dir's own, which is created with a
// new random secret on first use. Errors: ErrMode, ErrDamaged, fs errors.
func OpenRing(dir string, opts Options) (*Ring, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	outside, err := outsideKeys(opts)
	if err != nil {
		return nil, err
	}
	st := &store{outside: outside, now: opts.Now}
	switch {
	case opts.Env != "":
		text := os.Getenv(opts.Env)
		if text == "" {
			return nil, fmt.Errorf("open the key ring: the variable %s is empty", opts.Env)
		}
		st.where = "variable " + opts.Env
		if err := json.Unmarshal([]byte(text), &st.doc); err != nil {
			return nil, fmt.Errorf("read the key ring in %s: %w", st.where, ErrDamaged)
		}
	case opts.File != "":
		st.path, st.where = opts.File, opts.File
		if err := st.load(); err != nil {
			return nil, err
		}
	default:
		st.path = filepath.Join(dir, FileName)
		st.where = st.path
		if err := st.loadOrCreate(); err != nil {
			return nil, err
		}
	}
	secret, err := st.secret()
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	r, err := newRing(secret, st)
	if err != nil {
		return nil, err
	}
	if st.doc.ID != r.id {
		return nil, fmt.Errorf("open the key ring in %s: %w", st.where, ErrDamaged)
	}
	return r, nil
}

// Rotate makes a new wrapping key and wraps the secret with it; the secret and
// with it every pseudonym stays. With outside wrapping keys it wraps with the
// first of them. Errors: ErrReadOnly, fs errors.
func (r *Ring) Rotate() error {
	if r.store == nil || r.store.path == "" {
		return ErrReadOnly
	}
	return r.store.rotate()
}

// outsideKeys reads the wrapping keys that the operator keeps outside.
func outsideKeys(opts Options) ([][]byte, error) {
	var text string
	switch {
	case opts.WrapFile != "":
		if err := checkMode(opts.WrapFile); err != nil {
			return nil, err
		}
		data, err := os.ReadFile(opts.WrapFile)
		if err != nil {
			return nil, fmt.Errorf("read the wrapping key: %w", err)
		}
		text = string(data)
	case opts.WrapEnv != "":
		if text = os.Getenv(opts.WrapEnv); text == "" {
			return nil, fmt.Errorf("read the wrapping key: the variable %s is empty", opts.WrapEnv)
		}
	default:
		return nil, nil
	}
	var keys [][]byte
	for i, line := range strings.Fields(text) {
		key, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("read the wrapping key on line %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("read the wrapping key: there is none")
	}
	return keys, nil
}

// parseKey reads 32 bytes in hexadecimal or base64. Its error never quotes them.
func parseKey(text string) ([]byte, error) {
	if key, err := hex.DecodeString(text); err == nil && len(key) == keySize {
		return key, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if key, err := enc.DecodeString(text); err == nil && len(key) == keySize {
			return key, nil
		}
	}
	return nil, errors.New("want 32 bytes in hexadecimal or base64 (openssl rand -hex 32)")
}

func randomKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // crypto/rand.Read never fails
	return key
}
