"""Answers what pydantic-settings and python-dotenv make of cases: a JSON object a line in, one a line out."""

import base64
import io
import json
import logging
import os
import struct
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, Optional

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AnyUrl, BaseModel, ByteSize, Field, Secret, SecretStr, TypeAdapter, ValidationError, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

LEAVES = {
    "string": str, "int": int, "float": float, "bool": bool, "duration": timedelta, "size": ByteSize,
    "timestamp": datetime, "url": AnyUrl, "path": Path,
}


class Base(BaseSettings):
    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="ignore", nested_model_default_partial_update=True)


class Strict(Base):
    model_config = SettingsConfigDict(extra="forbid")  # what pydantic-settings does unless it is told otherwise


def python_type(t):
    kind = t["kind"]
    if kind == "literals":
        return Literal[tuple(t["literals"])]
    if kind == "optional":
        return Optional[python_type(t["elem"])]
    if kind == "list":
        return list[python_type(t["elem"])]
    if kind == "map":
        return dict[str, python_type(t["elem"])]
    if kind == "record":
        return create_model("Record", **{f["name"]: (python_type(f["type"]), field(f)) for f in t["fields"]})
    return LEAVES[kind]


def field(f):
    return f["default"] if "default" in f else (None if f["type"]["kind"] == "optional" else ...)


models = {}


def model(case):
    key = json.dumps([case[k] if k in case else [] for k in ("name", "type", "secret", "default", "where", "strict")])
    if key not in models:
        t = python_type(case["type"])
        if case["secret"]:
            t = SecretStr if t is str else Secret[t]
        default = field(case)
        if isinstance(default, dict) and case["type"]["kind"] == "record":
            try:  # only a default that is a model already is merged with
                default = TypeAdapter(t).validate_python(default)
            except ValidationError:
                pass
        base = Strict if case["strict"] else Base
        models[key] = create_model("Settings", __base__=base, **{case["name"]: (t, Field(default, **case.get("where", {})))})
    return models[key]


def canonical(v):
    if isinstance(v, (SecretStr, Secret)):
        return canonical(v.get_secret_value())
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, int):
        return int(v)
    if isinstance(v, float):
        return {"float": struct.pack(">d", v).hex()}
    if isinstance(v, timedelta):
        return {"duration": v // timedelta(microseconds=1)}
    if isinstance(v, datetime):
        if v.tzinfo is None:
            return {"local": v.isoformat()}
        return {"timestamp": (v - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)}
    if isinstance(v, list):
        return [canonical(x) for x in v]
    if isinstance(v, dict):
        return {k: canonical(x) for k, x in v.items()}
    if isinstance(v, BaseModel):
        return {k: canonical(getattr(v, k)) for k in type(v).model_fields if getattr(v, k) is not None}
    return str(v)


def settings(case):
    files = [os.path.join(case["dir"], ".env")] + ([os.path.join(case["dir"], ".env.prod")] if case["profile"] else [])
    init = {case["name"]: case["init"]} if "init" in case else {}
    try:
        made = model(case)(_env_file=files, _secrets_dir=case.get("secrets"), **init)
        return {"ok": True, "value": canonical(getattr(made, case["name"]))}
    except (ValidationError, SettingsError, UnicodeError, ValueError) as e:
        return {"ok": False, "error": f"{type(e).__name__}: {e}"}


def dotenv(case):
    data = base64.b64decode(case.get("data", ""))
    try:
        # As a file is opened: any line break becomes \n.
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()
    except UnicodeError as e:
        return {"ok": False, "error": str(e)}
    faults = []
    for b in parse_stream(io.StringIO(text)):
        if b.error:
            s = b.original.string
            faults.append(b.original.line + s[: len(s) - len(s.lstrip())].count("\n"))
    return {"ok": True, "value": dotenv_values(stream=io.StringIO(text)), "faults": faults}


def main():
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        case = json.loads(line)
        os.environ.clear()
        os.environ.update(case.get("env") or {})
        print(json.dumps((dotenv if case["dotenv"] else settings)(case)), flush=True)


main()
