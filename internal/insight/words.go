package insight

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball"

	"playhead/internal/spell"
)

// Wish is what viewers searched for in one spelling.
type Wish struct {
	Text                   string
	Searches, Unmet, Empty float64
}

// Want is a group of spellings of the same wish.
type Want struct {
	Text      string // the commonest spelling
	Spellings []string
	Searches  float64
	Unmet     Count // searches without a result or without a choice
	Empty     float64
}

// maxWants bounds the groups that spellings are compared with: each costs an edit
// distance.
const maxWants = 5_000

// Wants puts spellings together that mean the same: case,
// punctuation and word endings do not matter (Snowball's stemmer, by language:
// english, spanish, french, russian, swedish, norwegian, hungarian; "" is none), nor
// one wrong letter in five to eight, two in more. Commoner spellings first, which rarer ones join.
func Wants(list []Wish, language string) []Want {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Wish) int {
		return cmp.Or(cmp.Compare(b.Searches, a.Searches), cmp.Compare(a.Text, b.Text))
	})
	byStem := map[string]int{}
	var stems []string
	var out []Want
	for _, w := range list {
		stem := stemmed(w.Text, language)
		if stem == "" {
			continue
		}
		at, ok := byStem[stem]
		if !ok {
			if at = near(stem, stems); at < 0 {
				at = len(out)
				out = append(out, Want{Text: w.Text})
				stems = append(stems, stem)
			}
			byStem[stem] = at
		}
		o := &out[at]
		o.Spellings = append(o.Spellings, w.Text)
		o.Searches += w.Searches
		o.Unmet.K, o.Unmet.N, o.Empty = o.Unmet.K+w.Unmet, o.Unmet.N+w.Searches, o.Empty+w.Empty
	}
	slices.SortStableFunc(out, func(a, b Want) int { return cmp.Compare(b.Unmet.K, a.Unmet.K) })
	return out
}

// near is the first group that a stem is a misspelling of, or −1.
func near(stem string, stems []string) int {
	allowed := 0
	switch n := len(stem); {
	case n >= 9:
		allowed = 2
	case n >= 5:
		allowed = 1
	}
	if allowed == 0 || len(stem) > 64 {
		return -1
	}
	for i, s := range stems[:min(len(stems), maxWants)] {
		if d := len(s) - len(stem); d <= allowed && -d <= allowed && s[0] == stem[0] && spell.Distance(stem, s) <= allowed {
			return i
		}
	}
	return -1
}

// stemmed is a text without case, punctuation and word endings.
func stemmed(text, language string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	for i, w := range words {
		if language == "" {
			continue
		}
		if s, err := snowball.Stem(w, language, true); err == nil && s != "" {
			words[i] = s
		}
	}
	return strings.Join(words, " ")
}
