package cluster

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"playhead/internal/source/registry/registrytest"
)

var pythonFlag = flag.String("python", "", "a Python that has confluent-kafka and fastavro: tools/avro-readers.sh")

// TestStrangers has Confluent's own client, and fastavro, read what Playhead writes:
// by the numbers of a schema registry, and by Avro's single-object encoding. What they
// add up is the truth.
func TestStrangers(t *testing.T) {
	if *pythonFlag == "" {
		t.Skip("SKIPPED: no Python with confluent-kafka and fastavro; make test ONLY=\"build strangers\" brings it and runs this")
	}
	k := StartKafka(t, *libsFlag)
	r := &registrytest.Registry{User: "me", Password: "secret"}
	server := httptest.NewServer(r)
	defer server.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("registry", func(t *testing.T) {
		strangersRead(t, k, "numbered.", []string{server.URL, "me:secret"},
			"--kafka-format", "avro", "--kafka-registry", server.URL, "--kafka-registry-user", "me", "--kafka-registry-secret-file", secret)
		if n := len(r.Schemas()); n != 2 {
			t.Errorf("%d schemas are registered", n)
		}
	})
	t.Run("single object", func(t *testing.T) { strangersRead(t, k, "single.", nil, "--kafka-format", "avro") })
}

func strangersRead(t *testing.T, k *Kafka, prefix string, registry []string, more ...string) {
	p := serve(t, k, prefix, "playhead", "collect,process,load,query", append(more, "--partitions", "2")...)
	p.until("/readyz", http.StatusOK)
	token := p.key("read")
	p.span = usualSpan / 3
	a := send(t.Context(), t, p, 3)
	a.wait(t)
	verify(t, p, token, a.truth)
	p.stop()
	args := []string{"strangers.py", strings.Join(k.Addresses(), ","), prefix, a.truth, schemaOf(t, "events"), schemaOf(t, "facts")}
	out, err := exec.CommandContext(t.Context(), *pythonFlag, append(args, registry...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("strangers read something else: %v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}

// schemaOf writes the schema of a topic to a file, as an operator does.
func schemaOf(t *testing.T, topic string) string {
	t.Helper()
	text, err := exec.Command(*binaryFlag, "schema", topic).Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), topic+".avsc")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
