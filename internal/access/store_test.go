
func TestAKeyOfAnotherProcessWorksAtOnce(t *testing.T) {
	dir := t.TempDir()
	server, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := other.Create(Write, "new")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := server.Lookup(secret); !ok {
		t.Error("the key is not known to a server that does not watch")
	}
}
