package privacy

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"unsafe"

	"github.com/dchest/siphash"

	"playhead/internal/event"
)

// Labels that keep pseudonyms of different things apart: the same raw id as a
// viewer, as an anonymous viewer and as a session gives three unrelated keys.
const (
	labelViewer    = "v\x00"
	labelAnonymous = "a\x00"
	labelSession   = "s\x00"
)

// Domains of Ref: the same raw id in two domains gives two unrelated refs.
const (
	DomainID         byte = 'i'
	DomainSession    byte = 's'
	DomainPlay       byte = 'p'
	DomainImpression byte = 'm'
	DomainSearch     byte = 'q'
	DomainContent    byte = 'c'
)

// Ring is an opened key ring. All methods may be called from many goroutines.
type Ring struct {
	id     string
	store  *store
	hasher *hasher
	// sip is a SipHash key for each domain of Ref, so that the raw id is hashed
	// where it lies, without a copy that carries the domain.
	sip [256]sipKey
	// session signs what browsers bring back, see SessionKey.
	session []byte
}

type sipKey struct{ k0, k1 uint64 }

// ID is the fingerprint of the pseudonym secret: it is safe to print, and equal
// on every machine whose pseudonyms agree.
func (r *Ring) ID() string { return r.id }

// SessionKey is a secret that every machine with this ring has, and nobody else: to sign
// what browsers are given by one and bring back to another. It tells nothing of the
// pseudonym secret. Nobody may change it.
func (r *Ring) SessionKey() []byte { return r.session }

// String never shows more than the fingerprint.
func (r *Ring) String() string { return "key ring " + r.id }

// GoString never shows more than the fingerprint.
func (r *Ring) GoString() string { return r.String() }

// LogValue never shows more than the fingerprint.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Viewer is the pseudonym of a viewer id: the first 16 bytes of
// HMAC-SHA-256(secret, "v\x00" + raw).
func (r *Ring) Viewer(raw string) event.ViewerKey { return r.hasher.key(labelViewer, raw) }

// Anonymous is the pseudonym of an anonymous viewer id.
func (r *Ring) Anonymous(raw string) event.ViewerKey { return r.hasher.key(labelAnonymous, raw) }

// Session is the session-scoped pseudonym of a client that named no viewer.
func (r *Ring) Session(raw string) event.ViewerKey { return r.hasher.key(labelSession, raw) }

// SeekViewer begins to look for Viewer(raw): what it needs is on its way from
// memory while other things are done.
func (r *Ring) SeekViewer(raw string) Sought { return r.hasher.seek(labelViewer, raw) }

// SeekAnonymous begins to look for Anonymous(raw).
func (r *Ring) SeekAnonymous(raw string) Sought { return r.hasher.seek(labelAnonymous, raw) }

// SeekSession begins to look for Session(raw).
func (r *Ring) SeekSession(raw string) Sought { return r.hasher.seek(labelSession, raw) }

// Ref is the keyed hash (SipHash-2-4-128) of an id that a client chose, within
// a domain. It is never the zero Ref.
func (r *Ring) Ref(domain byte, raw string) event.Ref {
	return r.RefBytes(domain, unsafe.Slice(unsafe.StringData(raw), len(raw)))
}

// ThreeRefs puts Ref(domains[i], raws[i]) into out[i]; of "" it is no Ref, and leaves
// out[i] as it is. It is faster than three calls.
func (r *Ring) ThreeRefs(domains [3]byte, raws [3]string, out [3]*event.Ref) {
	if r.three(&domains, &raws, &out) {
		return
	}
	for i, raw := range raws {
		if raw != "" {
			*out[i] = r.Ref(domains[i], raw)
		}
	}
}

// RefBytes is Ref for bytes, which it neither keeps nor changes.
func (r *Ring) RefBytes(domain byte, raw []byte) event.Ref {
	key := &r.sip[domain]
	a, b := siphash.Hash128(key.k0, key.k1, raw)
	var out event.Ref
	binary.LittleEndian.PutUint64(out[:8], a)
	binary.LittleEndian.PutUint64(out[8:], b)
	if out.IsZero() {
		out[0] = 1 // zero means "absent"
	}
	return out
}

// newRing derives everything from the secret; st is where it is kept, or nil.
func newRing(secret []byte, st *store) (*Ring, error) {
	id, err := hkdf.Key(sha256.New, secret, nil, "playhead ring id v1", 8)
	if err != nil {
		return nil, fmt.Errorf("derive the ring id: %w", err)
	}
	r := &Ring{id: hex.EncodeToString(id), store: st}
	if r.session, err = hkdf.Key(sha256.New, secret, nil, "playhead session v1", 32); err != nil {
		return nil, fmt.Errorf("derive the session key: %w", err)
	}
	r.hasher = newHasher(secret, &r.sip)
	keys, err := hkdf.Key(sha256.New, secret, nil, "playhead ref v1", 16*len(r.sip))
	if err != nil {
		return nil, fmt.Errorf("derive the reference keys: %w", err)
	}
	for i := range r.sip {
		r.sip[i] = sipKey{binary.LittleEndian.Uint64(keys[16*i:]), binary.LittleEndian.Uint64(keys[16*i+8:])}
	}
	return r, nil
}
