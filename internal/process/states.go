package process

// states is the room of the keys and values that one snapshot writes: thousands of
// small ones, a few times a second, which nobody needs once they are committed.
type states struct {
	blocks [][]byte
	used   int // blocks that have something in them; the last of them is being filled
}

const (
	stateBlock = 64 << 10
	// stateRoom is what each partition keeps for the next snapshot, bytes.
	stateRoom = 256 << 10
)

// reset forgets what was put in, which may be read no more.
func (s *states) reset() {
	if most := stateRoom / stateBlock; len(s.blocks) > most {
		clear(s.blocks[most:])
		s.blocks = s.blocks[:most]
	}
	for i := range s.blocks[:min(s.used, len(s.blocks))] {
		s.blocks[i] = s.blocks[i][:0]
	}
	s.used = 0
}

// room is n bytes that are the caller's until reset.
func (s *states) room(n int) []byte {
	if n > stateBlock/4 {
		return make([]byte, n)
	}
	if s.used == 0 || len(s.blocks[s.used-1])+n > stateBlock {
		if s.used == len(s.blocks) {
			s.blocks = append(s.blocks, make([]byte, 0, stateBlock))
		}
		s.used++
	}
	block := &s.blocks[s.used-1]
	from := len(*block)
	*block = (*block)[:from+n]
	return (*block)[from : from+n : from+n]
}

func (s *states) copy(data []byte) []byte {
	to := s.room(len(data))
	copy(to, data)
	return to
}

func (s *states) key(prefix byte, key []byte) []byte {
	to := s.room(1 + len(key))
	to[0] = prefix
	copy(to[1:], key)
	return to
}
