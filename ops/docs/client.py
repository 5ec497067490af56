"""Makes the generated half of the Python client from the OpenAPI document: `make client`.

The models come from datamodel-code-generator, the operations from what `ops.docs.client_methods` reads off the
document. Both are committed, and a test compares them with what would be made now.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from datamodel_code_generator import Formatter, InputFileType, PythonVersion, generate
from datamodel_code_generator.enums import DataModelType, OpenAPIScope

from api.app import described
from ops.docs.client_methods import operations

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "client" / "waybill_client"
MARK: Final = "# Made by `make client` from the API's OpenAPI document; what is to be changed is changed there.\n"
JUDGED_BY_THE_SERVER: Final = frozenset(
    {"title", "examples", "example", "pattern", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minProperties", "maxProperties"}
    | {"additionalProperties", "default"}
)
"""Keywords that the models leave out: a rule that is loosened later must not be held against the server."""


def files() -> dict[str, str]:
    """The generated modules by their names."""
    document = described().openapi()
    return {
        name: _formatted(name, code)
        for name, code in (
            ("models.py", _models(document["components"]["schemas"])),
            ("operations.py", operations(document)),
        )
    }


def _models(schemas: Mapping[str, Any]) -> str:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Waybill", "version": "1"},
        "paths": {},
        "components": {"schemas": {name: lenient(schema) for name, schema in sorted(schemas.items())}},
    }
    code = generate(
        json.dumps(document),
        input_file_type=InputFileType.OpenAPI,
        openapi_scopes=[OpenAPIScope.Schemas],
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        base_class="waybill_client.base.Model",
        use_union_operator=True,
        use_standard_collections=True,
        use_annotated=True,
        use_schema_description=True,
        use_specialized_enum=True,
        use_double_quotes=True,
        capitalise_enum_members=True,
        set_default_enum_member=True,
        disable_future_imports=False,
        keep_model_order=True,
        formatters=[Formatter.BUILTIN],
    )
    assert isinstance(code, str)
    code = re.sub(r"\A(#.*\n)+", '"""The documents of the API."""\n', code)
    return code.replace("from enum import StrEnum", "from waybill_client.base import OpenEnum").replace(
        "(StrEnum)", "(OpenEnum)"
    )


def lenient(schema: Any) -> Any:
    """The schema's types without its rules."""
    if isinstance(schema, list):
        return [lenient(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if name not in JUDGED_BY_THE_SERVER}
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = schema["additionalProperties"]
    properties = {name: lenient(each) for name, each in schema.get("properties", {}).items()}
    named = {"properties": properties} if properties else {}
    return {name: lenient(value) for name, value in kept.items() if name != "properties"} | named


def _formatted(name: str, code: str) -> str:
    """As `make format` would leave it."""
    imports = ("check", "--fix-only", "--quiet", "--select", "I,F401,UP")
    return _ruff(name, _ruff(name, MARK + code, *imports), "format")


def _ruff(name: str, code: str, *command: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    path = str((PACKAGE / name).relative_to(ROOT))
    done = subprocess.run(  # noqa: S603 - our own tool, on our own text
        [ruff, *command, "--stdin-filename", path, "-"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def main() -> None:
    """Write the modules."""
    for name, content in files().items():
        (PACKAGE / name).write_text(content)


if __name__ == "__main__":
    main()
