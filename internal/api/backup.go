package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"playhead/internal/access"
)

// Backups writes everything that is stored as one stream.
type Backups interface {
	Backup(ctx context.Context, w io.Writer) error
}

// backupPatience is for how long a reader of a backup may read nothing.
const backupPatience = time.Minute

func (s *server) registerBackup(mux *http.ServeMux) {
	if s.Backups == nil {
		return
	}
	mux.HandleFunc("GET /api/v1/backup", s.only(access.Admin, s.backup))
	s.describe("backup", "/api/v1/backup", "Everything that is stored, as one tar archive",
		"Its last entry lists the others with their hashes; without it the archive is not complete. `playhead backup` reads it, `playhead restore` makes a data folder of it. "+whoAdmins, needs(access.Admin))
}

func (s *server) backup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="playhead-backup.tar"`)
	out := &patient{w: w, control: http.NewResponseController(w)}
	err := s.Backups.Backup(r.Context(), out)
	if err == nil {
		return
	}
	s.Logger.Error("a backup was not made", "error", err)
	if out.wrote {
		panic(http.ErrAbortHandler) // so that the client sees that it is cut off
	}
	w.Header().Del("Content-Disposition")
	http.Error(w, "the backup was not made; the server's log says why", http.StatusInternalServerError)
}

// patient gives each write its own deadline: a large archive takes longer than any
// answer may.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
	wrote   bool
}

func (p *patient) Write(data []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(backupPatience)); err != nil && !isUnsupported(err) {
		return 0, err
	}
	p.wrote = true
	return p.w.Write(data)
}
