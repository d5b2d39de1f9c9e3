package lake

import (
	"fmt"
	"path/filepath"
	"strings"
)

// viewFile is a script for DuckDB that makes the view "events" over exactly the
// files that count.
const viewFile = "events.sql"

func (l *Lake) writeView(m *manifest) error {
	script := "-- The view \"events\" over this lake, for DuckDB, run in this folder:\n--   duckdb -init events.sql\n" +
		View(".", sortedFiles(m.Files)) + "\n"
	if err := replaceFile(l.dir, viewFile, []byte(script), false); err != nil {
		return fmt.Errorf("write the lake's view: %w", err)
	}
	return nil
}

// View is the statement that makes the view "events" over the files, whose
// paths are below dir.
func View(dir string, files []File) string {
	if len(files) == 0 {
		return "CREATE OR REPLACE VIEW events AS " + emptySelect() + ";"
	}
	var b strings.Builder
	b.WriteString("CREATE OR REPLACE VIEW events AS SELECT * FROM read_parquet([")
	for i, f := range files {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  " + quote(filepath.Join(dir, filepath.FromSlash(f.Path()))))
	}
	b.WriteString("\n], union_by_name = true, hive_partitioning = false);")
	return b.String()
}

// emptySelect has the columns and no rows.
func emptySelect() string {
	types := map[any]string{
		kindTime: "TIMESTAMPTZ", kindNumber: "BIGINT", kindFloat: "DOUBLE", kindBool: "BOOLEAN", kindText: "VARCHAR", kindJSON: "JSON", kindRef: "BLOB", kindTag: "BLOB",
	}
	fields := make([]string, written)
	for i := range fields {
		fields[i] = fmt.Sprintf("NULL::%s AS %q", types[columns[i].Kind], columns[i].Name)
	}
	return "SELECT " + strings.Join(fields, ", ") + " WHERE false"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
