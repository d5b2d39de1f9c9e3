package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

// authority signs certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	PEM  []byte
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, cert: &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// sign makes a certificate for this machine and its key, PKCS #8.
func (a *authority) sign(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, own.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// secured is one broker with a port for each way to connect.
type secured struct {
	folder string
	ports  map[string]int
	ca     *authority
}

// property is text as a value in a file of properties.
func property(text []byte) string { return strings.ReplaceAll(string(text), "\n", `\n`) }

// startSecured starts it. Names of listeners are those that tests use.
func startSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{folder: t.TempDir(), ports: map[string]int{}, ca: newAuthority(t, "authority of the brokers")}
	names := []string{"PLAIN", "SIGNED", "TLS", "MUTUAL", "BOTH", "CONTROLLER"}
	kinds := []string{"PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SSL", "SASL_SSL", "PLAINTEXT"}
	var listeners, advertised, protocols []string
	for i, port := range clickhousetest.FreePorts(t, len(names)) {
		s.ports[names[i]] = port
		listeners = append(listeners, fmt.Sprintf("%s://127.0.0.1:%d", names[i], port))
		protocols = append(protocols, names[i]+":"+kinds[i])
	}
	advertised = listeners[:len(listeners)-1]
	cert, key := s.ca.sign(t, "broker")
	lines := []string{
		"process.roles=broker,controller", "node.id=1", fmt.Sprintf("controller.quorum.voters=1@127.0.0.1:%d", s.ports["CONTROLLER"]),
		"listeners=" + strings.Join(listeners, ","), "advertised.listeners=" + strings.Join(advertised, ","), "controller.listener.names=CONTROLLER",
		"inter.broker.listener.name=PLAIN", "listener.security.protocol.map=" + strings.Join(protocols, ","), "log.dirs=" + s.folder + "/data",
		"auto.create.topics.enable=false", "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1", "transaction.state.log.num.partitions=1", "group.initial.rebalance.delay.ms=0",
	}
	for _, name := range []string{"signed", "both"} {
		at := "listener.name." + name + "."
		lines = append(lines, at+"sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
			at+`plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_me="right";`,
			at+"scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
			at+"scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
			at+`oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`)
	}
	for _, name := range []string{"tls", "mutual", "both"} {
		at := "listener.name." + name + ".ssl."
		lines = append(lines, at+"keystore.type=PEM", at+"keystore.certificate.chain="+property(cert), at+"keystore.key="+property(key))
	}
	lines = append(lines, "listener.name.mutual.ssl.client.auth=required", "listener.name.mutual.ssl.truststore.type=PEM",
		"listener.name.mutual.ssl.truststore.certificates="+property(s.ca.PEM))
	path := filepath.Join(s.folder, "broker.properties")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &Kafka{libs: *libsFlag}
	if out, err := k.java("kafka.tools.StorageTool", "format", "--cluster-id", "5L6g3nShT-eMCtK--X86sw", "--config", path,
		"--add-scram", "SCRAM-SHA-256=[name=me,password=right]", "--add-scram", "SCRAM-SHA-512=[name=me,password=right]").CombinedOutput(); err != nil {
		t.Fatalf("format the folder of the broker: %v\n%s", err, out)
	}
	broker, out := k.java("kafka.Kafka", path), &output{}
	broker.Stdout, broker.Stderr = out, out
	broker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = broker.Process.Kill()
		_ = broker.Wait() // killed
		if t.Failed() {
			t.Logf("the broker:\n%s", out)
		}
	})
	c, err := kgo.NewClient(kgo.SeedBrokers(s.at("PLAIN")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	eventually(t, "the broker", func() bool {
		list, err := kadm.NewClient(c).ListBrokers(t.Context())
		return err == nil && len(list) == 1
	})
	if _, err := kadm.NewClient(c).CreateTopic(t.Context(), 1, 1, nil, "players"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *secured) at(name string) string { return fmt.Sprintf("127.0.0.1:%d", s.ports[name]) }

// file writes one for a setting.
func (s *secured) file(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// token is one of OAUTHBEARER that Kafka's own validator for tests takes: it has no
// signature.
func token(until time.Duration) []byte {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	now := time.Now().Unix()
	return []byte(part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"sub":"me","iat":%d,"exp":%d}`, now-60, now+int64(until.Seconds()))) + ".")
}

// Every way to connect and to sign in that there is works with a real broker, for the
// log and for Kafka as a source; and what is wrong is told by name, with the setting to
// look at.
func TestSecureConnections(t *testing.T) {
	s := startSecured(t)
	stranger := newAuthority(t, "somebody else")
	clientCert, clientKey := s.ca.sign(t, "playhead")
	strangeCert, strangeKey := stranger.sign(t, "playhead")
	if _, err := tls.X509KeyPair(clientCert, clientKey); err != nil {
		t.Fatal(err)
	}
	ca, other := s.file(t, "ca.pem", s.ca.PEM), s.file(t, "other.pem", stranger.PEM)
	cert, key := s.file(t, "cert.pem", clientCert), s.file(t, "key.pem", clientKey)
	badCert, badKey := s.file(t, "bad-cert.pem", strangeCert), s.file(t, "bad-key.pem", strangeKey)
	right, wrong := s.file(t, "right", []byte("right\n")), s.file(t, "wrong", []byte("no-such-word\n"))
	good, old := s.file(t, "token", token(time.Hour)), s.file(t, "old", token(-time.Minute))
	signIn := func(mechanism, secret string) []string {
		args := []string{"--kafka-sasl", mechanism, "--kafka-secret-file", secret}
		if mechanism != "oauthbearer" {
			args = append(args, "--kafka-user", "me")
		}
		return args
	}
	encrypted := []string{"--kafka-tls", "on", "--kafka-ca", ca}
	for name, test := range map[string]struct {
		port   string
		args   []string
		source string   // the same for Kafka as a source; "" is not tried
		wrong  []string // in the error; nil is none
	}{
		"PLAIN":         {"SIGNED", signIn("plain", right), "sasl: {mechanism: plain, user: me, password_file: " + right + "}", nil},
		"SCRAM-SHA-256": {"SIGNED", signIn("scram-sha-256", right), "sasl: {mechanism: scram-sha-256, user: me, password_file: " + right + "}", nil},
		"SCRAM-SHA-512": {"SIGNED", signIn("scram-sha-512", right), "sasl: {mechanism: scram-sha-512, user: me, password_file: " + right + "}", nil},
		"OAUTHBEARER":   {"SIGNED", signIn("oauthbearer", good), "sasl: {mechanism: oauthbearer, token_file: " + good + "}", nil},
		"TLS":           {"TLS", encrypted, "tls: {ca: " + ca + "}", nil},
		"mutual TLS":    {"MUTUAL", append([]string{"--kafka-cert", cert, "--kafka-key", key}, encrypted...), "tls: {ca: " + ca + ", cert: " + cert + ", key: " + key + "}", nil},
		"SCRAM over TLS": {"BOTH", append(signIn("scram-sha-512", right), encrypted...),
			"tls: {ca: " + ca + "}\nsasl: {mechanism: scram-sha-512, user: me, password_file: " + right + "}", nil},

		"a wrong password":           {"SIGNED", signIn("plain", wrong), "", []string{"kafka-secret-file"}},
		"a wrong password of SCRAM":  {"SIGNED", signIn("scram-sha-256", wrong), "", []string{"kafka-secret-file"}},
		"a token that is over":       {"SIGNED", signIn("oauthbearer", old), "", []string{"kafka-secret-file"}},
		"an unknown authority":       {"TLS", []string{"--kafka-tls", "on", "--kafka-ca", other}, "", []string{"kafka-ca"}},
		"no certificate":             {"MUTUAL", encrypted, "", []string{"kafka-cert"}},
		"a stranger's certificate":   {"MUTUAL", append([]string{"--kafka-cert", badCert, "--kafka-key", badKey}, encrypted...), "", []string{"kafka-cert"}},
		"a sign-in that is not on":   {"PLAIN", signIn("plain", right), "", []string{"kafka-sasl"}},
		"no sign-in":                 {"SIGNED", nil, "", []string{"kafka-sasl"}},
		"plain text to a TLS port":   {"TLS", nil, "", []string{"kafka-tls"}},
		"TLS to a port of plaintext": {"PLAIN", encrypted, "", []string{"kafka-tls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"serve", "--listen", fmt.Sprintf("127.0.0.1:%d", clickhousetest.FreePorts(t, 1)[0]), "--data-dir", t.TempDir(), "--roles", "collect",
				"--kafka", s.at(test.port), "--kafka-prefix", strings.ReplaceAll(strings.ToLower(name), " ", "-") + ".", "--partitions", "1"}, test.args...)
			if test.wrong != nil {
				text, err := exec.CommandContext(t.Context(), *binaryFlag, args...).CombinedOutput()
				if err == nil {
					t.Fatalf("it starts and ends well:\n%s", text)
				}
				t.Logf("%s", text)
				for _, want := range append(test.wrong, s.at(test.port)) {
					if !strings.Contains(string(text), want) {
						t.Errorf("the error does not name %s:\n%s", want, text)
					}
				}
				if strings.Contains(string(text), "no-such-word") {
					t.Errorf("the error has the password in it:\n%s", text)
				}
				return
			}
			s.connects(t, name, test.port, args, test.source)
		})
	}
}

// connects starts a collector with a log on the broker that takes from a topic of it,
// too, and waits for an event that is in the topic.
func (s *secured) connects(t *testing.T, name, port string, args []string, source string) {
	t.Helper()
	group := strings.ReplaceAll(strings.ToLower(name), " ", "-")
	config := s.file(t, "source.yaml", []byte("brokers: ["+s.at(port)+"]\ngroup: "+group+"\nstart: earliest\n"+source+
		"\ntopics:\n  - {name: players, format: json, key: from-kafka}\n"))
	p := &process{t: t, name: name, dir: args[4], address: args[2], args: append(args, "--kafka-source", config), out: &output{}}
	if text, err := exec.Command(*binaryFlag, "keys", "create", "--write", "--name", "from-kafka", "--data-dir", p.dir).CombinedOutput(); err != nil {
		t.Fatalf("keys create: %v\n%s", err, text)
	}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s:\n%s", p.name, p.out)
		}
	})
	p.until("/readyz", http.StatusOK)
	c, err := kgo.NewClient(kgo.SeedBrokers(s.at("PLAIN")), kgo.DefaultProduceTopic("players"),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{group + ".events": {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	event := fmt.Sprintf(`{"type":"play_requested","time":%d,"viewer_id":"somebody","play_id":"p-%s","seq":0,"title_id":"t1"}`, time.Now().UnixMilli(), group)
	if err := c.ProduceSync(t.Context(), kgo.StringRecord(event)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	// What came from the topic by this connection is in the log by this connection.
	for {
		fetched := c.PollFetches(t.Context())
		if err := fetched.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetched.Records() {
			if len(r.Value) > 60 { // a tick is shorter than an event
				p.stop()
				return
			}
		}
	}
}
