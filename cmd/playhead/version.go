package main

import (
	"fmt"
	"runtime"
)

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Example:
  playhead version`
}

// Run prints the version of Playhead and of what it was built with.
func (versionCmd) Run() error {
	fmt.Printf("playhead %s (%s %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
