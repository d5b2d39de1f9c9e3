package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"playhead/internal/access"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a key and print it, alone on the first line."`
	List   keysListCmd   `cmd:"" help:"List keys; their secrets are kept nowhere."`
	Revoke keysRevokeCmd `cmd:"" help:"End a key; a running server follows within a second."`
}

// keysFolder is where the key file lies.
type keysFolder struct {
	DataDir string `help:"The server's data folder." default:"playhead-data" type:"path" placeholder:"DIR"`
}

func (f keysFolder) open() (*access.Store, error) {
	if err := os.MkdirAll(f.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	return access.Open(f.DataDir)
}

type keysCreateCmd struct {
	Write      bool     `help:"A key for players, apps and servers that send events." xor:"kind" required:""`
	Read       bool     `help:"A token for people and programs that ask." xor:"kind" required:""`
	Name       string   `help:"What to call it." placeholder:"N"`
	Role       string   `help:"What a read token may do: viewer (figures), support (also single events) or admin (all)." default:"viewer" enum:"viewer,support,admin"`
	Origins    []string `help:"Browser origins that may use a write key; none means all." placeholder:"URL"`
	Rate       float64  `help:"Most events a second that a write key may send, over time; 0 means no bound." placeholder:"N"`
	keysFolder `embed:""`
}

func (keysCreateCmd) Help() string {
	return `Example:
  playhead keys create --write --name web-player --origins https://tv.example.com --rate 500
  playhead keys create --read --role viewer
  KEY=$(playhead keys create --write | head -n 1)`
}

func (c *keysCreateCmd) Run() error {
	store, err := c.open()
	if err != nil {
		return err
	}
	k := access.Key{Kind: access.Write, Name: c.Name, Origins: c.Origins, EventsPerSecond: c.Rate}
	if c.Read {
		k.Kind, k.Role = access.Read, access.Role(c.Role)
	}
	secret, key, err := store.CreateKey(k)
	if errors.Is(err, access.ErrInvalid) || errors.Is(err, access.ErrExists) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	fmt.Println(secret)
	fmt.Fprintf(os.Stderr, "This is %s key %q. It is shown once and kept nowhere.\n", key.Kind, key.Name)
	return nil
}

type keysListCmd struct {
	keysFolder `embed:""`
}

func (keysListCmd) Help() string {
	return `Example:
  playhead keys list --data-dir /var/lib/playhead`
}

func (c *keysListCmd) Run() error {
	store, err := c.open()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tKIND\tNAME\tROLE\tORIGINS\tRATE\tCREATED\tSTATE")
	for _, k := range store.List() {
		state := "active"
		if !k.Active() {
			state = "revoked " + k.Revoked.Format(time.DateTime)
		}
		origins, bound := strings.Join(k.Origins, ","), "-"
		if k.EventsPerSecond > 0 {
			bound = strconv.FormatFloat(k.EventsPerSecond, 'g', -1, 64) + "/s"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Kind, k.Name, cmp.Or(string(k.Role), "-"), cmp.Or(origins, "-"), bound, k.Created.Format(time.DateTime), state)
	}
	return w.Flush()
}

type keysRevokeCmd struct {
	Key        string `arg:"" help:"The key's name or id, as keys list prints it."`
	keysFolder `embed:""`
}

func (keysRevokeCmd) Help() string {
	return `Example:
  playhead keys revoke web-player`
}

func (c *keysRevokeCmd) Run() error {
	store, err := c.open()
	if err != nil {
		return err
	}
	k, err := store.Revoke(c.Key)
	if errors.Is(err, access.ErrUnknown) {
		return fmt.Errorf("%w: %w; `playhead keys list` shows them", errUsage, err)
	}
	if err != nil {
		return err
	}
	fmt.Printf("revoked %s key %q\n", k.Kind, k.Name)
	return nil
}
