"""Addresses that the sets of a node hold although no pod has them."""

import json
import shutil
import subprocess


def pod_addresses(text):
    """The addresses of pods that the sets and maps of a table hold; the JSON of nft. Intervals are of policies, not of pods."""
    found = set()
    def walk(value):
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str) and value.count(".") == 3 and value.replace(".", "").isdigit():
            found.add(value)
    for entry in json.loads(text)["nftables"]:
        for kind in ("set", "map"):
            holder = entry.get(kind, {})
            if "interval" not in holder.get("flags", []):
                walk(holder.get("elem", []))
    return found


def leftover(core):
    """Addresses in this node's sets that no pod has; nothing if there is no nft to ask."""
    if shutil.which("nft") is None:
        return None
    table = subprocess.run(["nft", "-j", "list", "table", "inet", "hitless-policy"], capture_output=True, text=True)
    if table.returncode != 0:
        return None
    held = pod_addresses(table.stdout)
    alive = {entry.ip for item in core.list_pod_for_all_namespaces().items for entry in item.status.pod_i_ps or []}
    return ", ".join(sorted(held - alive))
