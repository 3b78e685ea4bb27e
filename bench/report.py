"""Adds machine and commit to a benchmark's rows, prints them as a table, writes the JSON document."""
import json
import os
import platform
import subprocess
import sys


def machine():
    cpu = "unknown"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": cpu, "cpus": os.cpu_count(), "memoryGiB": round(pages / 2**30, 1), "kernel": platform.release()}


def main():
    name, raw, target = sys.argv[1:]
    with open(raw) as source:
        rows = json.load(source)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    with open(target, "w") as out:
        json.dump({"benchmark": name, "machine": machine(), "commit": commit, "results": rows}, out, indent=2)
    width = max(len(row["case"]) for row in rows)
    for row in rows:
        peer = row.get("peer") or {}
        beside = f"   target {peer['target']} {row['unit']}" if "target" in peer else ""
        if "name" in peer:
            beside = f"   {peer['name']}: {peer['value']:.4g} {row['unit']}"
        print(f"{row['case']:<{width}}  {row['metric']:<10} {row['value']:>10.4g} {row['unit']}{beside}")


main()
