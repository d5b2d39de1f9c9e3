package deploy

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	binary  = flag.String("binary", "", "the playhead binary that settings are checked with")
	helm    = flag.String("helm", "", "the helm binary; its tests are skipped without")
	compose = flag.String("compose", "", "the docker compose binary; its tests are skipped without")
)

const (
	chart = "../../deploy/helm/playhead"
	// A helm that was built from source thinks of a Kubernetes of years ago.
	kubernetes = "--kube-version=1.31"
	// What cluster mode cannot do without.
	cluster = "mode=cluster,kafka.brokers={a:9092,b:9092},warehouse.url=clickhouse://c:9000/playhead,existingSecret=playhead"
)

// run runs a command and returns what it printed, and whether it failed.
func run(t *testing.T, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return string(out), err
}

func must(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := run(t, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return out
}

func needs(t *testing.T, path, what string) {
	t.Helper()
	if path == "" {
		t.Skipf("SKIPPED: no %s was given; make test ONLY=\"build deploy\" installs it", what)
	}
}

// object is one document that the chart makes.
type object map[string]any

// at finds a value by names and places.
func (o object) at(path ...any) any {
	v := any(map[string]any(o))
	for _, p := range path {
		switch in := v.(type) {
		case map[string]any:
			name, _ := p.(string)
			v = in[name]
		case []any:
			i, ok := p.(int)
			if !ok || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// rendered are the chart's objects under values, by kind and name.
func rendered(t *testing.T, set string) map[string]object {
	t.Helper()
	out := must(t, nil, *helm, "template", "ph", chart, kubernetes, "--set", set)
	objects := map[string]object{}
	for d := yaml.NewDecoder(strings.NewReader(out)); ; {
		var read map[string]any
		err := d.Decode(&read)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("the chart makes no YAML: %v\n%s", err, out)
		}
		if read == nil {
			continue
		}
		o := object(read)
		kind, _ := o["kind"].(string)
		name, _ := o.at("metadata", "name").(string)
		id := kind + " " + name
		if objects[id] != nil {
			t.Errorf("%s is there twice", id)
		}
		objects[id] = o
	}
}

func TestChartPassesLint(t *testing.T) {
	needs(t, *helm, "helm")
	for name, set := range map[string]string{"embedded": "mode=embedded", "cluster": cluster} {
		t.Run(name, func(t *testing.T) {
			must(t, nil, *helm, "lint", "--strict", chart, kubernetes, "--set", set)
		})
	}
}

func TestChartHasWhatEachModeNeeds(t *testing.T) {
	needs(t, *helm, "helm")
	for _, x := range []struct {
		name, set string
		want      []string
	}{
		{"embedded", "mode=embedded", []string{"ConfigMap ph-playhead", "StatefulSet ph-playhead", "Service ph-playhead"}},
		{"cluster", cluster, []string{
			"ConfigMap ph-playhead", "Deployment ph-playhead-collect", "StatefulSet ph-playhead-process", "StatefulSet ph-playhead-load", "Deployment ph-playhead-query",
			"HorizontalPodAutoscaler ph-playhead-collect", "PodDisruptionBudget ph-playhead-collect", "PodDisruptionBudget ph-playhead-process", "PodDisruptionBudget ph-playhead-query",
			"Service ph-playhead", "Service ph-playhead-collect", "Service ph-playhead-process", "Service ph-playhead-load",
		}},
		{"figures in DuckDB", "mode=cluster,kafka.brokers={a:9092},existingSecret=playhead,keysSecret=keys", []string{
			"ConfigMap ph-playhead", "Deployment ph-playhead-collect", "StatefulSet ph-playhead-process", "StatefulSet ph-playhead-query",
			"HorizontalPodAutoscaler ph-playhead-collect", "PodDisruptionBudget ph-playhead-collect", "PodDisruptionBudget ph-playhead-process",
			"Service ph-playhead", "Service ph-playhead-collect", "Service ph-playhead-process", "Service ph-playhead-query",
		}},
		{"all on", cluster + ",roles.process.autoscaling.enabled=true,ingress.enabled=true,ingress.host=video.example,podMonitor.enabled=true", []string{
			"HorizontalPodAutoscaler ph-playhead-process", "Ingress ph-playhead", "PodMonitor ph-playhead",
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := rendered(t, x.set)
			for _, id := range x.want {
				if got[id] == nil {
					t.Errorf("there is no %s", id)
				}
			}
			if x.name != "all on" && len(got) != len(x.want) {
				t.Errorf("there are %d objects, wanted %d", len(got), len(x.want))
			}
			for id, o := range got {
				if strings.HasPrefix(id, "StatefulSet") || strings.HasPrefix(id, "Deployment") {
					podIsSound(t, id, o)
				}
			}
		})
	}
}

// podIsSound: a pod is probed, is not root, writes to its volumes only, and its
// labels are those that are selected.
func podIsSound(t *testing.T, id string, o object) {
	t.Helper()
	pod := []any{"spec", "template", "spec"}
	container := append(pod, "containers", 0)
	for probe, path := range map[string]string{"livenessProbe": "/healthz", "readinessProbe": "/readyz", "startupProbe": "/healthz"} {
		if got := o.at(append(container, probe, "httpGet", "path")...); got != path {
			t.Errorf("%s: %s asks %v, wanted %s", id, probe, got, path)
		}
	}
	if o.at(append(pod, "securityContext", "runAsNonRoot")...) != true || o.at(append(container, "securityContext", "readOnlyRootFilesystem")...) != true {
		t.Errorf("%s: it may be root, or write where it should not", id)
	}
	labels, _ := o.at("spec", "template", "metadata", "labels").(map[string]any)
	selected, _ := o.at("spec", "selector", "matchLabels").(map[string]any)
	if len(selected) == 0 {
		t.Errorf("%s selects nothing", id)
	}
	for k, v := range selected {
		if labels[k] != v {
			t.Errorf("%s: pods have %s=%v, it selects %v", id, k, labels[k], v)
		}
	}
	if o.at("spec", "template", "metadata", "annotations", "checksum/config") == nil {
		t.Errorf("%s: a new configuration would not start it anew", id)
	}
}

func TestChartRefusesWhatCannotRun(t *testing.T) {
	needs(t, *helm, "helm")
	for set, want := range map[string]string{
		"mode=both":                           "choose embedded or cluster",
		"mode=cluster":                        "kafka.brokers is empty",
		"mode=cluster,kafka.brokers={a:9092}": "one pseudonym ring for all processes",
		"ingress.enabled=true":                "ingress.host is empty",
	} {
		out, err := run(t, nil, *helm, "template", "ph", chart, kubernetes, "--set", set)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: wanted %q, got %v\n%s", set, want, err, out)
		}
	}
}

// TestConfigurationIsRight: what pods are told is what the binary takes.
func TestConfigurationIsRight(t *testing.T) {
	needs(t, *helm, "helm")
	needs(t, *binary, "binary of playhead")
	for name, set := range map[string]string{
		"embedded": "mode=embedded,config.public-url=https://video.example,config.min-viewers=7,config.exclude={bot,preview}",
		"cluster":  cluster,
	} {
		t.Run(name, func(t *testing.T) {
			config, _ := rendered(t, set)["ConfigMap ph-playhead"].at("data", "playhead.yaml").(string)
			path := filepath.Join(t.TempDir(), "playhead.yaml")
			if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			must(t, nil, *binary, "config", "check", path)
		})
	}
}

// TestVariablesAreSettings: every PLAYHEAD_ variable in deploy/ is one that the
// binary knows.
func TestVariablesAreSettings(t *testing.T) {
	needs(t, *binary, "binary of playhead")
	help := must(t, nil, *binary, "serve", "--help")
	secret := map[string]bool{"PLAYHEAD_RING": true} // no flag: a secret is no argument
	err := filepath.WalkDir("../../deploy", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range regexp.MustCompile(`PLAYHEAD_[A-Z_]*[A-Z]`).FindAllString(string(text), -1) {
			if !secret[name] && !strings.Contains(strings.Join(strings.Fields(help), " "), name) {
				t.Errorf("%s: %s is no setting", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestComposeFile(t *testing.T) {
	needs(t, *compose, "docker compose")
	const file = "../../deploy/compose.yaml"
	out := must(t, []string{"PLAYHEAD_RING=00"}, *compose, "-f", file, "config")
	var got struct {
		Services map[string]struct {
			Environment map[string]string
			ReadOnly    bool `yaml:"read_only"`
		}
	}
	if err := yaml.NewDecoder(bytes.NewBufferString(out)).Decode(&got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, roles := range map[string]string{"collect": "collect", "process": "process", "load": "load", "query": "query"} {
		if s := got.Services[name]; s.Environment["PLAYHEAD_ROLES"] != roles || s.Environment["PLAYHEAD_KAFKA"] == "" || !s.ReadOnly {
			t.Errorf("service %s: %+v", name, s)
		}
	}
	if out, err := run(t, []string{"PLAYHEAD_RING="}, *compose, "-f", file, "config"); err == nil || !strings.Contains(out, "one for all processes") {
		t.Errorf("without a ring: %v\n%s", err, out)
	}
}

func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED: systemd-analyze is not installed; apt-get install systemd")
	}
	unit, err := os.ReadFile("../../deploy/systemd/playhead.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // any program: the real one is not installed here
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "playhead.service")
	if err := os.WriteFile(path, bytes.ReplaceAll(unit, []byte("/usr/local/bin/playhead"), []byte(self)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, nil, analyze, "verify", "--man=no", path); strings.Contains(out, "playhead.service:") {
		t.Errorf("systemd says:\n%s", out)
	}
}
