package access

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// PeopleFileName is the file of people in the data folder.
const PeopleFileName = "people.json"

// Bounds of passwords and of guessing them.
const (
	minPassword = 10
	maxPassword = 72 // bytes; bcrypt takes no more
	maxPeople   = 1000
	guesses     = 5           // wrong passwords in a row
	guessPause  = time.Minute // until the next may be tried
)

var (
	// ErrPassword: the name or the password is wrong; which of them is not said.
	ErrPassword = errors.New("the name or the password is wrong")
	// ErrGuessing: too many wrong passwords; try again after a minute.
	ErrGuessing = errors.New("too many wrong passwords; try again in a minute")
)

// Person may sign in, by a one-time link or by name and password.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Hash is bcrypt's, empty until a password is set.
	Hash    string    `json:"bcrypt,omitempty"`
	Created time.Time `json:"created"`
}

// HasPassword reports whether the person can sign in by password.
func (p *Person) HasPassword() bool { return p.Hash != "" }

// People is the file of people and what of it is in memory. It may be used from
// many goroutines, by one process.
type People struct {
	path string
	now  func() time.Time
	cost int

	writing sync.Mutex // held by who changes the list; taken before mu
	post    func(id string, record []byte) error

	mu    sync.Mutex
	list  []Person
	wrong map[string]tries // by lower-case name
}

type tries struct {
	count int
	until time.Time
}

type peopleDocument struct {
	sealed
	People []Person `json:"people"`
}

// OpenPeople reads the people of a data folder; none yet is no error.
func OpenPeople(dir string) (*People, error) {
	p := &People{path: filepath.Join(dir, PeopleFileName), now: time.Now, cost: bcrypt.DefaultCost, wrong: map[string]tries{}}
	data, err := os.ReadFile(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the people: %w", err)
	}
	var doc peopleDocument
	if err := doc.open(data, &doc); err != nil {
		return nil, fmt.Errorf("read the people %s: %w", p.path, err)
	}
	p.list = doc.People
	return p, nil
}

// List is everybody, by name.
func (p *People) List() []Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Clone(p.list)
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

// Person looks somebody up by id.
func (p *People) Person(id string) (Person, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.list {
		if x.ID == id {
			return x, true
		}
	}
	return Person{}, false
}

// Add makes a person without a password. Errors: ErrExists, ErrInvalid, fs errors.
func (p *People) Add(name string, role Role) (Person, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "" || len(name) > 64:
		return Person{}, fmt.Errorf("%w: a name has 1 to 64 bytes", ErrInvalid)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Person{}, fmt.Errorf("%w: the name has control characters", ErrInvalid)
	case !role.May(Viewer):
		return Person{}, fmt.Errorf("%w: role must be viewer, support or admin", ErrInvalid)
	}
	var id [8]byte
	_, _ = rand.Read(id[:])
	person := Person{ID: hex.EncodeToString(id[:]), Name: name, Role: role, Created: p.now().UTC().Truncate(time.Millisecond)}
	return person, p.change(func(list []Person) ([]Person, error) {
		for i := range list {
			if strings.EqualFold(list[i].Name, name) {
				return nil, fmt.Errorf("add %q: a person of this name is there: %w", name, ErrExists)
			}
		}
		if len(list) >= maxPeople {
			return nil, fmt.Errorf("%w: there are %d people already", ErrInvalid, maxPeople)
		}
		return append(list, person), nil
	})
}

// SetRole changes what somebody may do, at once. Errors: ErrUnknown, ErrInvalid, fs errors.
func (p *People) SetRole(id string, role Role) error {
	if !role.May(Viewer) {
		return fmt.Errorf("%w: role must be viewer, support or admin", ErrInvalid)
	}
	return p.edit(id, func(x *Person) { x.Role = role })
}

// SetPassword sets or changes a password. Errors: ErrUnknown, ErrInvalid, fs errors.
func (p *People) SetPassword(id, password string) error {
	if n := len(password); n < minPassword || n > maxPassword {
		return fmt.Errorf("%w: a password has %d to %d bytes", ErrInvalid, minPassword, maxPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	return p.edit(id, func(x *Person) { x.Hash = string(hash) })
}

// Remove takes somebody out; browsers signed in as them are out at once.
// Errors: ErrUnknown, fs errors.
func (p *People) Remove(id string) error {
	return p.change(func(list []Person) ([]Person, error) {
		at := slices.IndexFunc(list, func(x Person) bool { return x.ID == id })
		if at < 0 {
			return nil, fmt.Errorf("remove a person: %w", ErrUnknown)
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// Authenticate finds who has the name and the password. It takes as long for a
// name that is not there, and bounds guessing. Errors: ErrPassword, ErrGuessing.
func (p *People) Authenticate(name, password string) (Person, error) {
	key := strings.ToLower(strings.TrimSpace(name))
	p.mu.Lock()
	if t := p.wrong[key]; t.count >= guesses && p.now().Before(t.until) {
		p.mu.Unlock()
		return Person{}, ErrGuessing
	}
	var person Person
	for _, x := range p.list {
		if strings.ToLower(x.Name) == key && x.HasPassword() {
			person = x
		}
	}
	p.mu.Unlock()
	hash := person.Hash
	if hash == "" {
		hash = nobody
	}
	// Outside the lock: it is slow on purpose.
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil || person.ID == "" {
		p.failed(key)
		return Person{}, ErrPassword
	}
	p.mu.Lock()
	delete(p.wrong, key)
	p.mu.Unlock()
	return person, nil
}

// nobody is the hash of a password that was thrown away, of the default cost.
const nobody = "$2a$10$lmQqpGxKuZCdMzbhWBZFJOlEDC4xHpt8ZsyIz4LwArW0vkprxvRDq"

func (p *People) failed(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for name, t := range p.wrong { // those whose pause is over need not be remembered
		if !now.Before(t.until) {
			delete(p.wrong, name)
		}
	}
	t := p.wrong[key]
	p.wrong[key] = tries{count: t.count + 1, until: now.Add(guessPause)}
}

func (p *People) edit(id string, fn func(*Person)) error {
	return p.change(func(list []Person) ([]Person, error) {
		for i := range list {
			if list[i].ID == id {
				fn(&list[i])
				return list, nil
			}
		}
		return nil, fmt.Errorf("change a person: %w", ErrUnknown)
	})
}

// change applies fn to a copy, and keeps it when it could be written.
func (p *People) change(fn func([]Person) ([]Person, error)) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	before := p.Records()
	p.mu.Lock()
	next := slices.Clone(p.list)
	p.mu.Unlock()
	next, err := fn(next)
	if err != nil {
		return err
	}
	if p.post != nil {
		if err := postChanges(before, records(next), p.post); err != nil {
			return fmt.Errorf("tell the other processes of a person: %w", err)
		}
	}
	return p.keep(next)
}

// keep writes a list and goes by it. p.writing is held.
func (p *People) keep(next []Person) error {
	doc := peopleDocument{People: next}
	data, err := doc.seal(&doc)
	if err != nil {
		return fmt.Errorf("write the people: %w", err)
	}
	if err := replace(p.path, data); err != nil {
		return fmt.Errorf("write the people: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = next
	return nil
}
