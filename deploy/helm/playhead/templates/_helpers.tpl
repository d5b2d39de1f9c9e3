{{- define "playhead.name" -}}
{{- if contains "playhead" .Release.Name }}{{ .Release.Name | trunc 48 | trimSuffix "-" }}{{ else }}{{ printf "%s-playhead" .Release.Name | trunc 48 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "playhead.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "playhead.labels" -}}
app.kubernetes.io/name: playhead
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Which pods: of one role, or of all when the role is "". */}}
{{- define "playhead.selector" -}}
app.kubernetes.io/name: playhead
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .role }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* What is wrong with the values, said before anything is made. */}}
{{- define "playhead.check" -}}
{{- if not (has .Values.mode (list "embedded" "cluster")) }}
{{- fail (printf "mode is %q; choose embedded or cluster" .Values.mode) }}
{{- end }}
{{- if eq .Values.mode "cluster" }}
{{- if not .Values.kafka.brokers }}{{ fail "kafka.brokers is empty; cluster mode needs host:port of at least one broker" }}{{ end }}
{{- if not .Values.existingSecret }}{{ fail "existingSecret is empty; cluster mode needs a Secret with PLAYHEAD_RING, one pseudonym ring for all processes" }}{{ end }}
{{- end }}
{{- end }}

{{/* Not empty where one process loads into ClickHouse and any number answer from it;
     DuckDB's file belongs to one that does both. */}}
{{- define "playhead.apart" -}}
{{- if or .Values.warehouse.url .Values.warehouse.clickhouse }}yes{{ end -}}
{{- end }}

{{/* The one container, for a role or ("") for all of them. */}}
{{- define "playhead.container" -}}
- name: playhead
  image: {{ include "playhead.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [serve]
  env:
    - name: PLAYHEAD_CONFIG
      value: /etc/playhead/playhead.yaml
    {{- with .role }}
    - name: PLAYHEAD_ROLES
      value: {{ and (eq . "query") (not (include "playhead.apart" $.root)) | ternary "load,query" . }}
    {{- end }}
    {{- if eq .role "process" }}
    - name: PLAYHEAD_KAFKA_MEMBER
      valueFrom: { fieldRef: { fieldPath: metadata.name } }
    {{- end }}
  {{- with .root.Values.existingSecret }}
  envFrom:
    - secretRef: { name: {{ . }} }
  {{- end }}
  ports:
    - { name: http, containerPort: 8080 }
  # Alive: it answers. Ready: its state is restored and its log can be reached.
  livenessProbe:
    httpGet: { path: /healthz, port: http }
    periodSeconds: 10
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: http }
    periodSeconds: 2
    failureThreshold: 3
  startupProbe:
    httpGet: { path: /healthz, port: http }
    periodSeconds: 2
    failureThreshold: 150
  resources: {{- toYaml .resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }
  volumeMounts:
    - { name: config, mountPath: /etc/playhead, readOnly: true }
    - { name: data, mountPath: /var/lib/playhead }
    - { name: tmp, mountPath: /tmp }
{{- end }}

{{/* What every pod has in common. */}}
{{- define "playhead.pod" -}}
terminationGracePeriodSeconds: {{ .root.Values.terminationGracePeriodSeconds }}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "playhead.selector" (dict "root" $.root "role" .) | nindent 8 }}
{{- end }}
{{- if and .role .root.Values.keysSecret }}
initContainers:
  - name: keys
    image: {{ .root.Values.keysCopier }}
    # A file that others may read is refused.
    command: [sh, -c, "umask 077 && cp /keys/keys.json /var/lib/playhead/keys.json.new && mv /var/lib/playhead/keys.json.new /var/lib/playhead/keys.json"]
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      - { name: keys, mountPath: /keys, readOnly: true }
      - { name: data, mountPath: /var/lib/playhead }
{{- end }}
containers: {{- include "playhead.container" . | nindent 2 }}
volumes:
{{- if and .role .root.Values.keysSecret }}
  - name: keys
    secret: { secretName: {{ .root.Values.keysSecret }} }
{{- end }}
  - name: config
    configMap: { name: {{ include "playhead.name" .root }} }
  - name: tmp
    emptyDir: {}
{{- if not .claim }}
  - name: data
    emptyDir: {}
{{- end }}
{{- end }}

{{/* A new configuration starts the pods anew. */}}
{{- define "playhead.annotations" -}}
checksum/config: {{ include (print .Template.BasePath "/configmap.yaml") . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}
