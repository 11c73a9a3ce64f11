module github.com/linktor/linktor-go

go 1.26
