import datetime

from falco_outputs._gen.falco.schema import schema_pb2 as _schema_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class filter(_message.Message):
    __slots__ = ("rules", "sources", "hostnames", "tags", "min_priority", "fields")
    RULES_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    HOSTNAMES_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    MIN_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedScalarFieldContainer[str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    hostnames: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    min_priority: _schema_pb2.priority
    fields: _containers.RepeatedCompositeFieldContainer[field_filter]
    def __init__(self, rules: _Optional[_Iterable[str]] = ..., sources: _Optional[_Iterable[str]] = ..., hostnames: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., min_priority: _Optional[_Union[_schema_pb2.priority, str]] = ..., fields: _Optional[_Iterable[_Union[field_filter, _Mapping]]] = ...) -> None: ...

class field_filter(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class response(_message.Message):
    __slots__ = ("time", "priority", "source_deprecated", "rule", "output", "output_fields", "hostname", "tags", "source", "sequence", "scanned")
    TIME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_DEPRECATED_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELDS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SCANNED_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    priority: _schema_pb2.priority
    source_deprecated: _schema_pb2.source
    rule: bytes
    output: bytes
    output_fields: _containers.RepeatedCompositeFieldContainer[field]
    hostname: bytes
    tags: _containers.RepeatedScalarFieldContainer[bytes]
    source: bytes
    sequence: int
    scanned: int
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., priority: _Optional[_Union[_schema_pb2.priority, str]] = ..., source_deprecated: _Optional[_Union[_schema_pb2.source, str]] = ..., rule: _Optional[bytes] = ..., output: _Optional[bytes] = ..., output_fields: _Optional[_Iterable[_Union[field, _Mapping]]] = ..., hostname: _Optional[bytes] = ..., tags: _Optional[_Iterable[bytes]] = ..., source: _Optional[bytes] = ..., sequence: _Optional[int] = ..., scanned: _Optional[int] = ...) -> None: ...

class field(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    value: bytes
    def __init__(self, key: _Optional[bytes] = ..., value: _Optional[bytes] = ...) -> None: ...

class request(_message.Message):
    __slots__ = ("allow", "deny", "group", "broadcast", "after", "follow", "acknowledged", "since", "until")
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    DENY_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    BROADCAST_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    allow: _containers.RepeatedCompositeFieldContainer[filter]
    deny: _containers.RepeatedCompositeFieldContainer[filter]
    group: str
    broadcast: bool
    after: int
    follow: bool
    acknowledged: int
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, allow: _Optional[_Iterable[_Union[filter, _Mapping]]] = ..., deny: _Optional[_Iterable[_Union[filter, _Mapping]]] = ..., group: _Optional[str] = ..., broadcast: bool = ..., after: _Optional[int] = ..., follow: bool = ..., acknowledged: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
