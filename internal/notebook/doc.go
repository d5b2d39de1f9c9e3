// Package notebook keeps what people write down beside the figures: annotations
// (a launch, a deploy, an incident) and saved views, in one small file.
//
// It knows no figures, and nobody's name but that of who wrote.
package notebook
