"""The messages of Terraform's plugin protocol, version 6, as plain dictionaries.

Only the fields that the stand-in reads or writes are listed; protobuf skips the rest. Nothing but
strings, bytes, booleans, integers and messages occurs, so a codec of a page does, and neither
protobuf's runtime nor generated code has to be installed and loaded at every start.
"""

from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]

_DIAGNOSTICS = ("diagnostics", "*Diagnostic")

# Field number to name and type. A leading * is repeated, a leading % a map from string.
MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "Empty": {},
    "DynamicValue": {1: ("msgpack", "bytes"), 2: ("json", "bytes")},
    "RawState": {1: ("json", "bytes")},
    "Step": {1: ("attribute_name", "string"), 3: ("element_key_int", "int")},
    "AttributePath": {1: ("steps", "*Step")},
    "Diagnostic": {
        1: ("severity", "int"),
        2: ("summary", "string"),
        3: ("detail", "string"),
        4: ("attribute", "AttributePath"),
    },
    "Attribute": {
        1: ("name", "string"),
        2: ("type", "bytes"),
        4: ("required", "bool"),
        5: ("optional", "bool"),
        6: ("computed", "bool"),
        10: ("nested_type", "Object"),
    },
    "Object": {1: ("attributes", "*Attribute"), 3: ("nesting", "int")},
    "NestedBlock": {
        1: ("type_name", "string"),
        2: ("block", "Block"),
        3: ("nesting", "int"),
        4: ("min_items", "int"),
        5: ("max_items", "int"),
    },
    "Block": {2: ("attributes", "*Attribute"), 3: ("block_types", "*NestedBlock")},
    "Schema": {1: ("version", "int"), 2: ("block", "Block")},
    "GetProviderSchema.Response": {
        1: ("provider", "Schema"),
        2: ("resource_schemas", "%Schema"),
        3: ("data_source_schemas", "%Schema"),
        4: _DIAGNOSTICS,
    },
    "ValidateProviderConfig.Request": {1: ("config", "DynamicValue")},
    "ValidateProviderConfig.Response": {2: _DIAGNOSTICS},
    "ConfigureProvider.Request": {2: ("config", "DynamicValue")},
    "ConfigureProvider.Response": {1: _DIAGNOSTICS},
    "ValidateResourceConfig.Request": {
        1: ("type_name", "string"),
        2: ("config", "DynamicValue"),
    },
    "ValidateResourceConfig.Response": {1: _DIAGNOSTICS},
    "UpgradeResourceState.Request": {1: ("type_name", "string"), 3: ("raw_state", "RawState")},
    "UpgradeResourceState.Response": {1: ("upgraded_state", "DynamicValue"), 2: _DIAGNOSTICS},
    "ReadResource.Request": {1: ("type_name", "string"), 2: ("current_state", "DynamicValue")},
    "ReadResource.Response": {1: ("new_state", "DynamicValue"), 2: _DIAGNOSTICS},
    "PlanResourceChange.Request": {
        1: ("type_name", "string"),
        2: ("prior_state", "DynamicValue"),
        3: ("proposed_new_state", "DynamicValue"),
        4: ("config", "DynamicValue"),
    },
    "PlanResourceChange.Response": {
        1: ("planned_state", "DynamicValue"),
        2: ("requires_replace", "*AttributePath"),
        4: _DIAGNOSTICS,
        5: ("legacy_type_system", "bool"),
    },
    "ApplyResourceChange.Request": {
        1: ("type_name", "string"),
        2: ("prior_state", "DynamicValue"),
        3: ("planned_state", "DynamicValue"),
        4: ("config", "DynamicValue"),
    },
    "ApplyResourceChange.Response": {
        1: ("new_state", "DynamicValue"),
        3: _DIAGNOSTICS,
        4: ("legacy_type_system", "bool"),
    },
    "ValidateDataResourceConfig.Request": {
        1: ("type_name", "string"),
        2: ("config", "DynamicValue"),
    },
    "ValidateDataResourceConfig.Response": {1: _DIAGNOSTICS},
    "ReadDataSource.Request": {1: ("type_name", "string"), 2: ("config", "DynamicValue")},
    "ReadDataSource.Response": {1: ("state", "DynamicValue"), 2: _DIAGNOSTICS},
    "ImportResourceState.Request": {1: ("type_name", "string"), 2: ("id", "string")},
    "ImportedResource": {1: ("type_name", "string"), 2: ("state", "DynamicValue")},
    "ImportResourceState.Response": {
        1: ("imported_resources", "*ImportedResource"),
        2: _DIAGNOSTICS,
    },
    "StopProvider.Response": {1: ("error", "string")},
}


def encode(name: str, message: Message) -> bytes:
    """`message` of type `name` as protobuf writes it, without the fields that are missing."""
    parts = bytearray()
    for number, (field, kind) in MESSAGES[name].items():
        value = message.get(field)
        if value is None:
            continue
        if kind.startswith("*"):
            for item in value:
                parts += _field(number, kind[1:], item)
        elif kind.startswith("%"):
            for key, item in value.items():
                entry = _field(1, "string", key) + _field(2, kind[1:], item)
                parts += _field(number, "bytes", entry)
        else:
            parts += _field(number, kind, value)
    return bytes(parts)


def decode(name: str, data: bytes) -> Message:
    """The message of type `name` that `data` holds; fields that are not listed are skipped."""
    fields = MESSAGES[name]
    message: Message = {}
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        number, wire = key >> 3, key & 7
        value: Any
        if wire == 0:
            value, position = _read_varint(data, position)
        elif wire == 2:
            size, position = _read_varint(data, position)
            value, position = data[position : position + size], position + size
        else:
            raise ValueError(f"{name}: wire type {wire} does not occur in this protocol")
        if number not in fields:
            continue
        field, kind = fields[number]
        if kind.startswith("*"):
            message.setdefault(field, []).append(_value(kind[1:], value))
        else:
            message[field] = _value(kind, value)
    return message


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind in ("int", "bool"):
        return _varint(number << 3) + _varint(int(value))
    data = value if kind == "bytes" else value.encode() if kind == "string" else encode(kind, value)
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _value(kind: str, value: Any) -> Any:
    if kind in ("int", "bytes"):
        return value
    if kind == "bool":
        return bool(value)
    return value.decode() if kind == "string" else decode(kind, value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
