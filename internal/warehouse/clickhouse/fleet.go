package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// dialTimeout bounds how long a connection is waited for: a loaded machine takes its time.
	dialTimeout = 20 * time.Second
	// connections to a replica: a flush holds one a table of a family, scans one each.
	connections = 16
	// querySize bounds the text of a query, bytes: filters may name many values.
	querySize = 16 << 20
	// spillBytes is from where the server sorts and groups on disk.
	spillBytes = 256 << 20
)

// replica is a server that has the tables of one shard.
type replica struct {
	address Address
	host    string // host:port
	shard   int
	cluster bool

	// failed is when it last did not do what it was asked, epoch ns, 0 since it answers.
	failed atomic.Int64

	mu    sync.Mutex
	conn  driver.Conn               // nil before it was reached
	whole map[string]map[int64]bool // by table, the runs that it was seen to have all rows of
}

// fleet are the replicas by shard: one of one without a cluster.
type fleet [][]*replica

// dial opens connections to a database of a host.
func (a *Address) dial(host, database string) (driver.Conn, error) {
	o := &ch.Options{
		Addr: []string{host}, Auth: ch.Auth{Database: database, Username: a.User, Password: a.Password},
		DialTimeout: dialTimeout, MaxOpenConns: connections, MaxIdleConns: connections / 2, ConnMaxLifetime: time.Hour,
		Compression: &ch.Compression{Method: ch.CompressionLZ4},
		DialContext: a.connect,
		Settings: ch.Settings{
			"max_query_size": querySize, "max_bytes_before_external_sort": spillBytes, "max_bytes_before_external_group_by": spillBytes,
			// No block is ever sent again, so that two that are equal are two.
			"insert_deduplicate": 0,
		},
	}
	if a.HTTP {
		o.Protocol, o.Compression = ch.HTTP, nil
	}
	return ch.Open(o)
}

// findFleet learns which replicas there are: the host of an address, or those that
// any of its hosts knows of its cluster.
func findFleet(ctx context.Context, a Address, patience time.Duration) (fleet, error) {
	a.patience = patience
	if a.Cluster == "" {
		return fleet{{{address: a, host: a.Hosts[0]}}}, nil
	}
	var errs []error
	for _, host := range a.Hosts {
		f, err := a.askCluster(ctx, host)
		if err == nil {
			return f, nil
		}
		errs = append(errs, fmt.Errorf("ask %s: %w", host, err))
	}
	return nil, fmt.Errorf("find the replicas of cluster %s: %w", a.Cluster, errors.Join(errs...))
}

func (a *Address) askCluster(ctx context.Context, host string) (f fleet, err error) {
	conn, err := a.dial(host, "default")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	sql := "SELECT shard_num, host_name, port FROM system.clusters WHERE cluster = " + quote(a.Cluster) + " ORDER BY shard_num, replica_num"
	var shard uint32
	var name string
	var port uint16
	err = each(ctx, conn, sql, func(rows driver.Rows) error {
		if err := rows.Scan(&shard, &name, &port); err != nil {
			return err
		}
		for len(f) < int(shard) {
			f = append(f, nil)
		}
		f[shard-1] = append(f[shard-1], &replica{address: *a, host: net.JoinHostPort(name, fmt.Sprint(port)), shard: int(shard) - 1, cluster: true})
		return nil
	})
	if err == nil && len(f) == 0 {
		err = fmt.Errorf("it knows no cluster %s: name it in remote_servers of its settings", a.Cluster)
	}
	return f, err
}

// each calls fn for every row of an answer.
func each(ctx context.Context, conn driver.Conn, sql string, fn func(driver.Rows) error) error {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := fn(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close(), ctx.Err())
}

// open is the replica's connection; the tables are made with the first.
func (r *replica) open(ctx context.Context) (driver.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil {
		return r.conn, nil
	}
	err := r.reach(ctx)
	return r.conn, r.note(ctx, err)
}

// reach opens the connection.
func (r *replica) reach(ctx context.Context) error {
	conn, err := r.address.dial(r.host, "default")
	if err == nil {
		err = errors.Join(conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+r.address.Database), conn.Close())
	}
	if err != nil {
		return fmt.Errorf("reach ClickHouse at %s: %w", r.host, err)
	}
	if conn, err = r.address.dial(r.host, r.address.Database); err != nil {
		return fmt.Errorf("reach ClickHouse at %s: %w", r.host, err)
	}
	for _, t := range append(tables(), commitTable()) {
		if err := conn.Exec(ctx, t.create(r.engine(t))); err != nil {
			return errors.Join(fmt.Errorf("make table %s at %s: %w", t.name, r.host, err), conn.Close())
		}
	}
	r.conn, r.whole = conn, map[string]map[int64]bool{}
	return nil
}

// engine is the engine of a table. In a cluster, rows are replicated within a shard,
// commits over all of it.
func (r *replica) engine(t *table) string {
	if !r.cluster {
		return "MergeTree()"
	}
	shard := fmt.Sprint(r.shard + 1)
	if t.name == tableCommits {
		shard = "all"
	}
	return fmt.Sprintf("ReplicatedMergeTree('/clickhouse/playhead/%s/%s/%s/%s', %s)", r.address.Cluster, r.address.Database, shard, t.name, quote(r.host))
}

func (r *replica) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return nil
	}
	err := r.conn.Close()
	r.conn = nil
	return err
}

// parts are how many rows a replica has of each run, by table.
func (r *replica) parts(ctx context.Context) (map[string]map[int64]int64, error) {
	conn, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]map[int64]int64{}
	sql := "SELECT table, partition, toInt64(sum(rows)) FROM system.parts WHERE active AND database = " + quote(r.address.Database) + " GROUP BY table, partition"
	var table, partition string
	var n int64
	err = each(ctx, conn, sql, func(rows driver.Rows) error {
		if err := rows.Scan(&table, &partition, &n); err != nil {
			return err
		}
		var id int64
		if _, err := fmt.Sscan(strings.Trim(partition, "()"), &id); err != nil {
			return nil // no table of ours
		}
		if found[table] == nil {
			found[table] = map[int64]int64{}
		}
		found[table][id] += n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask %s for its parts: %w", r.host, r.note(ctx, err))
	}
	return found, nil
}

// has reports whether the replica has all rows of the runs of some tables, as a
// state tells of them.
func (r *replica) has(ctx context.Context, s *state, tables []string) (bool, error) {
	if _, err := r.open(ctx); err != nil {
		return false, err
	}
	if r.known(s, tables) {
		return true, nil
	}
	found, err := r.parts(ctx)
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	for t := range s.Runs {
		if r.whole[t] == nil {
			r.whole[t] = map[int64]bool{}
		}
		for i := range s.Runs[t] {
			if x := &s.Runs[t][i]; found[t][x.ID] == x.Rows[r.shard] {
				r.whole[t][x.ID] = true
			}
		}
	}
	r.mu.Unlock()
	return r.known(s, tables), nil
}

// known reports whether all runs of the tables were seen to be whole.
func (r *replica) known(s *state, tables []string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range tables {
		for i := range s.Runs[t] {
			if !r.whole[t][s.Runs[t][i].ID] {
				return false
			}
		}
	}
	return true
}
