package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// CookieName is the cookie of a signed-in browser.
const CookieName = "playhead_session"

const (
	sessionLife = 12 * time.Hour
	linkLife    = 15 * time.Minute
	maxLinks    = 1000
)

// ErrLink: the sign-in link is unknown, used or too old.
var ErrLink = errors.New("this sign-in link is unknown, was used before or is too old")

// Identity is who asks.
type Identity struct {
	Role  Role
	Name  string
	KeyID uint32 // of a read token; 0 for a signed-in browser
	// PersonID is who signed in; "" for a token, or a link that was for nobody.
	PersonID string
}

// SessionOptions of NewSessions; the zero value is good.
type SessionOptions struct {
	// Secret signs the cookies; when empty a random one is made, so that a
	// restart signs every browser out.
	Secret []byte
	// People are who may sign in by name; nil is nobody.
	People *People
	// Once, where several processes sign the same browsers in, reports whether a link is
	// used for the first time anywhere; until is when it stops working. Links are signed
	// then, so that any process knows them. Secret must be that of all. nil keeps links
	// in memory.
	Once func(link string, until time.Time) (first bool, err error)
	// Secure marks cookies for HTTPS only.
	Secure bool
	// Now is time.Now when nil.
	Now func() time.Time
}

// Sessions signs browsers in by one-time links and knows readers by their
// token or cookie. Sessions are in the signed cookie; only links are in memory.
type Sessions struct {
	store  *Store
	people *People
	secret []byte
	secure bool
	once   func(link string, until time.Time) (first bool, err error)
	now    func() time.Time

	mu    sync.Mutex
	links map[[sha256.Size]byte]link
}

type link struct {
	who     Identity
	expires time.Time
}

// claims is what a cookie says.
type claims struct {
	Role    Role   `json:"r"`
	Name    string `json:"n"`
	Person  string `json:"p,omitempty"`
	Expires int64  `json:"e"` // epoch ms
	// Nonce tells links apart.
	Nonce string `json:"o,omitempty"`
}

