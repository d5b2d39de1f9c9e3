package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"playhead/internal/eventlog"
)

// prepareFolder makes the data folder and proves that it can be written.
func prepareFolder(dir string) error {
	mend := "choose another with --data-dir, or give this user the right to write there"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data folder %s cannot be made: %w; %s", dir, bare(err), mend)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be written: %w; %s", dir, bare(err), mend)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// bare is the cause of a file error without the path, which the caller names.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// listen opens the port before anything else is touched.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is in use by another program; stop it or choose another with --listen", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --listen", address)
	}
	return nil, fmt.Errorf("listen on %s: %w; write --listen as HOST:PORT or :PORT", address, err)
}

// inUse explains a folder that another process has open.
func inUse(dir string, err error) error {
	if errors.Is(err, eventlog.ErrLocked) {
		return fmt.Errorf("the data folder %s is in use by another playhead; stop it or choose another with --data-dir", dir)
	}
	return err
}

// localURL is how this machine reaches the listener.
func localURL(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() && !strings.Contains(host, ":") {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// folders of the parts below the data folder.
func logFolder(dataDir string) string       { return filepath.Join(dataDir, "log") }
func warehouseFolder(dataDir string) string { return filepath.Join(dataDir, "warehouse") }
