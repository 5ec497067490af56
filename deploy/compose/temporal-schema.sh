#!/bin/sh
# Makes Temporal's two databases and brings their tables up to date. Safe to repeat. The connection is in SQL_*.
set -eu

lay_out() {
    temporal-sql-tool --database "$1" create-database
    temporal-sql-tool --database "$1" setup-schema --version 0.0
    temporal-sql-tool --database "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

lay_out temporal temporal
lay_out temporal_visibility visibility
