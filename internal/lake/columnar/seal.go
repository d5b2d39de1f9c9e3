package columnar

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// Module types of Parquet modular encryption, as its specification numbers them.
const (
	moduleFooter               byte = 0
	moduleDataPage             byte = 2
	moduleDictionaryPage       byte = 3
	moduleDataPageHeader       byte = 4
	moduleDictionaryPageHeader byte = 5
	moduleBloomHeader          byte = 8
	moduleBloomBits            byte = 9
)

const fileUniqueBytes = 8

// seal encrypts the modules of one file: AES_GCM_V1, all with the footer key.
type seal struct {
	aead   cipher.AEAD
	unique []byte // aad_file_unique
}

func newSeal(key []byte) (*seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("encrypt a file: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("encrypt a file: %w", err)
	}
	s := &seal{aead: aead, unique: make([]byte, fileUniqueBytes)}
	_, err = rand.Read(s.unique)
	return s, err
}

// aad authenticates the place of a module (row group, column, page), so that
// none can be moved. ordinals may be more than its type has: the footer has
// none, a data page or its header three, others of a column two.
func (s *seal) aad(kind byte, ordinals []int16) []byte {
	switch kind {
	case moduleDictionaryPage, moduleDictionaryPageHeader:
		ordinals = ordinals[:2]
	}
	aad := append(append(make([]byte, 0, 32), s.unique...), kind)
	for _, o := range ordinals {
		aad = binary.LittleEndian.AppendUint16(aad, uint16(o))
	}
	return aad
}

// module appends length, nonce, ciphertext and tag of a module.
func (s *seal) module(dst, text []byte, kind byte, ordinals ...int16) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // it cannot fail: crypto/rand ends the process instead
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(nonce)+len(text)+s.aead.Overhead()))
	dst = append(dst, nonce...)
	return s.aead.Seal(dst, nonce, text, s.aad(kind, ordinals))
}
