package backup_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"playhead/internal/backup"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// packed is the archive of a folder with two files.
func packed(t *testing.T) []byte {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "keys.json"), "keys")
	write(t, filepath.Join(folder, "log", "000001.log"), "records")
	var out bytes.Buffer
	if err := backup.Write(t.Context(), &out, folder, "1.0", time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsWrittenIsRestored(t *testing.T) {
	archive := packed(t)
	dir, to := filepath.Join(t.TempDir(), "kept"), filepath.Join(t.TempDir(), "data")
	if _, err := backup.Read(t.Context(), bytes.NewReader(archive), dir); err != nil {
		t.Fatal(err)
	}
	list, err := backup.Restore(t.Context(), dir, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Files) != 2 || list.Bytes() != 11 || list.Version != "1.0" {
		t.Errorf("restored %+v", list)
	}
	got, err := os.ReadFile(filepath.Join(to, "log", "000001.log"))
	if err != nil || string(got) != "records" {
		t.Errorf("restored %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(to, backup.ListFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the list was restored too: %v", err)
	}
	if _, err := backup.Restore(t.Context(), dir, to); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("restored over what is there: %v", err)
	}
	if _, err := backup.Read(t.Context(), bytes.NewReader(archive), dir); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("unpacked over what is there: %v", err)
	}
}

func TestACutArchiveIsNoBackup(t *testing.T) {
	archive := packed(t)
	for n := 0; n < len(archive)-1024; n += 256 { // the last 1,024 bytes are the end mark
		dir := filepath.Join(t.TempDir(), "kept")
		if _, err := backup.Read(t.Context(), bytes.NewReader(archive[:n]), dir); !errors.Is(err, backup.ErrIncomplete) {
			t.Errorf("%d of %d bytes: %v", n, len(archive), err)
		}
		if _, err := backup.Restore(t.Context(), dir, filepath.Join(t.TempDir(), "data")); n < len(archive)-2048 && !errors.Is(err, backup.ErrIncomplete) {
			t.Errorf("restored from %d of %d bytes: %v", n, len(archive), err)
		}
	}
}

func TestADamagedFileIsNamed(t *testing.T) {
	dir, to := filepath.Join(t.TempDir(), "kept"), filepath.Join(t.TempDir(), "data")
	if _, err := backup.Read(t.Context(), bytes.NewReader(packed(t)), dir); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "log", "000001.log"), "rec0rds")
	_, err := backup.Restore(t.Context(), dir, to)
	if !errors.Is(err, backup.ErrIncomplete) || !bytes.Contains([]byte(err.Error()), []byte("log/000001.log")) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half of it stayed: %v", err)
	}
}
