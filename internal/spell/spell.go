package spell

// maxLength is how much of a word is compared: names are short, and a hostile
// one must not cost more than a short one.
const maxLength = 64

// Nearest is the known name with the least edit distance to the word, or ""
// when none is near: at most two letters, or a third of the word, apart. Of
// equally near ones it is the first in the alphabet.
func Nearest(word string, known []string) string {
	word = word[:min(len(word), maxLength)]
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := Distance(word, k); d < least || d == least && best != "" && k < best {
			best, least = k, d
		}
	}
	return best
}

// Distance is the Levenshtein distance in bytes: how many have to be put in,
// left out or changed to make b of a.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
