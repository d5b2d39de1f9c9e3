package main

import (
	"fmt"

	"playhead/internal/app"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Say whether a configuration file is right, and where it is not."`
}

type configCheckCmd struct {
	File string `arg:"" help:"The file." type:"path"`
}

func (configCheckCmd) Help() string {
	return `Example:
  playhead config check playhead.yaml`
}

func (c *configCheckCmd) Run() error {
	if err := app.CheckConfig(c.File); err != nil {
		return err
	}
	fmt.Println(c.File, "is right")
	return nil
}
