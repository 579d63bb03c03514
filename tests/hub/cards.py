"""What the hub would refuse in the metadata of a card."""

from __future__ import annotations

import re

import yaml

_KINDS = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_LICENCES = (
    *("mit", "apache-2.0", "odbl", "cc0-1.0", "other", "unknown"),
    *(f"cc-{kind}-{version}" for kind in _KINDS for version in ("3.0", "4.0")),
)


def card_faults(content: str) -> list[str]:
    """What the hub would refuse in the metadata of a README.md."""
    found = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
    if found is None:
        return ["no metadata"]
    try:
        metadata = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"no YAML: {error}"]
    faults = []
    if metadata.get("license", "unknown") not in _LICENCES:
        faults.append(f'"license" must be one of {_LICENCES}')
    if metadata.get("license") == "other" and not metadata.get("license_name"):
        faults.append('"license_name" is missing')
    languages = metadata.get("language", [])
    faults += [f'"language" {one!r}' for one in languages if not re.fullmatch(r"[a-z]{2,3}", str(one))]
    for model in metadata.get("model-index", []):
        for result in model["results"]:
            if not {"task", "dataset", "metrics"} <= set(result) or not {"name", "type"} <= set(result["dataset"]):
                faults.append('"model-index" is not whole')
    return faults