// NewSessions makes the sign-in for the read tokens of store.
func NewSessions(store *Store, opts SessionOptions) *Sessions {
	s := &Sessions{store: store, people: opts.People, secret: opts.Secret, secure: opts.Secure, once: opts.Once, now: opts.Now, links: map[[sha256.Size]byte]link{}}
	if len(s.secret) == 0 {
		s.secret = make([]byte, 32)
		_, _ = rand.Read(s.secret)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// NewLink makes the token of a sign-in link that works once within 15 minutes
// and gives the role admin.
func (s *Sessions) NewLink() string { return s.NewLinkFor(Admin) }

// NewLinkFor is NewLink for another role.
func (s *Sessions) NewLinkFor(role Role) string {
	return s.newLink(Identity{Role: role, Name: "browser"})
}

// NewLinkForPerson is a link that signs a person in. Errors: ErrUnknown.
func (s *Sessions) NewLinkForPerson(id string) (string, error) {
	if s.people == nil {
		return "", ErrUnknown
	}
	person, ok := s.people.Person(id)
	if !ok {
		return "", fmt.Errorf("make a sign-in link: %w", ErrUnknown)
	}
	return s.newLink(Identity{Role: person.Role, Name: person.Name, PersonID: person.ID}), nil
}

// SignIn is the cookie for who has a name and a password. Errors: ErrPassword, ErrGuessing.
func (s *Sessions) SignIn(name, password string) (*http.Cookie, Identity, error) {
	if s.people == nil {
		return nil, Identity{}, ErrPassword
	}
	person, err := s.people.Authenticate(name, password)
	if err != nil {
		return nil, Identity{}, err
	}
	who := Identity{Role: person.Role, Name: person.Name, PersonID: person.ID}
	return s.Cookie(who), who, nil
}

func (s *Sessions) newLink(who Identity) string {
	token := string(randomText(32))
	if s.once != nil {
		text := s.claim(who, linkLife, token)
		return text + "." + s.sign(linkSigned, text)
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for h, l := range s.links {
		if !now.Before(l.expires) || len(s.links) >= maxLinks {
			delete(s.links, h)
		}
	}
	s.links[sha256.Sum256([]byte(token))] = link{who: who, expires: now.Add(linkLife)}
	return token
}

// Redeem uses up a link's token and returns the cookie that signs the browser
// in for 12 hours. Errors: ErrLink, and Once's.
func (s *Sessions) Redeem(token string) (*http.Cookie, error) {
	if s.once != nil {
		return s.redeemSigned(token)
	}
	h := sha256.Sum256([]byte(token))
	s.mu.Lock()
	l, ok := s.links[h]
	delete(s.links, h)
	s.mu.Unlock()
	if !ok || !s.now().Before(l.expires) {
		return nil, ErrLink
	}
	return s.Cookie(l.who), nil
}

// redeemSigned uses up a link that any process may have made.
func (s *Sessions) redeemSigned(token string) (*http.Cookie, error) {
	cl, ok := s.claimed(linkSigned, token)
	if !ok {
		return nil, ErrLink
	}
	who, ok := s.identity(cl)
	if !ok {
		return nil, ErrLink
	}
	h := sha256.Sum256([]byte(token))
	first, err := s.once(hex.EncodeToString(h[:16]), time.UnixMilli(cl.Expires))
	if err != nil {
		return nil, fmt.Errorf("find out whether the sign-in link was used before: %w", err)
	}
	if !first {
		return nil, ErrLink
	}
	return s.Cookie(who), nil
}

// Cookie signs a browser in as id for 12 hours: for the demo, which needs no link.
func (s *Sessions) Cookie(id Identity) *http.Cookie {
	expires, text := s.now().Add(sessionLife), s.claim(id, sessionLife, "")
	return &http.Cookie{
		Name: CookieName, Value: text + "." + s.sign(cookieSigned, text), Path: "/", Expires: expires, MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
	}
}

// claim is what a cookie or a link says, before it is signed.
func (s *Sessions) claim(id Identity, life time.Duration, nonce string) string {
	body, err := json.Marshal(claims{Role: id.Role, Name: id.Name, Person: id.PersonID, Expires: s.now().Add(life).UnixMilli(), Nonce: nonce})
	if err != nil {
		body = nil // strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

// claimed is what a cookie or a link says that is signed by us and not too old.
func (s *Sessions) claimed(what, signed string) (cl claims, ok bool) {
	text, mac, ok := strings.Cut(signed, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(s.sign(what, text))) {
		return cl, false
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cl, false
	}
	if err := json.Unmarshal(body, &cl); err != nil || s.now().UnixMilli() >= cl.Expires {
		return cl, false
	}
	return cl, true
}

// SignOut is the cookie that ends a browser's session.
func (s *Sessions) SignOut() *http.Cookie {
	return &http.Cookie{Name: CookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure}
}

// FromRequest says who asks, by "Authorization: Bearer" or by cookie. A wrong
// token is not saved by a good cookie.
func (s *Sessions) FromRequest(r *http.Request) (Identity, bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		token, ok := bearer(header)
		if !ok {
			return Identity{}, false
		}
		return s.store.reader(token)
	}
	c, err := r.Cookie(CookieName)
	if err != nil {
		return Identity{}, false
	}
	cl, ok := s.claimed(cookieSigned, c.Value)
	if !ok {
		return Identity{}, false
	}
	return s.identity(cl)
}

// identity is who claims are of.
func (s *Sessions) identity(cl claims) (Identity, bool) {
	if cl.Person == "" {
		return Identity{Role: cl.Role, Name: cl.Name}, true
	}
	// What a person may do is asked now: a role that was changed, or somebody
	// who was removed, does not live on in a cookie.
	if s.people == nil {
		return Identity{}, false
	}
	person, ok := s.people.Person(cl.Person)
	return Identity{Role: person.Role, Name: person.Name, PersonID: person.ID}, ok
}

// What is signed: a link is no cookie.
const (
	cookieSigned = "playhead session"
	linkSigned   = "playhead link"
)

func (s *Sessions) sign(what, text string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(what + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
