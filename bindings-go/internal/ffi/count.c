//go:build linktor_count

#include "linktor.h"

_Atomic int64_t linktor_buffers;
