package supervisor

import "encoding/gob"

// greetingMessage is how greetings travel, as those of all versions before and after do: by gob,
// which leaves out what one side does not know.
type greetingMessage struct {
	Kind  kind
	Call  uint64
	Err   string
	Hello *greeting
}

// encodeGreeting writes the first message of this side.
func (c *conn) encodeGreeting(m *message) error {
	return gob.NewEncoder(&c.out).Encode(greetingMessage{m.Kind, m.Call, m.Err, m.Hello})
}

// receiveGreeting reads the first message of the other side.
func (c *conn) receiveGreeting(m *message) error {
	var g greetingMessage
	if err := gob.NewDecoder(c.in).Decode(&g); err != nil {
		return err
	}
	m.Kind, m.Call, m.Err, m.Hello = g.Kind, g.Call, g.Err, g.Hello
	return nil
}
