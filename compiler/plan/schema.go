package plan

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of a plan, as it is published.
//
//go:embed plan.schema.json
var Schema []byte
