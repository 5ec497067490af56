"""Makes `docs/schema.graphql`: `python -m ops.docs.graphql > docs/schema.graphql`."""

import sys

from api.graphql.schema import new_schema


def document() -> str:
    """The schema in its definition language."""
    return new_schema(introspection=True).as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
