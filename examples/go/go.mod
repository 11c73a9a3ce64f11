module github.com/linktor/linktor-go/examples

go 1.26

require github.com/linktor/linktor-go v0.0.0

replace github.com/linktor/linktor-go => ../../bindings-go
