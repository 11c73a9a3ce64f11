module linktor.io/bench

go 1.24

require github.com/linktor/linktor-go v0.1.0

replace github.com/linktor/linktor-go => ../../../bindings-go
