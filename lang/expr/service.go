package expr

import (
	"strconv"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// Service is the type of the name of a service: db.host, and db.port(5432), which is what the
// port 5432 of the service is called where the op runs.
var Service = newService()

func newService() *types.Type {
	t := types.NewRecord("Service", "Service")
	t.SetFields([]types.Field{
		{Name: "host", Type: types.StringType},
		{Name: "ports", Type: types.MapOf(types.IntType)},
	})
	return t
}

// ServiceValue is a value of type Service.
func ServiceValue(host string, ports map[int]int) value.Record {
	m := value.Map{}
	for inner, seen := range ports {
		m[strconv.Itoa(inner)] = value.Int(seen)
	}
	return value.Record{"host": value.String(host), "ports": m}
}

// runPort looks a port of a service up.
func runPort(service, port ref.Val) ref.Val {
	o, ok := service.(*object)
	n, isInt := port.(celtypes.Int)
	if !ok || !isInt {
		return celtypes.NewErr("%s has no ports", runKind(service))
	}
	ports, ok := o.Get(celtypes.String("ports")).(*object)
	if !ok {
		return celtypes.NewErr("%s has no ports", runKind(service))
	}
	if seen, found := ports.Find(celtypes.String(strconv.FormatInt(int64(n), 10))); found {
		return seen
	}
	return celtypes.NewErr("the service has no port %d: write ports [%d] in it", int64(n), int64(n))
}
