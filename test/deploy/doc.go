// Package deploy holds what deploy/ ships to what it is meant for: the chart to
// helm, the compose file to docker compose, the unit to systemd, and all settings
// in them to the built binary.
package deploy
